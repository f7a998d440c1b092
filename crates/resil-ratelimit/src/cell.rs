use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::{Moment, const_fn, seeded_bug};

use crate::charge::Charge;
use crate::gcra::{Booking, Gcra};

/// The TAT of a limiter that begins with less than its burst and that nobody has used yet.
pub(crate) const UNSTARTED: u64 = u64::MAX;

/// The words that all callers share: the TAT, and the arithmetic by which it moves, which can be changed while they run.
///
/// Who changes the arithmetic holds the limiter's lock, makes the epoch odd, writes it, moves the TAT by at least one tick, and makes
/// the epoch even. So an exchange of the TAT succeeds only if the arithmetic that it was computed with is still in force.
#[repr(C)]
pub(crate) struct Cell {
    tat: AtomicU64,
    epoch: AtomicU64,
    per_nano: AtomicU64,
    interval: AtomicU64,
    capacity: AtomicU64,
    /// The ticks by which refunds have moved later segments ahead, ever.
    shifts: AtomicU64,
}

/// What all decisions start from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) tat: u64,
    pub(crate) gcra: Gcra,
    pub(crate) epoch: u64,
}

/// Why nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// There will be enough after so many nanoseconds.
    After(u64),
    /// More than the burst.
    Never,
    /// The words do not tell: the quota is being changed, the limiter has not been started, or time is at its end.
    Unclear,
}

impl Cell {
    const_fn! {
        pub(crate) const fn new(gcra: Gcra, is_full: bool) -> Self {
            Self {
                tat: AtomicU64::new(if is_full { 0 } else { UNSTARTED }),
                epoch: AtomicU64::new(0),
                per_nano: AtomicU64::new(gcra.per_nano),
                interval: AtomicU64::new(gcra.interval),
                capacity: AtomicU64::new(gcra.capacity),
                shifts: AtomicU64::new(0),
            }
        }
    }

    /// The words as they belong together; `None` while the quota is being changed.
    #[inline]
    pub(crate) fn read(&self) -> Option<Reading> {
        // First, so that the arithmetic is at least as new as the TAT.
        let tat = self.tat.load(Ordering::Acquire);
        let epoch = self.epoch.load(Ordering::Acquire);
        let gcra = Gcra {
            per_nano: self.per_nano.load(Ordering::Acquire),
            interval: self.interval.load(Ordering::Acquire),
            capacity: self.capacity.load(Ordering::Acquire),
        };
        let is_whole = epoch.is_multiple_of(2) && self.epoch.load(Ordering::Relaxed) == epoch;
        is_whole.then_some(Reading { tat, gcra, epoch })
    }

    /// Takes one permit if there is one now.
    #[inline]
    pub(crate) fn take_one(&self, now: Moment) -> Result<(), NotNow> {
        self.take(now, |gcra| Some(gcra.interval)).map(|_| ())
    }

    /// Takes `permits` if there are so many now.
    #[inline]
    pub(crate) fn take_many(&self, now: Moment, permits: u32) -> Result<Charge, NotNow> {
        // Before the TAT: a shift in between makes the refund smaller, never larger. Who sees a shift and not yet the TAT that it was
        // made with fails to exchange that.
        let shifts = self.shifts();
        let (reading, cost, end) = self.take(now, |gcra| gcra.cost(permits))?;
        let since = reading.gcra.ticks(now);
        Ok(Charge { end, cost, since, shifts, epoch: reading.epoch, permits })
    }

    #[expect(clippy::inline_always, reason = "a real call costs as much as the exchange")]
    #[inline(always)]
    fn take(&self, now: Moment, cost: impl Fn(Gcra) -> Option<u64>) -> Result<(Reading, u64, u64), NotNow> {
        loop {
            let reading = self.read().ok_or(NotNow::Unclear)?;
            let ticks = reading.gcra.ticks(now);
            let cost = cost(reading.gcra).ok_or(NotNow::Never)?;
            let next = reading.gcra.next(reading.tat, ticks, cost).ok_or(NotNow::Unclear)?;
            if next.start > ticks {
                return Err(NotNow::After(reading.gcra.nanos(next.start - ticks)));
            }
            if self.exchange(reading.tat, next.end) {
                return Ok((reading, cost, next.end));
            }
        }
    }

    /// Takes the next free place for `permits`, whenever that is, unless it is after `latest`.
    pub(crate) fn book(&self, now: Moment, permits: u32, latest: Moment) -> Result<(Charge, Moment), NotNow> {
        let shifts = self.shifts();
        loop {
            let Reading { tat, gcra, epoch } = self.read().ok_or(NotNow::Unclear)?;
            let ticks = gcra.ticks(now);
            let cost = gcra.cost(permits).ok_or(NotNow::Never)?;
            let Booking { end, start } = gcra.next(tat, ticks, cost).ok_or(NotNow::Unclear)?;
            let at = if start > ticks { gcra.moment(start) } else { now };
            // Who need not wait is not late, even after a deadline.
            if start > ticks && at > latest {
                return Err(NotNow::After(gcra.nanos(start - ticks)));
            }
            if self.exchange(tat, end) {
                return Ok((Charge { end, cost, since: ticks, shifts, epoch, permits }, at));
            }
        }
    }

    /// Takes `permits`, also more than the burst, without waiting for them: whoever comes next does.
    pub(crate) fn owe(&self, now: Moment, permits: u32) {
        while let Some(Reading { tat, gcra, .. }) = self.read() {
            let debt = gcra.interval.saturating_mul(permits.into());
            // The last tick means something else.
            let end = tat.max(gcra.ticks(now)).saturating_add(debt).min(UNSTARTED - 1);
            if self.exchange(tat, end) {
                return;
            }
        }
    }

    /// Moves the TAT, if nobody else has.
    #[inline]
    pub(crate) fn exchange(&self, old: u64, new: u64) -> bool {
        seeded_bug!("store_instead_of_exchange" => {
            let unchanged = self.tat.load(Ordering::Relaxed) == old;
            self.tat.store(new, Ordering::Relaxed);
            return unchanged;
        });
        // What it was computed from is part of the old value, and every exchange carries on what a change of quota released.
        self.tat.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// For a seeded bug.
    #[cfg(any(loom, shuttle))]
    pub(crate) fn set(&self, tat: u64) {
        self.tat.store(tat, Ordering::Relaxed);
    }

    /// The ticks by which refunds have moved segments ahead. Exact under the limiter's lock.
    pub(crate) fn shifts(&self) -> u64 {
        self.shifts.load(Ordering::Relaxed)
    }

    /// Notes that a refund has moved segments ahead. Under the limiter's lock.
    pub(crate) fn shift(&self, by: u64) {
        self.shifts.store(self.shifts().wrapping_add(by), Ordering::Relaxed);
    }

    /// Goes over to another arithmetic, and to the TAT that `carry_over` makes of the old one. Under the limiter's lock.
    pub(crate) fn change(&self, to: Gcra, carry_over: impl Fn(u64) -> u64) {
        let epoch = self.epoch.load(Ordering::Relaxed);
        if !seeded_bug!("changed_in_the_open") {
            self.epoch.store(epoch + 1, Ordering::Relaxed);
        }
        // Each release keeps the odd epoch before it.
        self.per_nano.store(to.per_nano, Ordering::Release);
        self.interval.store(to.interval, Ordering::Release);
        self.capacity.store(to.capacity, Ordering::Release);
        let mut tat = self.tat.load(Ordering::Relaxed);
        // A limiter that has not been started stays so: it is started under the lock.
        while tat != UNSTARTED {
            let carried = carry_over(tat);
            // Always moved, so that no exchange succeeds that was computed by the old arithmetic. A tick less changes no whole
            // permit, a tick more would. At the origin of time there is none before, but also nobody who has used it.
            let new = match carried.checked_sub(1) {
                _ if carried != tat || seeded_bug!("change_unnoticed") => carried,
                Some(before) => before,
                None => UNSTARTED,
            };
            match self.tat.compare_exchange_weak(tat, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(other) => tat = other,
            }
        }
        self.epoch.store(epoch + 2, Ordering::Release);
    }

    /// Gives a limiter that has not been started its first TAT. Under the limiter's lock.
    pub(crate) fn start(&self, tat: u64) {
        if self.tat.load(Ordering::Relaxed) == UNSTARTED || seeded_bug!("started_twice") {
            // With the arithmetic, if that was changed before.
            let order = seeded_bug!("started_relaxed" => { Ordering::Relaxed } else { Ordering::Release });
            self.tat.store(tat, order);
        }
    }
}
