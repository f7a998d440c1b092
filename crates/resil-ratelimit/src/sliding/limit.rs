use std::time::Duration;

use crate::QuotaError;
use crate::quota_error::{Setting, Value, range};

/// What a [`SlidingWindow`](crate::SlidingWindow) allows: so many permits in any window of so much time.
///
/// | setting | unless set | range |
/// |---|---|---|
/// | permits | | 1 or more |
/// | window | | 1 ns to 100 years |
/// | [`exact`](Self::exact) | up to [1,024](Self::KEPT_EXACTLY) permits | up to 1,000,000 permits |
/// | [`slices`](Self::slices) | [256](Self::DEFAULT_SLICES) for more permits | 1 to 65,536 |
///
/// ```
/// use resil_ratelimit::Limit;
/// use std::time::Duration;
///
/// const MAPS: Limit = Limit::per_minute(300);
/// const MAILS: Limit = Limit::per_day(50_000).slices(1_440);
/// const REPORTS: Limit = Limit::per(2, Duration::from_secs(90));
///
/// assert!(MAPS.is_exact() && REPORTS.is_exact());
/// assert!(MAILS.lateness() < Duration::from_secs(60)); // a minute is one of 1,440 slices
/// ```
///
/// A limit is checked where a window is made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a limit does nothing before a window is made from it"]
pub struct Limit {
    permits: u32,
    window: Duration,
    grain: Grain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Grain {
    ByPermits,
    Exact,
    Slices(u32),
}

/// A limit in numbers that fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measures {
    pub(super) permits: u32,
    /// Nanoseconds.
    pub(super) window: u64,
    /// Nanoseconds that are taken for one instant: 1 where each is kept.
    pub(super) slice: u64,
}

/// 100 years, as for all settings.
const MAX_WINDOW: u128 = 100 * 365 * 24 * 3_600 * 1_000_000_000;
const MAX_EXACT: u32 = 1_000_000;
const MAX_SLICES: u32 = 65_536;

impl Limit {
    /// The most permits for which each instant is kept unless [`slices`](Self::slices) says otherwise: 16 KiB of instants.
    pub const KEPT_EXACTLY: u32 = 1_024;

    /// The slices of a window for more permits, unless [`slices`](Self::slices) or [`exact`](Self::exact) says otherwise: 4 KiB, and a
    /// permit comes back late by less than 0.4 % of the window.
    pub const DEFAULT_SLICES: u32 = 256;

    /// At most `permits` in any second.
    pub const fn per_second(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(1))
    }

    /// At most `permits` in any 60 seconds.
    pub const fn per_minute(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(60))
    }

    /// At most `permits` in any 60 minutes.
    pub const fn per_hour(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(3_600))
    }

    /// At most `permits` in any 24 hours.
    pub const fn per_day(permits: u32) -> Self {
        Self::per(permits, Duration::from_secs(86_400))
    }

    /// At most `permits` in any `window`.
    pub const fn per(permits: u32, window: Duration) -> Self {
        Self { permits, window, grain: Grain::ByPermits }
    }

    /// Keeps the instant of every permit, so that each comes back exactly one window after it was given, for 16 bytes of memory each.
    pub const fn exact(mut self) -> Self {
        self.grain = Grain::Exact;
        self
    }

    /// Cuts the window into so many slices, and keeps one instant for all permits of a slice: the last one, so that none comes back too
    /// early, and each one less than a slice too late. For 16 bytes of memory for each slice.
    pub const fn slices(mut self, slices: u32) -> Self {
        self.grain = Grain::Slices(slices);
        self
    }

    /// How many permits there are in any window.
    pub const fn permits(self) -> u32 {
        self.permits
    }

    /// The length of the window.
    pub const fn window(self) -> Duration {
        self.window
    }

    /// Whether every permit comes back exactly one window after it was given. So it does also where a slice would be a nanosecond.
    pub const fn is_exact(self) -> bool {
        self.slice() <= 1
    }

    /// The longest time by which a permit may come back later than one window after it was given: zero where it
    /// [is exact](Self::is_exact), else less than the window divided by its slices.
    pub const fn lateness(self) -> Duration {
        let nanos = self.slice().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, reason = "the seconds of a part of a `Duration`")]
        let seconds = (nanos / 1_000_000_000) as u64;
        Duration::new(seconds, (nanos % 1_000_000_000) as u32)
    }

    /// `Ok` if a window can keep this limit, or the setting that is out of its range.
    pub const fn check(self) -> Result<(), QuotaError> {
        match self.measures() {
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The length of a slice in nanoseconds, for any settings.
    const fn slice(self) -> u128 {
        let slices = match self.grain {
            Grain::ByPermits if self.permits > Self::KEPT_EXACTLY => Self::DEFAULT_SLICES,
            Grain::ByPermits | Grain::Exact | Grain::Slices(0) => return 1,
            Grain::Slices(slices) => slices,
        };
        self.window.as_nanos().div_ceil(slices as u128)
    }

    pub(super) const fn measures(self) -> Result<Measures, QuotaError> {
        const fn refuse(setting: &'static Setting, value: Value) -> Result<Measures, QuotaError> {
            Err(QuotaError::new(setting, value))
        }
        if self.permits == 0 {
            return refuse(range::PERMITS, Value::Count(0));
        }
        if self.window.is_zero() || self.window.as_nanos() > MAX_WINDOW {
            return refuse(range::WINDOW, Value::Span(self.window));
        }
        match self.grain {
            Grain::Exact if self.permits > MAX_EXACT => {
                return refuse(range::EXACT_PERMITS, Value::Count(self.permits as u64));
            }
            Grain::Slices(slices) if slices == 0 || slices > MAX_SLICES => {
                return refuse(range::SLICES, Value::Count(slices as u64));
            }
            _ => {}
        }
        #[expect(clippy::cast_possible_truncation, reason = "100 years are less than 2^62 nanoseconds")]
        let (window, slice) = (self.window.as_nanos() as u64, self.slice() as u64);
        Ok(Measures { permits: self.permits, window, slice })
    }
}

impl Measures {
    /// The most entries that the log of one window can have: a slice at each of its ends may lie in it only partly.
    pub(super) fn entries(self) -> u64 {
        u64::from(self.permits).min((self.window - 1) / self.slice + 2)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn slice(limit: Limit) -> (u64, u64) {
        let measures = limit.measures().expect("in range");
        (measures.slice, measures.entries())
    }

    #[test]
    fn few_permits_are_kept_by_the_nanosecond_and_many_by_the_slice() {
        let window = Duration::from_nanos(25_600);
        assert_eq!(slice(Limit::per(1_024, window)), (1, 1_024));
        assert_eq!(slice(Limit::per(1_025, window)), (100, 257));
        assert_eq!(slice(Limit::per(1_025, window).exact()), (1, 1_025));
        assert_eq!(slice(Limit::per(10, window).slices(2)), (12_800, 3));
        assert_eq!(slice(Limit::per(10, window).exact().slices(2)), (12_800, 3), "the last one counts");
    }

    #[test]
    fn a_slice_is_rounded_up_and_a_window_never_has_more_slices_than_were_asked_for() {
        for (nanos, slices, expected) in [
            (100, 3, (34, 4)),
            (10, 7, (2, 6)),
            (10, 10, (1, 11)),
            (10, 11, (1, 11)),
            (1, 9, (1, 2)),
            (9, 1, (9, 2)),
        ] {
            let limit = Limit::per(u32::MAX, Duration::from_nanos(nanos)).slices(slices);
            assert_eq!(slice(limit), expected, "{limit:?}");
            let lateness = Duration::from_nanos(expected.0 - 1);
            assert_eq!((limit.lateness(), limit.is_exact()), (lateness, expected.0 == 1));
            assert!(limit.lateness() * slices < limit.window());
        }
    }

    #[test]
    fn a_limit_out_of_range_can_still_be_looked_at() {
        let endless = Limit::per(5, Duration::MAX).slices(1);
        assert_eq!(endless.lateness(), Duration::new(u64::MAX, 999_999_998));
        assert!(endless.check().is_err() && !endless.is_exact());
        let empty = Limit::per(u32::MAX, Duration::ZERO);
        assert_eq!((empty.lateness(), empty.is_exact()), (Duration::ZERO, true));
        assert!(Limit::per_second(1).slices(0).is_exact());
    }

    #[test]
    fn spans_are_those_of_their_names() {
        let limits = [Limit::per_second(7), Limit::per_minute(7), Limit::per_hour(7), Limit::per_day(7)];
        assert_eq!(limits.map(Limit::window), [SECOND, 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND]);
        assert_eq!(limits.map(Limit::permits), [7; 4]);
    }
}
