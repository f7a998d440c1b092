use std::time::Duration;

use crate::Quota;
use crate::quota_error::{QuotaError, Value, range};

/// A [`Quota`], and how long calls may wait for their permit: what a file says of a limiter. `Copy`, and made by `const` methods.
///
/// ```
/// use resil_ratelimit::{Config, Quota, RateLimiter};
/// use std::time::Duration;
///
/// const CONFIG: Config = Config::new(Quota::per_second(100).burst(20)).max_wait(Duration::from_millis(250));
/// assert_eq!(CONFIG.check(), Ok(()));
///
/// let search = RateLimiter::new("search", CONFIG.quota);
/// let waiting = search.waiting(CONFIG.max_wait.unwrap_or_default());
/// assert_eq!(waiting.call(|| Ok::<_, ()>("found")), Ok("found"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a configuration does nothing by itself"]
pub struct Config {
    /// What the limiter allows.
    pub quota: Quota,
    /// How long a call may wait for its permit: 0 to 100 years; `None` is not at all.
    pub max_wait: Option<Duration>,
}

/// No sum of two such spans overflows a [`Moment`](crate::Moment).
const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

impl Config {
    /// What a limiter allows of which nothing is said: 10 permits per second, as many at once.
    pub const DEFAULT_QUOTA: Quota = Quota::per_second(10);

    /// This quota, and calls that do not wait.
    pub const fn new(quota: Quota) -> Self {
        Self { quota, max_wait: None }
    }

    /// How long a call may wait for its permit: 0 to 100 years.
    pub const fn max_wait(self, max_wait: Duration) -> Self {
        Self { max_wait: Some(max_wait), ..self }
    }

    /// Whether every setting is in its range.
    pub const fn check(&self) -> Result<(), QuotaError> {
        if let Some(max_wait) = self.max_wait
            && max_wait.as_nanos() > MAX_SPAN.as_nanos()
        {
            return Err(QuotaError::new(range::MAX_WAIT, Value::Span(max_wait)));
        }
        self.quota.check()
    }
}

/// 10 calls per second, which do not wait.
impl Default for Config {
    fn default() -> Self {
        Self::new(Self::DEFAULT_QUOTA)
    }
}
