use std::fmt;
use std::time::Duration;

use crate::QuotaError;
use crate::gcra::Gcra;
use crate::quota_error::{Value, range};

/// What a limiter allows: so many permits per period, so many of them at once, and so many at the start.
///
/// In any span of time T, however calls come, at most `burst + rate · T` permits are given.
///
/// | setting | unless set | range |
/// |---|---|---|
/// | rate | | 1 permit per 4 years to 1 per nanosecond |
/// | [`burst`](Self::burst) | the permits of one period | 1 or more, refilled within 4 years |
/// | [`initial`](Self::initial) | the burst | 0 to the burst |
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter};
/// use std::time::Duration;
///
/// const SEARCH: Quota = Quota::per_second(100).burst(20);
/// const REPORTS: Quota = Quota::per(1, Duration::from_secs(2));
/// # RateLimiter::new("search", SEARCH); RateLimiter::new("reports", REPORTS);
/// assert_eq!(SEARCH.interval(), Duration::from_millis(10));
/// ```
///
/// A quota is checked where a limiter is made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[must_use = "a quota limits nothing before a limiter is made from it"]
pub struct Quota {
    permits: u32,
    period: Duration,
    burst: u32,
    pub(crate) initial: Option<u32>,
}

impl Quota {
    /// `permits` per second.
    pub const fn per_second(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(1))
    }

    /// `permits` per minute.
    pub const fn per_minute(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(60))
    }

    /// `permits` per hour.
    pub const fn per_hour(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(3_600))
    }

    /// `permits` per 24 hours.
    pub const fn per_day(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(86_400))
    }

    /// `permits` per `period`.
    pub const fn per(permits: u32, period: Duration) -> Self {
        Self { permits, period, burst: permits, initial: None }
    }

    /// A rate in permits per second that may be a fraction, as the simplest ratio that equals it: 2.5 is 5 per 2 s, 0.1 is 1 per 10 s.
    /// Where none of 32-bit numbers does, as for pi million, it is the best that is a little lower. The burst is the rate, rounded up.
    ///
    /// # Errors
    /// For what is no number, no rate, or out of range.
    pub fn from_rate(permits_per_second: f64) -> Result<Self, QuotaError> {
        let error = QuotaError::new(range::PER_SECOND, Value::Number(permits_per_second));
        let (permits, seconds) = simplest_ratio(permits_per_second).ok_or(error)?;
        let quota = Self::per(permits, Duration::from_secs(seconds.into())).burst(permits.div_ceil(seconds));
        quota.check().map(|()| quota).map_err(|cause| if cause.is_rounding() { cause } else { error })
    }

    /// The same permits in another period.
    #[cfg(feature = "serde")]
    pub(crate) const fn every(mut self, period: Duration) -> Self {
        self.period = period;
        self
    }

    /// How many permits may be taken at once after a pause: the capacity, also when larger than the permits of one period.
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }

    /// How many permits there are when the limiter is first used.
    pub const fn initial(mut self, initial: u32) -> Self {
        self.initial = Some(initial);
        self
    }

    /// The permits of one period.
    pub const fn permits(self) -> u32 {
        self.permits
    }

    /// The period.
    pub const fn period(self) -> Duration {
        self.period
    }

    /// How many permits may be taken at once.
    pub const fn burst_size(self) -> u32 {
        self.burst
    }

    /// How many permits there are at the start.
    pub const fn initial_permits(self) -> u32 {
        match self.initial {
            Some(initial) => initial,
            None => self.burst,
        }
    }

    /// The time in which one permit comes back, rounded down to whole nanoseconds; zero for a quota without permits.
    pub const fn interval(self) -> Duration {
        if self.permits == 0 {
            return Duration::ZERO;
        }
        let nanos = self.period.as_nanos() / self.permits as u128;
        let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        #[expect(clippy::cast_possible_truncation, reason = "a part of a duration is one")]
        Duration::new(seconds as u64, rest as u32)
    }

    /// The permits per second that a limiter gives in the long run. It is the rate itself where the interval between permits is a whole
    /// number of 1/n nanoseconds for an n up to 32; else it is lower, by at most 0.1 %.
    pub fn effective_rate(self) -> Result<f64, QuotaError> {
        Gcra::of(self).map(Gcra::permits_per_second)
    }

    /// `Ok` if a limiter can keep this quota, or the setting that is out of its range.
    pub const fn check(self) -> Result<(), QuotaError> {
        match Gcra::of(self) {
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {:?}, burst {}", self.permits, self.period, self.burst)
    }
}

/// The ratio of the smallest numbers that equals `number`, or the nearest below it of those that fit, by its continued fraction.
fn simplest_ratio(number: f64) -> Option<(u32, u32)> {
    /// The whole seconds of the longest period.
    const LONGEST: u32 = 144_115_188;
    if !(number.is_finite() && number > 0.0) {
        return None;
    }
    let mut rest = number;
    let mut lower = None;
    let (mut before, mut last) = ((0_u64, 1_u64), (1_u64, 0_u64));
    loop {
        let room = |limit: u32, before: u64, last: u64| (u64::from(limit) - before).checked_div(last);
        let most =
            room(u32::MAX, before.0, last.0).into_iter().chain(room(LONGEST, before.1, last.1)).min()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and larger ones saturate"
        )]
        let whole = rest as u64;
        let times = whole.min(most);
        let next = (times * last.0 + before.0, times * last.1 + before.1);
        let (permits, seconds) = (u32::try_from(next.0).ok()?, u32::try_from(next.1).ok()?);
        let value = f64::from(permits) / f64::from(seconds);
        #[expect(clippy::float_cmp, reason = "the ratio is the number when it rounds to the same bits")]
        if value == number {
            return Some((permits, seconds));
        }
        if value < number && permits > 0 {
            lower = Some((permits, seconds));
        }
        if times < whole {
            return lower;
        }
        (before, last) = (last, next);
        rest = rest.fract().recip();
    }
}
