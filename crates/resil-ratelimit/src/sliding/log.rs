//! The sliding window as a machine: a log of what was given, and the line of those who wait.
//!
//! Permits are given only if, with them, those of the window that ends now are at most the limit. So those of every window are: when its
//! last permit was given, all others of it were in the log.
//!
//! Where the log keeps each instant, nothing is refused that such a count allows. Where it cuts time into slices, all permits of one
//! slice count at the instant of the last of them. So they count too long, by less than a slice, and never too short.
//!
//! Whoever must wait gets a place in line, for the instant at which there will be room if all before it come in time. For that, log and
//! line are one row of permits in their order, and a place comes one window after the permit that stands the limit's number of permits
//! before its last. If those before come late, it is too early, as they count later than was reckoned. So nobody is given anything on the
//! word of a place: when its instant has come, it is worked out once more. A place that nobody claims for a window is dropped, as what
//! was reserved for it would have left the window again; a waiter that comes even later gets one in front of those who came after it.

use super::limit::Measures;
use super::line::Line;
use super::runs::Runs;

/// Entries for which the first permit makes room; a larger log grows as it fills.
const ROOM: u64 = 1_024;

/// What was given and who waits, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Log {
    measures: Measures,
    given: Runs,
    line: Line,
}

/// A place in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Booking {
    /// When it may be claimed.
    pub(crate) at: u64,
    pub(crate) permits: u32,
    ticket: u64,
}

/// What becomes of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The permits are given, and count at this instant.
    Given(u64),
    /// There is a place to wait at.
    Booked(Booking),
    /// It would last too long: until this instant, or for ever.
    TooLate(Option<u64>),
}

impl Log {
    pub(crate) const fn new(measures: Measures) -> Self {
        Self { measures, given: Runs::new(), line: Line::new() }
    }

    /// The instant at which whoever comes now is given `permits`, which are not more than the limit; `None` beyond the end of time.
    pub(crate) fn next(&mut self, permits: u32, now: u64) -> Option<u64> {
        let present = self.slide(now);
        self.room_for(permits, self.line.len(), present)
    }

    /// How many permits whoever comes now is given at once.
    pub(crate) fn available(&mut self, now: u64) -> u32 {
        let present = self.slide(now);
        let waiters = self.line.len();
        if self.line.last_of(waiters) > Some(present) {
            return 0;
        }
        let held = self.given.permits() + self.line.permits_before(waiters);
        let free = u64::from(self.measures.permits).saturating_sub(held);
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    /// Gives `permits` now, at the instant that is returned, or says when there will be room.
    pub(crate) fn take(&mut self, permits: u32, now: u64) -> Result<u64, Option<u64>> {
        let present = self.slide(now);
        match self.room_for(permits, self.line.len(), present) {
            Some(at) if at == present => Ok(self.give(permits, at)),
            at => Err(at),
        }
    }

    /// Gives `permits` now, or books them for the instant at which there will be room, unless it is after `latest`.
    pub(crate) fn book(&mut self, permits: u32, now: u64, latest: u64) -> Answer {
        match self.take(permits, now) {
            Ok(at) => Answer::Given(at),
            Err(Some(at)) if at <= latest => {
                Answer::Booked(Booking { at, permits, ticket: self.line.join(at, permits) })
            }
            Err(at) => Answer::TooLate(at),
        }
    }

    /// Gives what was booked if its instant has come and there is room. Else moves it on, unless that is after `latest`.
    pub(crate) fn claim(&mut self, booking: Booking, now: u64, latest: u64) -> Answer {
        let present = self.slide(now);
        if present < booking.at {
            return Answer::Booked(booking);
        }
        let Booking { permits, ticket, .. } = booking;
        let found = self.line.find(ticket);
        let (Ok(index) | Err(index)) = found;
        match self.room_for(permits, index, present) {
            Some(at) if at == present => {
                self.line.leave(found, permits);
                Answer::Given(self.give(permits, at))
            }
            Some(at) if at <= latest => {
                self.line.put(found, ticket, at, permits);
                Answer::Booked(Booking { at, ..booking })
            }
            at => {
                self.line.leave(found, permits);
                Answer::TooLate(at)
            }
        }
    }

    /// Takes a booking out of the line; those behind it keep their instants. Whether there are none, so that it leaves no trace.
    pub(crate) fn give_up(&mut self, booking: Booking) -> bool {
        let found = self.line.find(booking.ticket);
        self.line.leave(found, booking.permits);
        found == Ok(self.line.len())
    }

    /// Takes back `permits` that were given at `at` and not used.
    pub(crate) fn take_back(&mut self, at: u64, permits: u32) {
        self.given.take_back(at, permits, self.measures.slice);
    }

    /// Forgets what was given. Bookings stay.
    pub(crate) fn forget(&mut self) {
        self.given.clear();
    }

    /// Drops what has left the window that ends now, and says when that is: on a clock that has run backwards, at the last permit.
    fn slide(&mut self, now: u64) -> u64 {
        let present = self.given.last().map_or(now, |last| last.max(now));
        if let Some(past) = present.checked_sub(self.measures.window) {
            self.given.forget_up_to(past);
            self.line.forget_up_to(past);
        }
        present
    }

    fn give(&mut self, permits: u32, at: u64) -> u64 {
        let entries = self.measures.entries().min(ROOM);
        self.given.make_room(usize::try_from(entries).unwrap_or(usize::MAX));
        self.given.add(at, permits, self.measures.slice);
        at
    }

    /// The first instant from the present on at which there is room for `permits` behind the first `places` of the line.
    fn room_for(&self, permits: u32, places: usize, present: u64) -> Option<u64> {
        let Measures { permits: limit, window, slice } = self.measures;
        let from = self.line.last_of(places).map_or(present, |last| last.max(present));
        // So many permits have to leave the window.
        let surplus = |held: u64| (held + u64::from(permits)).saturating_sub(limit.into());
        let in_log = |rank| self.given.index_of(rank).and_then(|index| self.given.at(index));
        let given = self.given.permits();
        let by_log = in_log(surplus(given));
        let in_row = surplus(given + self.line.permits_before(places));
        let by_row = match in_row.checked_sub(given) {
            Some(in_line) if in_line > 0 => self.line.instant_of(in_line),
            _ => in_log(in_row),
        };
        // Of the line, some may be late: then the log says more.
        let Some(last_to_leave) = by_log.max(by_row) else { return Some(from) };
        // It will count with the last of its slice.
        let counts_at = self.line.last_in_slice(last_to_leave, slice, places).max(Some(last_to_leave))?;
        Some(counts_at.checked_add(window)?.max(from))
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
