use std::fmt;

use resil_core::OutOfRange;
pub(crate) use resil_core::{Setting, Value};

/// A setting of a limiter that is out of its range: which one, its value and the range.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter};
///
/// let error = RateLimiter::try_new("search", Quota::per_second(100).burst(0)).unwrap_err();
/// assert_eq!(error.field(), "burst");
/// assert_eq!(error.to_string(), "burst: 0 is out of range, allowed is 1 or more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuotaError {
    error: OutOfRange,
    /// Of several quotas.
    index: Option<usize>,
}

/// Every setting with its range.
pub(crate) mod range {
    use resil_core::{Setting, setting};

    pub(crate) const PERMITS: &Setting = &setting!("permits", "1 or more");
    pub(crate) const PERIOD: &Setting = &setting!("period", "1ns to 4 years");
    pub(crate) const RATE: &Setting = &setting!("rate", "at most 1 permit per nanosecond");
    pub(crate) const ROUNDING: &Setting =
        &setting!("rate", "an interval between permits that is within 0.1% of whole 1/32 nanoseconds");
    pub(crate) const BURST: &Setting = &setting!("burst", "1 or more");
    pub(crate) const REFILL: &Setting = &setting!("time to refill the burst", "up to 4 years");
    pub(crate) const INITIAL: &Setting = &setting!("initial", "0 to the burst");
    pub(crate) const MAX_WAIT: &Setting = &setting!("max_wait", "0 to 100 years");
    pub(crate) const CAPACITY: &Setting = &setting!("capacity", "1 to 134,217,728");
    pub(crate) const BATCH: &Setting = &setting!("batch", "1 to the burst, and at most 1,024");
    pub(crate) const WINDOW: &Setting = &setting!("window", "1ns to 100 years");
    pub(crate) const EXACT_PERMITS: &Setting =
        &setting!("permits", "1 to 1,000,000 where the instant of each is kept");
    pub(crate) const SLICES: &Setting = &setting!("slices", "1 to 65,536");
    pub(crate) const PER_SECOND: &Setting = &setting!("permits per second", "1 per 4 years to 1,000,000,000");
}

impl QuotaError {
    pub(crate) const fn new(setting: &'static Setting, value: Value) -> Self {
        Self { error: OutOfRange::new(setting, value), index: None }
    }

    /// The same error, in one of several quotas.
    pub(crate) const fn in_quota(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// The setting's name, as it is spelled in configuration files.
    pub const fn field(&self) -> &'static str {
        self.error.field()
    }

    /// Which quota it is, counted from 0, where there are several.
    pub const fn index(&self) -> Option<usize> {
        self.index
    }

    /// The range that is allowed, as a text.
    pub const fn allowed(&self) -> &'static str {
        self.error.allowed()
    }

    /// The error, without the index.
    #[cfg(feature = "serde")]
    pub(crate) const fn out_of_range(&self) -> OutOfRange {
        self.error
    }

    /// Whether the burst comes back too slowly.
    #[cfg(feature = "serde")]
    pub(crate) fn is_refill(&self) -> bool {
        self.error.is_about(range::REFILL)
    }

    /// Whether no ticks are near enough to the interval.
    pub(crate) fn is_rounding(&self) -> bool {
        self.error.is_about(range::ROUNDING)
    }

    /// Field and range, without the value.
    pub(crate) const fn complaint(&self) -> &'static str {
        self.error.complaint()
    }
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.index {
            write!(f, "quotas[{index}].")?;
        }
        self.error.fmt(f)
    }
}

impl std::error::Error for QuotaError {}
