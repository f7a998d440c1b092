use std::fmt;
use std::time::Duration;

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
    setting: Setting,
    value: Value,
    /// Of several quotas.
    index: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Count(u64),
    Span(Duration),
    Number(f64),
    Rate(u32, Duration),
}

/// Every setting with its name and its range, each pair once.
macro_rules! settings {
    ($($setting:ident, $name:literal, $range:literal;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Setting { $($setting),+ }

        impl Setting {
            const fn name(self) -> &'static str {
                match self { $(Self::$setting => $name),+ }
            }

            const fn range(self) -> &'static str {
                match self { $(Self::$setting => $range),+ }
            }

            /// For panics in const evaluation, which cannot format a value.
            const fn complaint(self) -> &'static str {
                match self { $(Self::$setting => concat!($name, " is out of range, allowed is ", $range)),+ }
            }
        }
    };
}

settings! {
    Permits, "permits", "1 or more";
    Period, "period", "1ns to 4 years";
    Rate, "rate", "at most 1 permit per nanosecond";
    Rounding, "rate", "an interval between permits that is within 0.1% of whole 1/32 nanoseconds";
    Burst, "burst", "1 or more";
    Refill, "time to refill the burst", "up to 4 years";
    Initial, "initial", "0 to the burst";
    Capacity, "capacity", "1 to 134,217,728";
    Batch, "batch", "1 to the burst, and at most 1,024";
    Window, "window", "1ns to 100 years";
    ExactPermits, "permits", "1 to 1,000,000 where the instant of each is kept";
    Slices, "slices", "1 to 65,536";
    PerSecond, "permits per second", "1 per 4 years to 1,000,000,000";
}

impl QuotaError {
    pub(crate) const fn new(setting: Setting, value: Value) -> Self {
        Self { setting, value, index: None }
    }

    /// The same error, in one of several quotas.
    pub(crate) const fn in_quota(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// The setting's name, as it is spelled in configuration files.
    pub const fn field(&self) -> &'static str {
        self.setting.name()
    }

    /// Which quota it is, counted from 0, where there are several.
    pub const fn index(&self) -> Option<usize> {
        self.index
    }

    /// The range that is allowed, as a text.
    pub const fn allowed(&self) -> &'static str {
        self.setting.range()
    }

    /// Whether no ticks are near enough to the interval.
    pub(crate) const fn is_rounding(&self) -> bool {
        matches!(self.setting, Setting::Rounding)
    }

    /// Field and range, without the value.
    pub(crate) const fn complaint(&self) -> &'static str {
        self.setting.complaint()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Span(span) => write!(f, "{span:?}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Rate(permits, period) => write!(f, "{permits} per {period:?}"),
        }
    }
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.index {
            write!(f, "quotas[{index}].")?;
        }
        write!(f, "{}: {} is out of range, allowed is {}", self.field(), self.value, self.allowed())
    }
}

impl std::error::Error for QuotaError {}
