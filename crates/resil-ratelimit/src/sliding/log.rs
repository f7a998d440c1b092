//! The sliding window as a machine: a log of what was given, and the line of those who wait.
//!
//! A permit that is given at t counts in the windows that hold t. At any instant the permits of the window that ends there are
//! at most the limit, so those of every window are: its last permit was given when all others were already counted.
//!
//! Where the log keeps each instant, nothing is refused that such a count allows. Where it cuts time into slices, all permits of one
//! slice count at the instant of the last of them. So they count too long, by less than a slice, and never too short.
//!
//! Whoever must wait books the instant at which there will be room if all who booked before it come in time. One that comes late is
//! given its permits late, and so they count later than was planned. Hence nobody is given anything on the word of a booking: when its
//! instant has come, the log decides. Where it has no room yet, the waiter books once more among those *at the door*, whom the rest
//! of the line finds before it.

use super::runs::{Runs, in_one_slice};
use crate::limit::Measures;

/// Entries for which the first permit makes room; a larger log grows as it fills.
const ROOM: u64 = 1_024;

/// What was given and what is booked, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Log {
    measures: Measures,
    given: Runs,
    line: Runs,
    door: Runs,
}

/// A place in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Booking {
    /// When it may be claimed.
    pub(crate) at: u64,
    pub(crate) permits: u32,
    is_at_door: bool,
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
        Self { measures, given: Runs::new(), line: Runs::new(), door: Runs::new() }
    }

    /// The instant at which whoever comes now is given `permits`, which are not more than the limit; `None` beyond the end of time.
    pub(crate) fn next(&self, permits: u32, now: u64) -> Option<u64> {
        self.room_for(permits, &[&self.given, &self.door, &self.line], now)
    }

    /// How many permits whoever comes now is given at once.
    pub(crate) fn available(&self, now: u64) -> u32 {
        let all = [&self.given, &self.door, &self.line];
        let now = self.present(now);
        if all.iter().any(|runs| runs.last() > Some(now)) {
            return 0;
        }
        let past = now.checked_sub(self.measures.window);
        let count = |runs: &&Runs| runs.permits() - past.map_or(0, |past| runs.up_to(past));
        let free = u64::from(self.measures.permits).saturating_sub(all.iter().map(count).sum());
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    /// Gives `permits` now, at the instant that is returned, or says when there will be room.
    pub(crate) fn take(&mut self, permits: u32, now: u64) -> Result<u64, Option<u64>> {
        match self.next(permits, now) {
            Some(at) if at == self.present(now) => Ok(self.give(permits, at)),
            at => Err(at),
        }
    }

    /// Gives `permits` now, or books them for the instant at which there will be room, unless it is after `latest`.
    pub(crate) fn book(&mut self, permits: u32, now: u64, latest: u64) -> Answer {
        match self.take(permits, now) {
            Ok(at) => Answer::Given(at),
            Err(Some(at)) if at <= latest => {
                self.line.push(at, permits, self.measures.slice);
                Answer::Booked(Booking { at, permits, is_at_door: false })
            }
            Err(at) => Answer::TooLate(at),
        }
    }

    /// Gives what was booked if its instant has come and the log has room. Else books it again, unless it is then too late for it.
    pub(crate) fn claim(&mut self, booking: Booking, now: u64, latest: u64) -> Answer {
        let present = self.present(now);
        if present < booking.at {
            return Answer::Booked(booking);
        }
        let permits = booking.permits;
        let ahead = if booking.is_at_door { None } else { Some(&self.door) };
        let ahead: Vec<&Runs> = [Some(&self.given), ahead].into_iter().flatten().collect();
        let has_room = self.room_for(permits, &ahead, now) == Some(present);
        self.strike(booking);
        if has_room {
            return Answer::Given(self.give(permits, present));
        }
        match self.room_for(permits, &[&self.given, &self.door], now) {
            Some(at) if at <= latest => {
                self.door.push(at, permits, self.measures.slice);
                Answer::Booked(Booking { at, permits, is_at_door: true })
            }
            at => Answer::TooLate(at),
        }
    }

    /// Takes a booking out of the line; those behind it keep their instants. Whether there are none, so that it leaves no trace.
    pub(crate) fn give_up(&mut self, booking: Booking) -> bool {
        self.strike(booking);
        [&self.door, &self.line].iter().all(|runs| runs.last() <= Some(booking.at))
    }

    /// Takes back `permits` that were given at `at` and not used.
    pub(crate) fn take_back(&mut self, at: u64, permits: u32) {
        self.given.remove(at, permits, self.measures.slice);
    }

    /// Forgets what was given. Bookings stay.
    pub(crate) fn forget(&mut self) {
        self.given.clear();
    }

    /// Now, or the instant of the last permit on a clock that has run backwards.
    fn present(&self, now: u64) -> u64 {
        self.given.last().map_or(now, |last| last.max(now))
    }

    fn give(&mut self, permits: u32, at: u64) -> u64 {
        let Measures { window, slice, .. } = self.measures;
        if let Some(past) = at.checked_sub(window) {
            self.given.forget_up_to(past);
        }
        let entries = self.measures.entries().min(ROOM);
        self.given.make_room(usize::try_from(entries).unwrap_or(usize::MAX));
        self.given.push(at, permits, slice);
        at
    }

    fn strike(&mut self, booking: Booking) {
        let runs = if booking.is_at_door { &mut self.door } else { &mut self.line };
        runs.remove(booking.at, booking.permits, self.measures.slice);
    }

    /// The first instant from now on, and behind all of `ahead`, at which there is room for `permits` beside them.
    fn room_for(&self, permits: u32, ahead: &[&Runs], now: u64) -> Option<u64> {
        let Measures { permits: limit, window, slice } = self.measures;
        let from = ahead.iter().filter_map(|runs| runs.last()).fold(now, u64::max);
        let held: u64 = ahead.iter().map(|runs| runs.permits()).sum();
        // So many permits have to leave the window.
        let surplus = (held + u64::from(permits)).saturating_sub(limit.into());
        if surplus == 0 {
            return Some(from);
        }
        let up_to = |instant| ahead.iter().map(|runs| runs.up_to(instant)).sum::<u64>();
        let reaches = |instant| up_to(instant) >= surplus;
        let last_to_leave = ahead.iter().filter_map(|runs| runs.first_where(reaches)).min()?;
        // What is booked in one slice with it will be one entry with it.
        let counts_at = ahead
            .iter()
            .filter_map(|runs| runs.first_where(|at| at >= last_to_leave))
            .filter(|at| in_one_slice(*at, last_to_leave, slice))
            .fold(last_to_leave, u64::max);
        Some(counts_at.checked_add(window)?.max(from))
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
