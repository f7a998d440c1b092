use resil_core::Moment;

use super::table::Tat;
use super::terms::Terms;
use crate::cell::NotNow;
use crate::charge::Charge;
use crate::gcra::Booking;

/// The line of permits of one key, or of those that share one, while its lock is held.
pub(super) struct Line<'a> {
    pub(super) tat: &'a mut Tat,
    pub(super) terms: Terms,
    /// How often a refund has moved later segments ahead, on any line under the lock.
    pub(super) moves: &'a mut u64,
    /// Charges of another epoch have nothing to come back to.
    pub(super) epoch: u64,
}

impl Line<'_> {
    /// Takes `permits` if they are there.
    #[inline]
    pub(super) fn take(&mut self, now: Moment, permits: u32) -> Result<Charge, NotNow> {
        let gcra = self.terms.gcra();
        let ticks = gcra.ticks(now);
        let cost = gcra.cost(permits).ok_or(NotNow::Never)?;
        let Booking { end, start } = gcra.next(self.tat.get(), ticks, cost).ok_or(NotNow::Unclear)?;
        if start > ticks {
            return Err(NotNow::After(gcra.nanos(start - ticks)));
        }
        *self.tat = Tat::new(end);
        Ok(Charge { end, cost, permits, since: ticks, shifts: *self.moves, epoch: self.epoch })
    }

    /// Takes the next place for `permits`, and says from when on they may be used, unless that is after `latest`.
    pub(super) fn book(
        &mut self,
        now: Moment,
        permits: u32,
        latest: Moment,
    ) -> Result<(Charge, Moment), NotNow> {
        let gcra = self.terms.gcra();
        let ticks = gcra.ticks(now);
        let cost = gcra.cost(permits).ok_or(NotNow::Never)?;
        let Booking { end, start } = gcra.next(self.tat.get(), ticks, cost).ok_or(NotNow::Unclear)?;
        let at = if start > ticks { gcra.moment(start) } else { now };
        // Who need not wait is not late, even after a deadline.
        if start > ticks && at > latest {
            return Err(NotNow::After(gcra.nanos(start - ticks)));
        }
        *self.tat = Tat::new(end);
        Ok((Charge { end, cost, permits, since: ticks, shifts: *self.moves, epoch: self.epoch }, at))
    }

    /// Frees what of a charge still lies ahead; `false` if nobody can use it any more.
    ///
    /// The last charge is undone. Another one moves those behind it ahead, unless somebody has been promised an instant: the next one
    /// would be promised the same.
    pub(super) fn put_back(&mut self, charge: Charge, now: Moment) -> bool {
        let gcra = self.terms.gcra();
        let now = gcra.ticks(now);
        // After a move it is not known where the charge lies, only that it cannot have begun before it was made.
        let shifts = if *self.moves == charge.shifts { charge.shifts } else { charge.shifts.wrapping_sub(1) };
        let refund = charge.refund(shifts, now);
        if charge.epoch != self.epoch || refund == 0 {
            return false;
        }
        let tat = self.tat.get();
        let is_last = tat == charge.end_after(shifts);
        if !is_last {
            if gcra.is_booked_ahead(tat, now) {
                return false;
            }
            *self.moves += 1;
        }
        *self.tat = Tat::new(tat.saturating_sub(refund));
        true
    }
}
