use std::fmt;
use std::time::Duration;

/// A setting of a [`Config`](crate::Config) that is out of its range: which one, its value and the range.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config};
///
/// let error = CircuitBreaker::try_new("payments", Config::new().failure_threshold(0)).unwrap_err();
/// assert_eq!(error.field(), "failure_threshold");
/// assert_eq!(error.to_string(), "failure_threshold: 0 is out of range, allowed is 1 or more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfigError {
    setting: Setting,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Count(u64),
    Percent(u8),
    Span(Duration),
    Number(f64),
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
    FailureThreshold, "failure_threshold", "1 or more";
    FailureRate, "failure_rate", "1% to 100%";
    SlowCall, "slow_call", "1ns to 100 years";
    SlowCallRate, "slow_call_rate", "1% to 100%";
    MinCalls, "min_calls", "1 or more";
    MinCallsOfWindow, "min_calls", "1 to the number of calls in the window";
    WindowCalls, "window", "1 to 1,000,000 calls";
    WindowTime, "window", "1us to 100 years";
    WindowSlices, "window slices", "1 to 1,000";
    ResetTimeout, "reset_timeout", "1ns to 100 years";
    ReopenFactor, "reopen factor", "1.0 to 1,000.0";
    ReopenMax, "reopen max", "the first timeout to 100 years";
    ReopenJitter, "reopen jitter", "0.0 to 1.0";
    HalfOpenMaxCalls, "half_open_max_calls", "1 to 1,000";
    SuccessThreshold, "success_threshold", "1 or more";
    HalfOpenFailureRate, "half_open_failure_rate", "1% to 100%";
    ProbeTimeout, "probe_timeout", "1ns to 100 years";
    MaxHalfOpen, "max_half_open", "1ns to 100 years";
    RampUp, "ramp_up", "1ns to 100 years";
    Capacity, "capacity", "1 to 16,777,216 keys";
}

/// 100 years: long enough for every setting, and no sum of such spans overflows a [`Moment`](crate::Moment).
pub(crate) const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

impl ConfigError {
    pub(crate) const fn new(setting: Setting, value: Value) -> Self {
        Self { setting, value }
    }

    /// The setting's name, as it is spelled in configuration files.
    pub const fn field(&self) -> &'static str {
        self.setting.name()
    }

    /// The range that is allowed, as a text.
    pub const fn allowed(&self) -> &'static str {
        self.setting.range()
    }

    /// Field and range, without the value.
    pub(crate) const fn complaint(&self) -> &'static str {
        self.setting.complaint()
    }
}

/// The nanoseconds of `span`, if it is one that a setting may have.
pub(crate) const fn nanos_in_range(setting: Setting, span: Duration) -> Result<u64, ConfigError> {
    if span.is_zero() || span.as_nanos() > MAX_SPAN.as_nanos() {
        return Err(ConfigError::new(setting, Value::Span(span)));
    }
    #[expect(clippy::cast_possible_truncation, reason = "100 years are less than 2^62 nanoseconds")]
    Ok(span.as_nanos() as u64)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Span(span) => write!(f, "{span:?}"),
            Self::Number(number) => write!(f, "{number:?}"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is out of range, allowed is {}", self.field(), self.value, self.allowed())
    }
}

impl std::error::Error for ConfigError {}
