use std::hash::{BuildHasher, Hash};
use std::sync::PoisonError;

use resil_core::Moment;
use resil_core::sync::{Mutex, MutexGuard, lock};

use super::room::{Claim, Room};
use super::shard::Shard;
use super::table::Tag;
use super::terms::Terms;

#[cfg(not(any(loom, shuttle)))]
type Hasher = foldhash::quality::RandomState;
// A checker repeats executions, so nothing in them may be random.
#[cfg(any(loom, shuttle))]
type Hasher = foldhash::quality::FixedState;

/// How many keys a shard is meant for at most: their lock is held while its table grows.
const KEYS_PER_SHARD: usize = 4_096;

/// The keys, spread over several tables, so that callers seldom meet.
pub(super) struct Shards<K> {
    all: Box<[Padded<K>]>,
    hasher: Hasher,
    room: Room,
}

/// Two lines of a cache, as they are fetched in pairs, so that the locks of neighbours are not in each other's way.
#[repr(align(128))]
struct Padded<K>(Mutex<Shard<K>>);

/// A shard under its lock.
pub(super) struct Locked<'a, K> {
    pub(super) shard: MutexGuard<'a, Shard<K>>,
    number: usize,
    /// Its bound, as others know it.
    known: Moment,
    room: &'a Room,
}

/// How many shards there are for `keys` keys, a power of two.
fn shards_for(keys: usize) -> usize {
    let for_threads = if cfg!(any(loom, shuttle)) {
        2
    } else {
        4 * std::thread::available_parallelism().map_or(4, usize::from).clamp(2, 32)
    };
    for_threads.max(keys.div_ceil(KEYS_PER_SHARD)).min(keys).next_power_of_two()
}

impl<K: Hash + Eq> Shards<K> {
    pub(super) fn new(capacity: usize, terms: Terms) -> Self {
        Self::with_shards(shards_for(capacity), capacity, terms)
    }

    fn with_shards(shards: usize, capacity: usize, terms: Terms) -> Self {
        Self {
            all: (0..shards).map(|_| Padded(Mutex::new(Shard::new(terms)))).collect(),
            hasher: Hasher::default(),
            room: Room::new(capacity, shards),
        }
    }

    /// The same keys, of which there may be `capacity`.
    pub(super) fn with_capacity(self, capacity: usize, terms: Terms) -> Self {
        let keys = self.room.held();
        let new = Self::with_shards(shards_for(capacity.max(keys)), capacity, terms);
        new.room.occupy(keys);
        for shard in self.all {
            let shard = shard.0.into_inner().unwrap_or_else(PoisonError::into_inner);
            new.each().for_each(|mut locked| locked.shard.succeed(&shard));
            let mut first = new.lock_shard(0);
            first.shard.acquired += shard.acquired;
            first.shard.rejected += shard.rejected;
            drop(first);
            for (key, tat, own) in shard.into_entries() {
                let hash = new.hash(&key);
                let shard = &mut new.lock_to_change(hash).shard;
                shard.insert(Tag::of(hash), key, own, tat, |key| new.tag(key));
            }
        }
        new
    }

    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    #[inline]
    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The shard of a key with `hash`, under its lock, for a change that makes no TAT smaller.
    #[inline]
    pub(super) fn lock(&self, hash: u64) -> MutexGuard<'_, Shard<K>> {
        lock(&self.all[self.number(hash)].0)
    }

    /// The shard of a key with `hash`, under its lock, for any change.
    pub(super) fn lock_to_change(&self, hash: u64) -> Locked<'_, K> {
        self.lock_shard(self.number(hash))
    }

    /// All shards, one after the other, for any change.
    pub(super) fn each(&self) -> impl Iterator<Item = Locked<'_, K>> {
        (0..self.all.len()).map(|number| self.lock_shard(number))
    }

    fn lock_shard(&self, number: usize) -> Locked<'_, K> {
        let shard = lock(&self.all[number].0);
        Locked { known: shard.earliest(), shard, number, room: &self.room }
    }

    #[inline]
    fn number(&self, hash: u64) -> usize {
        // Other bits than the tag's; the number of shards is a power of two.
        (hash >> 32) as usize & (self.all.len() - 1)
    }

    /// A place for a new key with `hash`, if need be that of an idle one, which `evicted` is told of; or the instant before which
    /// there will be none.
    pub(super) fn claim(&self, hash: u64, now: Moment, evicted: impl Fn()) -> Result<Claim<'_>, Moment> {
        loop {
            if let Some(claim) = self.room.claim() {
                return Ok(claim);
            }
            let quiet_until = self.room.quiet_until();
            if quiet_until > now || quiet_until == Moment::MAX {
                return Err(quiet_until);
            }
            // First in the shard whose lines of memory are at hand.
            let shards = std::iter::once(self.number(hash)).chain(self.room.shards());
            for number in shards {
                if !self.room.may_be_idle(number, now) {
                    continue;
                }
                if let Some(claim) = self.claim_in(number, now, Tag::of(hash)) {
                    self.room.found_in(number);
                    evicted();
                    return Ok(claim);
                }
            }
            let quiet_until = self.room.settle_down();
            if quiet_until > now || quiet_until == Moment::MAX {
                return Err(quiet_until);
            }
        }
    }

    /// The place of an idle key in a shard.
    fn claim_in(&self, number: usize, now: Moment, near: Tag) -> Option<Claim<'_>> {
        let mut locked = self.lock_shard(number);
        let key = locked.shard.evict(now, near, |key| self.tag(key))?;
        drop(locked);
        let claim = self.room.take_over();
        // Foreign code, outside the lock.
        drop(key);
        Some(claim)
    }

    pub(super) fn tag(&self, key: &K) -> Tag {
        Tag::of(self.hash(key))
    }
}

impl<K> Drop for Locked<'_, K> {
    fn drop(&mut self) {
        self.room.note(self.number, self.known, self.shard.earliest());
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::Quota;

    fn terms() -> Terms {
        Terms::of(Quota::per_second(1).burst(3)).expect("in range")
    }

    fn second(n: u64) -> Moment {
        Moment::from_nanos(n * 1_000_000_000)
    }

    /// Adds `key`, which becomes idle a second after `now`, if there is room.
    fn add(shards: &Shards<u64>, key: u64, now: Moment) -> Result<(), Moment> {
        let hash = shards.hash(&key);
        let claim = shards.claim(hash, now, || {})?;
        let mut locked = shards.lock_to_change(hash);
        let mut tat = locked.shard.first_tat(terms(), now);
        assert!(locked.shard.line_of_new(&mut tat, terms()).take(now, 1).is_ok());
        locked.shard.insert(Tag::of(hash), key, None, tat, |key| shards.tag(key));
        claim.keep();
        Ok(())
    }

    fn keys(shards: &Shards<u64>) -> Vec<u64> {
        let keys = |locked: Locked<'_, u64>| locked.shard.iter().map(|(key, ..)| *key).collect::<Vec<_>>();
        let mut keys: Vec<_> = shards.each().flat_map(keys).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn there_are_more_shards_for_more_keys_and_always_a_power_of_two() {
        assert_eq!([1, 2, 3, 4].map(shards_for), [1, 2, 4, 4]);
        for keys in [8, 1_000, 100_000, 1_000_000, 1 << 27] {
            let shards = shards_for(keys);
            assert!(shards.is_power_of_two() && shards >= 8, "{shards} for {keys}");
            assert!(shards >= keys / KEYS_PER_SHARD && shards <= (keys / KEYS_PER_SHARD * 2).max(128));
        }
    }

    #[test]
    fn an_idle_key_of_any_shard_makes_room() {
        let shards = Shards::new(1_000, terms());
        (0..999).for_each(|key| assert_eq!(add(&shards, key, second(10)), Ok(())));
        assert_eq!(add(&shards, 999, second(5)), Ok(()), "it will be the first");
        for key in 2_000..2_100 {
            assert_eq!(add(&shards, key, second(5)), Err(second(6)));
        }
        assert_eq!(add(&shards, 3_000, second(6)), Ok(()));
        assert_eq!(add(&shards, 3_001, second(6)), Err(second(7)), "the one that has just come");
        assert_eq!(keys(&shards), (0..999).chain([3_000]).collect::<Vec<_>>());
    }

    #[test]
    fn a_flood_that_finds_nothing_idle_reads_one_word_for_each_key() {
        let shards = Shards::new(100_000, terms());
        (0..100_000).for_each(|key| assert_eq!(add(&shards, key, second(1)), Ok(())));
        assert!(add(&shards, 100_000, second(1)).is_err());
        let first = shards.room.looked_at.load(Relaxed);
        (0..10_000).for_each(|key| assert!(add(&shards, 200_000 + key, second(1)).is_err()));
        assert_eq!(shards.room.looked_at.load(Relaxed), first);
        assert!(first <= 1 + shards.all.len(), "{first} words for the first");
    }

    #[test]
    fn a_flood_over_idle_keys_reads_few_words_for_each_key() {
        let shards = Shards::new(10_000, terms());
        (0..10_000).for_each(|key| assert_eq!(add(&shards, key, second(1)), Ok(())));
        (0..20_000).for_each(|n| {
            let now = Moment::from_nanos(second(2).as_nanos() + n * 200_000);
            assert_eq!(add(&shards, 20_000 + n, now), Ok(()));
        });
        let looked_at = shards.room.looked_at.load(Relaxed);
        assert!(looked_at < 20_000 * 2, "{looked_at} words");
    }

    #[test]
    fn another_capacity_keeps_the_keys_and_what_is_known_of_those_that_went() {
        let shards = Shards::new(10_000, terms());
        (0..10_000).for_each(|key| assert_eq!(add(&shards, key, second(1)), Ok(())));
        assert_eq!(add(&shards, 10_000, second(2)), Ok(()), "in the place of another one");
        shards.lock(0).acquired = 7;
        shards.lock(1 << 32).rejected = 3;
        let before = keys(&shards);
        for capacity in [1, 100, 1_000_000] {
            let shards = Shards::new(10_000, terms());
            (0..10_000).for_each(|key| assert_eq!(add(&shards, key, second(1)), Ok(())));
            let shards = shards.with_capacity(capacity, terms());
            assert_eq!((shards.room.held(), shards.room.capacity()), (10_000, capacity));
            assert_eq!(add(&shards, 10_000, second(1)).is_ok(), capacity == 1_000_000);
        }
        let shards = shards.with_capacity(20_000, terms());
        assert_eq!(keys(&shards), before);
        assert!(shards.each().all(|locked| locked.shard.not_before(second(1)) == second(2)));
        let counted =
            |count: fn(&Shard<u64>) -> u64| shards.each().map(|locked| count(&locked.shard)).sum::<u64>();
        assert_eq!((counted(|shard| shard.acquired), counted(|shard| shard.rejected)), (7, 3));
        for key in before {
            let hash = shards.hash(&key);
            assert!(shards.lock(hash).find(Tag::of(hash), |known| *known == key).is_some());
        }
    }
}
