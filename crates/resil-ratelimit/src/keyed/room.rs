use resil_core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use resil_core::sync::{Mutex, lock};
use resil_core::{Moment, seeded_bug};

/// How many keys there may be, and where idle ones may be found when there is no room for a new one.
#[derive(Debug)]
pub(super) struct Room {
    capacity: usize,
    /// The keys that are there and those that have been granted a place.
    held: AtomicUsize,
    /// For each shard an instant, in nanoseconds, before which none of its entries becomes idle. Written under the shard's lock.
    earliest: Box<[AtomicU64]>,
    /// Like these, for all shards.
    quiet_until: AtomicU64,
    /// Held by whoever raises or lowers it.
    turn: Mutex<()>,
    /// Where the next search begins.
    hand: AtomicUsize,
    #[cfg(test)]
    pub(super) looked_at: AtomicUsize,
}

/// A place for a key; free again when dropped.
#[derive(Debug)]
#[must_use = "a claim that is dropped gives the place back"]
pub(super) struct Claim<'a>(&'a Room);

impl Claim<'_> {
    /// The key is there.
    pub(super) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.free(1);
    }
}

impl Room {
    pub(super) fn new(capacity: usize, shards: usize) -> Self {
        Self {
            capacity,
            held: AtomicUsize::new(0),
            earliest: (0..shards).map(|_| AtomicU64::new(Moment::MAX.as_nanos())).collect(),
            quiet_until: AtomicU64::new(0),
            turn: Mutex::new(()),
            hand: AtomicUsize::new(0),
            #[cfg(test)]
            looked_at: AtomicUsize::new(0),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// A place, if there is one that nobody has.
    pub(super) fn claim(&self) -> Option<Claim<'_>> {
        seeded_bug!("keyed_claim_in_two_steps" => {
            let held = self.held();
            (held < self.capacity).then(|| self.held.store(held + 1, Ordering::Relaxed))?;
            return Some(self.take_over());
        });
        self.held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                (held < self.capacity).then_some(held + 1)
            })
            .is_ok()
            .then(|| self.take_over())
    }

    /// The place of a key that has gone, for somebody else.
    pub(super) fn take_over(&self) -> Claim<'_> {
        Claim(self)
    }

    /// So many places for keys that were there already, also more than there should be.
    pub(super) fn occupy(&self, keys: usize) {
        self.held.fetch_add(keys, Ordering::Relaxed);
    }

    pub(super) fn free(&self, keys: usize) {
        self.held.fetch_sub(keys, Ordering::Relaxed);
    }

    /// The instant before which it is of no use to look for an idle entry.
    pub(super) fn quiet_until(&self) -> Moment {
        Moment::from_nanos(self.quiet_until.load(Ordering::Relaxed))
    }

    /// Whether `shard` may have an entry that is idle at `now`.
    pub(super) fn may_be_idle(&self, shard: usize, now: Moment) -> bool {
        #[cfg(test)]
        self.looked_at.fetch_add(1, Ordering::Relaxed);
        self.earliest[shard].load(Ordering::Relaxed) <= now.as_nanos()
    }

    /// The shards, from the one on where an idle entry was found before.
    pub(super) fn shards(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, shards) = (self.hand.load(Ordering::Relaxed), self.earliest.len());
        (0..shards).map(move |n| (first + n) % shards)
    }

    /// Notes that `shard` had an idle entry.
    pub(super) fn found_in(&self, shard: usize) {
        self.hand.store(shard, Ordering::Relaxed);
    }

    /// Notes that the bound of `shard` has changed. Under the shard's lock.
    #[inline]
    pub(super) fn note(&self, shard: usize, before: Moment, after: Moment) {
        if after != before {
            self.note_change(shard, before, after);
        }
    }

    #[cold]
    fn note_change(&self, shard: usize, before: Moment, after: Moment) {
        self.earliest[shard].store(after.as_nanos(), Ordering::Relaxed);
        if after < before && !seeded_bug!("keyed_quiet_not_lowered") {
            // Whoever raises it at this moment has either seen the new bound, or is overruled.
            let _turn = lock(&self.turn);
            if after < self.quiet_until() {
                self.quiet_until.store(after.as_nanos(), Ordering::Relaxed);
            }
        }
    }

    /// After a search in vain: the instant before which the next one would be.
    pub(super) fn settle_down(&self) -> Moment {
        let _turn = lock(&self.turn);
        let earliest = self.earliest.iter().map(|earliest| earliest.load(Ordering::Relaxed)).min();
        let earliest = earliest.unwrap_or(u64::MAX);
        self.quiet_until.store(earliest, Ordering::Relaxed);
        Moment::from_nanos(earliest)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    const fn moment(nanos: u64) -> Moment {
        Moment::from_nanos(nanos)
    }

    #[test]
    fn no_more_places_are_granted_than_there_are() {
        let room = Room::new(2, 1);
        let claims: Vec<_> = (0..5).filter_map(|_| room.claim()).collect();
        assert_eq!((claims.len(), room.held()), (2, 2));
        drop(claims);
        assert_eq!(room.held(), 0);
        room.claim().unwrap().keep();
        room.occupy(3);
        assert!(room.claim().is_none() && room.held() == 4);
        drop(room.take_over());
        room.free(1);
        assert!(room.claim().is_none() && room.held() == 2);
        room.free(1);
        assert!(room.claim().is_some());
    }

    #[test]
    fn it_is_quiet_until_the_earliest_of_all_shards() {
        let room = Room::new(2, 3);
        assert_eq!(room.quiet_until(), moment(0), "nobody has looked yet");
        assert_eq!(room.settle_down(), Moment::MAX, "there is nothing that could become idle");
        room.note(1, Moment::MAX, moment(50));
        room.note(2, Moment::MAX, moment(70));
        assert_eq!(room.quiet_until(), moment(50));
        assert!(room.may_be_idle(1, moment(50)) && !room.may_be_idle(1, moment(49)));
        assert!(!room.may_be_idle(0, moment(1_000)));
        room.note(1, moment(50), moment(90));
        assert_eq!(room.quiet_until(), moment(50), "what has gone up is seen by the next search");
        assert_eq!((room.settle_down(), room.quiet_until()), (moment(70), moment(70)));
        room.note(2, moment(70), moment(70));
        room.note(1, moment(90), moment(60));
        assert_eq!(room.quiet_until(), moment(60));
    }

    #[test]
    fn a_search_begins_where_the_last_one_ended() {
        let room = Room::new(1, 4);
        assert_eq!(room.shards().collect::<Vec<_>>(), [0, 1, 2, 3]);
        room.found_in(2);
        assert_eq!(room.shards().collect::<Vec<_>>(), [2, 3, 0, 1]);
    }
}
