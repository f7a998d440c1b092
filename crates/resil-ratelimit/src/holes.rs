use crate::charge::Charge;

/// How many bookings that were given up are kept for others.
const KEPT: usize = if cfg!(any(loom, shuttle)) { 2 } else { 64 };

/// Places in the line of waiters that were given up while others had booked behind them, the earliest first. Neighbours are one place.
#[derive(Debug, Default)]
pub(crate) struct Holes {
    places: Vec<Charge>,
    /// Permits that nobody could use any more.
    expired: u64,
}

impl Holes {
    pub(crate) const fn new() -> Self {
        Self { places: Vec::new(), expired: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The permits that nobody could use any more, also those whose time has come since somebody looked.
    pub(crate) fn expired_by(&self, now: u64) -> u64 {
        let begun = self.places.iter().map(|place| u64::from(place.begun(now)));
        self.expired + begun.take_while(|permits| *permits > 0).sum::<u64>()
    }

    /// Keeps what of a place has not begun, if it is not the last of too many.
    pub(crate) fn keep(&mut self, mut place: Charge, now: u64) {
        let begun = place.begun(now);
        self.expire(begun);
        if begun == place.permits {
            return;
        }
        place = place.without_the_first(begun);
        let mut at = self.places.partition_point(|other| other.end < place.end);
        if let Some(joined) = self.places.get(at).and_then(|behind| place.joined(*behind)) {
            self.places.remove(at);
            place = joined;
        }
        if let Some(joined) = at.checked_sub(1).and_then(|before| self.places[before].joined(place)) {
            at -= 1;
            self.places.remove(at);
            place = joined;
        }
        if self.places.len() == KEPT {
            return self.expire(place.permits);
        }
        self.places.insert(at, place);
    }

    pub(crate) fn expire(&mut self, permits: u32) {
        self.expired += u64::from(permits);
    }

    /// Gives up what has begun.
    pub(crate) fn prune(&mut self, now: u64) {
        while let Some(first) = self.places.first_mut() {
            let begun = first.begun(now);
            if begun < first.permits {
                *first = first.without_the_first(begun);
                self.expired += u64::from(begun);
                return;
            }
            self.places.remove(0);
            self.expired += u64::from(begun);
        }
    }

    /// Gives up all of them.
    pub(crate) fn clear(&mut self) {
        self.expired += self.places.drain(..).map(|place| u64::from(place.permits)).sum::<u64>();
    }

    /// Takes the earliest part that is as large as `cost`, if it `suits`, and returns it; the rest of its place stays. To be called
    /// after [`prune`](Self::prune).
    pub(crate) fn take(
        &mut self,
        cost: u64,
        permits: u32,
        suits: impl FnOnce(Charge) -> bool,
    ) -> Option<Charge> {
        let at = self.places.iter().position(|place| place.cost >= cost)?;
        let place = &mut self.places[at];
        let taken = place.first(cost, permits);
        if !suits(taken) {
            return None;
        }
        if place.cost == cost {
            self.places.remove(at);
        } else {
            place.cost -= cost;
            place.permits -= permits;
        }
        Some(taken)
    }

    /// Puts back what [`take_ending_at`](Self::take_ending_at) took.
    pub(crate) fn put_back(&mut self, place: Charge, now: u64) {
        self.keep(place, now);
    }

    /// Takes the place that ends at `end`, if there is one.
    pub(crate) fn take_ending_at(&mut self, end: u64) -> Option<Charge> {
        let at = self.places.iter().position(|place| place.end == end)?;
        Some(self.places.remove(at))
    }
}
