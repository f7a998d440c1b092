use std::time::Duration;

use resil_core::{OutOfRange, Setting, Value, setting};

const TIMEOUT: &Setting = &setting!("timeout", "1ns to 100 years");
const MAX_TIMEOUT: &Setting = &setting!("max_timeout", "the timeout to 100 years");

/// No sum of such spans overflows a [`Moment`](crate::Moment), and two bits are left over.
const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The settings of a [`Timeout`](crate::Timeout): `Copy`, and made by `const` methods, so that it can stand in a `static`.
///
/// ```
/// use resil_timeout::{Config, Timeout};
/// use std::time::Duration;
///
/// const CONFIG: Config = Config::new(Duration::from_secs(2)).max_timeout(Duration::from_secs(30));
/// static PAYMENTS: Timeout = Timeout::with_config("payments", CONFIG);
/// assert_eq!(PAYMENTS.config().max_timeout, Some(Duration::from_secs(30)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a configuration does nothing by itself"]
pub struct Config {
    /// The limit of a call whose caller asks for none: 1 ns to 100 years.
    pub timeout: Duration,
    /// The longest limit that a caller may [ask for](crate::Timeout::within): the timeout to 100 years. `None` is any.
    pub max_timeout: Option<Duration>,
    /// Whether a call ends with the current deadline at the latest, and sets it for what is called in it; by default yes.
    pub propagate_deadline: bool,
    /// Whether a future's limit begins when the call is made, not when it is first polled; by default no.
    pub include_queue_time: bool,
}

impl Config {
    /// The limit where nothing is said of it: 30 s.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

    /// For production: 60 s, and what callers ask for up to 600 s.
    pub const fn production() -> Self {
        Self::new(Duration::from_secs(60)).max_timeout(Duration::from_secs(600))
    }

    /// For development: 300 s, so that there is time to look around in a debugger.
    pub const fn development() -> Self {
        Self::new(Duration::from_secs(300))
    }

    /// Calls may take so long: 1 ns to 100 years.
    pub const fn new(timeout: Duration) -> Self {
        Self { timeout, max_timeout: None, propagate_deadline: true, include_queue_time: false }
    }

    /// Callers may [ask for](crate::Timeout::within) so long a limit at most: the timeout to 100 years. Without, for any.
    pub const fn max_timeout(mut self, max_timeout: Duration) -> Self {
        self.max_timeout = Some(max_timeout);
        self
    }

    /// Whether a call ends with the current deadline at the latest, and sets it for what is called in it; by default yes.
    ///
    /// With `false` the current deadline is neither read nor set. A call of synchronous code is then only made, as nothing else could
    /// cut it.
    pub const fn propagate_deadline(mut self, propagates: bool) -> Self {
        self.propagate_deadline = propagates;
        self
    }

    /// Whether a future's limit begins when the call is made, and not when it is first polled; by default no.
    ///
    /// So the time counts in which the future waits for whatever is around it, for example a permit. A future whose time is over when
    /// its turn comes is not polled. Costs each call two readings of the clock.
    pub const fn include_queue_time(mut self, includes: bool) -> Self {
        self.include_queue_time = includes;
        self
    }

    /// Whether every setting is in its range.
    pub const fn check(&self) -> Result<(), OutOfRange> {
        if self.timeout.is_zero() || self.timeout.as_nanos() > MAX_SPAN.as_nanos() {
            return Err(OutOfRange::new(TIMEOUT, Value::Span(self.timeout)));
        }
        if let Some(max) = self.max_timeout
            && (max.as_nanos() < self.timeout.as_nanos() || max.as_nanos() > MAX_SPAN.as_nanos())
        {
            return Err(OutOfRange::new(MAX_TIMEOUT, Value::Span(max)));
        }
        Ok(())
    }
}

/// A limit of 30 s.
impl Default for Config {
    fn default() -> Self {
        Self::new(Self::DEFAULT_TIMEOUT)
    }
}
