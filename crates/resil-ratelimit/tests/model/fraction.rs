//! Time without rounding: whole parts of a nanosecond, so small that the ticks of every quota are whole numbers of them.

use resil_ratelimit::Quota;

/// The least common multiple of 1 to 32: so many parts are in a nanosecond.
pub(crate) const PARTS: i128 = 144_403_552_893_600;

/// What a quota allows, in parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    /// The time in which one permit comes back.
    pub(crate) interval: i128,
    /// The grain of the limiter's arithmetic: all its instants are multiples of it.
    pub(crate) tick: i128,
    pub(crate) burst: u32,
    pub(crate) initial: u32,
}

impl Rules {
    /// One permit's time is a fraction of nanoseconds. It is kept as it is if its denominator is at most 32, else it is rounded up to
    /// 1/32.
    pub(crate) fn of(quota: Quota) -> Self {
        let (period, permits) = (nanos(quota), i128::from(quota.permits()));
        let denominator = permits / common_divisor(period, permits);
        let (burst, initial) = (quota.burst_size(), quota.initial_permits());
        let (interval, tick) = if denominator <= 32 {
            (period * PARTS / permits, PARTS / denominator)
        } else {
            (rounded_up(period * PARTS, permits * PARTS / 32) / permits, PARTS / 32)
        };
        Self { interval, tick, burst, initial }
    }

    pub(crate) fn capacity(self) -> i128 {
        self.interval * i128::from(self.burst)
    }

    pub(crate) fn cost(self, permits: u32) -> i128 {
        self.interval * i128::from(permits)
    }
}

pub(crate) fn nanos(quota: Quota) -> i128 {
    i128::try_from(quota.period().as_nanos()).expect("a period has less than 2^94 nanoseconds")
}

fn common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// The first multiple of `unit` that is not below `number`.
pub(crate) fn rounded_up(number: i128, unit: i128) -> i128 {
    number + (-number).rem_euclid(unit)
}

/// The parts of a moment.
pub(crate) fn parts(nanos: u64) -> i128 {
    i128::from(nanos) * PARTS
}

/// The first nanosecond that is not before; the end of time if there is none.
pub(crate) fn nanosecond(parts: i128) -> u64 {
    u64::try_from(rounded_up(parts.max(0), PARTS) / PARTS).unwrap_or(u64::MAX)
}
