use std::time::Duration;

pub(crate) use resil_core::{Setting, Value};

/// A setting of a [`Config`](crate::Config) that is out of its range: which one, its value and the range.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config};
///
/// let error = CircuitBreaker::try_new("payments", Config::new().failure_threshold(0)).unwrap_err();
/// assert_eq!(error.field(), "failure_threshold");
/// assert_eq!(error.to_string(), "failure_threshold: 0 is out of range, allowed is 1 or more");
/// ```
pub type ConfigError = resil_core::OutOfRange;

/// Every setting with its range.
pub(crate) mod range {
    use resil_core::{Setting, setting};

    pub(crate) const FAILURE_THRESHOLD: &Setting = &setting!("failure_threshold", "1 or more");
    pub(crate) const FAILURE_RATE: &Setting = &setting!("failure_rate", "1% to 100%");
    pub(crate) const SLOW_CALL: &Setting = &setting!("slow_call", "1ns to 100 years");
    pub(crate) const SLOW_CALL_RATE: &Setting = &setting!("slow_call_rate", "1% to 100%");
    pub(crate) const MIN_CALLS: &Setting = &setting!("min_calls", "1 or more");
    pub(crate) const MIN_CALLS_OF_WINDOW: &Setting =
        &setting!("min_calls", "1 to the number of calls in the window");
    pub(crate) const WINDOW_CALLS: &Setting = &setting!("window", "1 to 1,000,000 calls");
    pub(crate) const WINDOW_TIME: &Setting = &setting!("window", "1us to 100 years");
    pub(crate) const WINDOW_SLICES: &Setting = &setting!("window_slices", "1 to 1,000");
    pub(crate) const RESET_TIMEOUT: &Setting = &setting!("reset_timeout", "1ns to 100 years");
    pub(crate) const REOPEN_FACTOR: &Setting = &setting!("reopen_factor", "1.0 to 1,000.0");
    pub(crate) const REOPEN_MAX: &Setting = &setting!("reopen_max", "the first timeout to 100 years");
    pub(crate) const REOPEN_JITTER: &Setting = &setting!("reopen_jitter", "0.0 to 1.0");
    pub(crate) const HALF_OPEN_MAX_CALLS: &Setting = &setting!("half_open_max_calls", "1 to 1,000");
    pub(crate) const SUCCESS_THRESHOLD: &Setting = &setting!("success_threshold", "1 or more");
    pub(crate) const HALF_OPEN_FAILURE_RATE: &Setting = &setting!("half_open_failure_rate", "1% to 100%");
    pub(crate) const PROBE_TIMEOUT: &Setting = &setting!("probe_timeout", "1ns to 100 years");
    pub(crate) const MAX_HALF_OPEN: &Setting = &setting!("max_half_open", "1ns to 100 years");
    pub(crate) const RAMP_UP: &Setting = &setting!("ramp_up", "1ns to 100 years");
    pub(crate) const CAPACITY: &Setting = &setting!("capacity", "1 to 16,777,216 keys");
}

/// 100 years: long enough for every setting, and no sum of such spans overflows a [`Moment`](crate::Moment).
pub(crate) const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The nanoseconds of `span`, if it is one that a setting may have.
pub(crate) const fn nanos_in_range(setting: &'static Setting, span: Duration) -> Result<u64, ConfigError> {
    if span.is_zero() || span.as_nanos() > MAX_SPAN.as_nanos() {
        return Err(ConfigError::new(setting, Value::Span(span)));
    }
    #[expect(clippy::cast_possible_truncation, reason = "100 years are less than 2^62 nanoseconds")]
    Ok(span.as_nanos() as u64)
}
