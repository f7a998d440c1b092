//! The limiter's arithmetic: the generic cell rate algorithm (ITU-T I.371; ATM Forum, 1996) in its virtual scheduling form.
//!
//! All there is to know is one number, the theoretical arrival time (TAT): the instant from which on the limiter is full again. A
//! permit moves it one interval ahead, starting from now if it lies in the past, and is given if the TAT then lies no further ahead
//! than the burst takes to refill. So the permits fill segments of a line of time that do not overlap: one that is given at w gets a
//! segment within [w, w + capacity]. Hence the bound: the segments of all that is given in [a, b] lie in [a, b + capacity].
//!
//! Time is counted in ticks, of which there are up to 32 in a nanosecond: as many as make the interval a whole number. Where none
//! does, the interval is rounded up to 1/32 ns. 64 bits of 1/32 ns last 18 years; beyond them permits are refused.

use std::time::Duration;

use resil_core::Moment;

use crate::quota_error::{Setting, Value, range};
use crate::{Quota, QuotaError};

/// The finest ticks: so many in a nanosecond.
const FINEST: u64 = 32;

/// The longest time to refill the burst, 4.5 years: it leaves 14 of 18 years for the process to run.
const MAX_NANOS: u64 = 1 << 57;

/// A quota in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gcra {
    /// Ticks in a nanosecond.
    pub(crate) per_nano: u64,
    /// Ticks in which one permit comes back.
    pub(crate) interval: u64,
    /// Ticks in which the whole burst comes back.
    pub(crate) capacity: u64,
}

/// A place on the line of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Booking {
    /// Where its segment ends: the TAT once it is taken.
    pub(crate) end: u64,
    /// When it may be used, in ticks: at once if that is not after now.
    pub(crate) start: u64,
}

impl Gcra {
    /// The arithmetic of `quota`, or what is out of its range.
    pub(crate) const fn of(quota: Quota) -> Result<Self, QuotaError> {
        const fn refuse(setting: &'static Setting, value: Value) -> Result<Gcra, QuotaError> {
            Err(QuotaError::new(setting, value))
        }
        let (permits, period, burst) = (quota.permits(), quota.period(), quota.burst_size());
        if permits == 0 {
            return refuse(range::PERMITS, Value::Count(0));
        }
        if period.is_zero() || period.as_nanos() > MAX_NANOS as u128 {
            return refuse(range::PERIOD, Value::Span(period));
        }
        if burst == 0 {
            return refuse(range::BURST, Value::Count(0));
        }
        if quota.initial_permits() > burst {
            return refuse(range::INITIAL, Value::Count(quota.initial_permits() as u64));
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 2^57, as was seen above")]
        let nanos = period.as_nanos() as u64;
        let rate = Value::Rate(permits, period);
        if permits as u64 > nanos {
            return refuse(range::RATE, rate);
        }
        let per_nano = {
            let whole = permits as u64 / greatest_common_divisor(permits as u64, nanos);
            if whole <= FINEST { whole } else { FINEST }
        };
        let ticks = nanos * per_nano;
        let interval = ticks.div_ceil(permits as u64);
        // Too much by at most a thousandth.
        if (interval as u128 * permits as u128 - ticks as u128) * 1_000 > ticks as u128 {
            return refuse(range::ROUNDING, rate);
        }
        let capacity = interval as u128 * burst as u128;
        if capacity > MAX_NANOS as u128 * per_nano as u128 {
            let nanos = capacity.div_ceil(per_nano as u128);
            let seconds = nanos / 1_000_000_000;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "2^57 ns for each of 2^32 permits are 2^59.2 s"
            )]
            return refuse(range::REFILL, Value::Span(Duration::from_secs(seconds as u64)));
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 2^62, as was seen above")]
        Ok(Self { per_nano, interval, capacity: capacity as u64 })
    }

    /// The instant `now`; the end of time where it has no number.
    #[inline]
    pub(crate) const fn ticks(self, now: Moment) -> u64 {
        now.as_nanos().saturating_mul(self.per_nano)
    }

    /// The first moment that is not before `instant`.
    pub(crate) const fn moment(self, instant: u64) -> Moment {
        Moment::from_nanos(instant.div_ceil(self.per_nano))
    }

    /// The nanoseconds of so many ticks, rounded up.
    #[inline]
    pub(crate) const fn nanos(self, ticks: u64) -> u64 {
        ticks.div_ceil(self.per_nano)
    }

    /// The ticks of `permits`; `None` if they are more than the burst.
    pub(crate) const fn cost(self, permits: u32) -> Option<u64> {
        match self.interval.checked_mul(permits as u64) {
            Some(cost) if cost <= self.capacity => Some(cost),
            _ => None,
        }
    }

    /// The next free place for `cost`; `None` beyond the end of time.
    ///
    /// Nothing may be given after its place has begun, and clocks show whole nanoseconds. It takes a whole burst for a place to begin
    /// less than one after its instant: so who waits for that gets a place that begins with a nanosecond.
    #[inline]
    pub(crate) const fn next(self, tat: u64, now: u64, cost: u64) -> Option<Booking> {
        let base = if tat <= now {
            now
        } else if cost < self.capacity || self.per_nano == 1 {
            tat
        } else {
            match tat.checked_next_multiple_of(self.per_nano) {
                Some(whole) => whole,
                None => return None,
            }
        };
        match base.checked_add(cost) {
            // The last number stands for a limiter that nobody has used yet.
            Some(end) if end < u64::MAX => Some(Booking { end, start: end.saturating_sub(self.capacity) }),
            _ => None,
        }
    }

    /// The TAT with which there are `permits` at `now`.
    pub(crate) const fn tat_with(self, permits: u32, now: u64) -> u64 {
        let missing = self.capacity - self.interval * permits as u64;
        now.saturating_add(missing)
    }

    /// The whole permits that are free at `now`; none beyond the end of time.
    pub(crate) const fn available(self, tat: u64, now: u64) -> u32 {
        let free = self.capacity.saturating_sub(tat.saturating_sub(now));
        let before_the_end = (u64::MAX - 1).saturating_sub(if tat > now { tat } else { now });
        let free = if free < before_the_end { free } else { before_the_end };
        #[expect(clippy::cast_possible_truncation, reason = "no more than the burst")]
        let permits = (free / self.interval) as u32;
        permits
    }

    /// Whether there are bookings whose instant is still to come.
    pub(crate) const fn is_booked_ahead(self, tat: u64, now: u64) -> bool {
        tat > now.saturating_add(self.capacity)
    }

    /// The TAT after a change to another quota: with the same share of the burst consumed, and not before the last booking.
    pub(crate) fn carry_over(self, tat: u64, now: Moment, to: Self) -> u64 {
        let (old_now, new_now) = (self.ticks(now), to.ticks(now));
        let consumed = tat.saturating_sub(old_now);
        let (late, consumed) = match consumed.checked_sub(self.capacity) {
            Some(late) => (late, self.capacity),
            None => (0, consumed),
        };
        let scale = |ticks: u64, by: u64, per: u64| {
            let scaled = (u128::from(ticks) * u128::from(by)).div_ceil(u128::from(per));
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        let share = scale(consumed, to.capacity, self.capacity);
        new_now.saturating_add(scale(late, to.per_nano, self.per_nano)).saturating_add(share)
    }

    /// From when on nothing is booked: now, or the instant of the last booking.
    pub(crate) const fn first_free(self, tat: u64, now: u64) -> u64 {
        if self.is_booked_ahead(tat, now) { tat - self.capacity } else { now }
    }

    /// How long until `cost` is free.
    pub(crate) const fn wait(self, tat: u64, now: u64, cost: u64) -> Duration {
        match self.next(tat, now, cost) {
            Some(booking) => Duration::from_nanos(self.nanos(booking.start.saturating_sub(now))),
            None => Duration::MAX,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate to be looked at")]
    pub(crate) fn permits_per_second(self) -> f64 {
        1e9 * self.per_nano as f64 / self.interval as f64
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
