use std::time::Duration;

use resil_core::Moment;

use crate::charge::Charge;
use crate::gcra::Gcra;
use crate::{Peek, Quota};

/// One quota's line of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) gcra: Gcra,
    pub(super) mark: Mark,
    /// The ticks by which refunds have moved later segments ahead, ever.
    shifts: u64,
    /// How often it began anew or its quota changed: older charges have nothing to give back.
    epoch: u64,
}

/// How far a line is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    tat: u64,
    /// The latest instant that somebody was told to wait for.
    booked: Moment,
}

impl Line {
    pub(super) const fn new(gcra: Gcra) -> Self {
        Self { gcra, mark: Mark { tat: 0, booked: Moment::ZERO }, shifts: 0, epoch: 0 }
    }

    /// The same line, as it is at its first use.
    pub(super) const fn started(mut self, initial: u32, now: Moment) -> Self {
        self.mark.tat = self.gcra.tat_with(initial, self.gcra.ticks(now));
        self
    }

    /// What it would answer by itself.
    pub(super) fn peek(&self, now: Moment) -> Peek {
        let (gcra, tat, now) = (self.gcra, self.mark.tat, self.gcra.ticks(now));
        let full_in = Duration::from_nanos(gcra.nanos(tat.saturating_sub(now)));
        Peek { available: gcra.available(tat, now), next_in: gcra.wait(tat, now, gcra.interval), full_in }
    }

    /// When it alone would give `permits`, which are no more than its burst; `None` beyond the end of time.
    pub(super) fn instant(&self, permits: u32, now: Moment) -> Option<Moment> {
        if permits == 0 {
            return Some(now);
        }
        let booking = self.gcra.next(self.mark.tat, self.gcra.ticks(now), self.cost(permits))?;
        Some(self.gcra.moment(booking.start).max(now))
    }

    /// Gives `permits` at `at`, an instant at which it would; `None` beyond the end of time.
    pub(super) fn charge(&mut self, permits: u32, at: Moment, now: Moment) -> Option<Charge> {
        // Not before they are used, also when there is more to give until then.
        let since = self.gcra.ticks(at);
        let cost = self.cost(permits);
        let mut end = self.mark.tat;
        if permits > 0 {
            end = end.max(since).checked_add(cost)?;
            let booked = if at > now { self.mark.booked.max(at) } else { self.mark.booked };
            self.mark = Mark { tat: end, booked };
        }
        Some(Charge { end, cost, permits, since, shifts: self.shifts, epoch: self.epoch })
    }

    /// Takes `permits` that were used already.
    pub(super) fn owe(&mut self, permits: u32, now: Moment) {
        let debt = self.gcra.interval.saturating_mul(permits.into());
        if debt > 0 {
            self.mark.tat = self.mark.tat.max(self.gcra.ticks(now)).saturating_add(debt);
        }
    }

    /// Whether somebody waits for an instant that is still to come.
    pub(super) fn is_booked_ahead(&self, now: Moment) -> bool {
        self.mark.booked > now
    }

    /// Whether the segment of `charge` is still to come as a whole, and where it was.
    pub(super) const fn holds_whole(&self, charge: &Charge, now: Moment) -> bool {
        let is_known = charge.epoch == self.epoch && charge.shifts == self.shifts;
        charge.permits == 0 || is_known && charge.begin() >= self.gcra.ticks(now)
    }

    /// How much of `charge` is still to come.
    pub(super) const fn refund(&self, charge: Charge, now: Moment) -> u64 {
        if charge.epoch == self.epoch { charge.refund(self.shifts, self.gcra.ticks(now)) } else { 0 }
    }

    /// Takes `refund` of a charge out of the line, and moves what is behind it ahead. Not under bookings: they would begin before their
    /// instants.
    pub(super) const fn close_up(&mut self, charge: &Charge, refund: u64) {
        let is_at_end = charge.end_after(self.shifts) == self.mark.tat;
        self.mark.tat -= refund;
        if !is_at_end {
            self.shifts = self.shifts.wrapping_add(refund);
        }
    }

    /// Goes back to before the last charge, except for the first `spent` of its permits.
    pub(super) fn undo(&mut self, charge: &Charge, before: Mark, spent: u32) {
        if spent == 0 {
            self.mark = before;
        } else {
            self.mark.tat = charge.begin() + self.cost(spent);
        }
    }

    /// Begins anew with the initial permits of `quota`: at the last booking's instant, if that is still to come.
    pub(super) fn reset(&mut self, quota: Quota, now: Moment) {
        *self = self.started(quota.initial_permits(), now.max(self.mark.booked));
        self.epoch += 1;
    }

    /// Goes over to another quota. The same share of the burst stays consumed, as of the last booking's instant if that is still to
    /// come.
    pub(super) fn change(&mut self, to: Gcra, now: Moment) {
        self.mark.tat = self.gcra.carry_over(self.mark.tat, now.max(self.mark.booked), to);
        self.gcra = to;
        self.epoch += 1;
    }

    const fn cost(&self, permits: u32) -> u64 {
        self.gcra.interval * permits as u64
    }
}
