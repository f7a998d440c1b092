use std::collections::VecDeque;

use super::runs::{KEPT, Runs};

/// Those who wait, in the order in which they came.
///
/// Each place has the instant that was worked out for it when its waiter last asked. None is before that of an earlier place: where one
/// has been moved, those behind it count as moved as far, until they ask for themselves.
#[derive(Debug)]
pub(super) struct Line {
    /// Of each place, growing.
    tickets: VecDeque<u64>,
    /// As they were worked out.
    places: Runs,
    next_ticket: u64,
    /// The place that was moved furthest.
    moved: Option<Moved>,
}

#[derive(Clone, Copy, Debug)]
struct Moved {
    ticket: u64,
    to: u64,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self { tickets: VecDeque::new(), places: Runs::new(), next_ticket: 0, moved: None }
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.tickets.len()
    }

    /// How many permits the first `places` hold.
    pub(super) fn permits_before(&self, places: usize) -> u64 {
        self.places.before(places)
    }

    /// The instant of the last of the first `places`.
    pub(super) fn last_of(&self, places: usize) -> Option<u64> {
        self.instant(places.checked_sub(1)?)
    }

    /// The instant of the permit that has `rank` permits up to it, itself included.
    pub(super) fn instant_of(&self, rank: u64) -> Option<u64> {
        self.instant(self.places.index_of(rank)?)
    }

    /// The last of the first `places` that lies in one slice with `instant`.
    pub(super) fn last_in_slice(&self, instant: u64, slice: u64, places: usize) -> Option<u64> {
        self.places.last_in_slice(instant, slice, places)
    }

    /// Where the place of `ticket` is; if it was dropped, where it would be.
    pub(super) fn find(&self, ticket: u64) -> Result<usize, usize> {
        self.tickets.binary_search(&ticket)
    }

    /// Makes a place at the end.
    pub(super) fn join(&mut self, instant: u64, permits: u32) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.tickets.push_back(ticket);
        self.places.insert(self.places.len(), instant, permits);
        ticket
    }

    /// Moves the place that was found to `instant`, or makes it anew if it was dropped.
    pub(super) fn put(&mut self, found: Result<usize, usize>, ticket: u64, instant: u64, permits: u32) {
        match found {
            Ok(index) => self.places.move_to(index, instant),
            Err(index) => {
                self.tickets.insert(index, ticket);
                self.places.insert(index, instant, permits);
            }
        }
        if self.moved.is_none_or(|moved| moved.to <= instant) {
            self.moved = Some(Moved { ticket, to: instant });
        }
    }

    /// Takes away the place that was found, unless it was dropped.
    pub(super) fn leave(&mut self, found: Result<usize, usize>, permits: u32) {
        let Ok(index) = found else { return };
        let left = self.tickets.remove(index);
        self.places.take(index, permits.into());
        if self.moved.map(|moved| moved.ticket) == left {
            self.moved = index.checked_sub(1).and_then(|before| {
                Some(Moved { ticket: *self.tickets.get(before)?, to: self.places.at(before)? })
            });
        }
        if self.tickets.is_empty() {
            self.tickets.shrink_to(KEPT);
        }
    }

    /// Drops the places in front whose instants are not after `instant`: nobody came to claim them.
    pub(super) fn forget_up_to(&mut self, instant: u64) {
        let dropped = self.places.forget_up_to(instant);
        self.tickets.drain(..dropped);
    }

    fn instant(&self, index: usize) -> Option<u64> {
        let at = self.places.at(index)?;
        let moved = self.moved.filter(|moved| self.tickets.get(index) > Some(&moved.ticket));
        Some(moved.map_or(at, |moved| moved.to.max(at)))
    }
}
