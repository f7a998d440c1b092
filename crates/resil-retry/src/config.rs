use std::time::Duration;

use resil_core::{OutOfRange, Setting, Value, setting};

use crate::backoff::MAX_SPAN;
use crate::{Backoff, Jitter};

const MAX_ATTEMPTS: &Setting = &setting!("max_attempts", "1 or more");
const MAX_ELAPSED: &Setting = &setting!("max_elapsed", "1ns to 100 years");

/// The settings of a [`Retry`](crate::Retry): `Copy`, and made by `const` methods, so that it can stand in a `static`.
///
/// ```
/// use resil_retry::{Backoff, Config};
/// use std::time::Duration;
///
/// const CONFIG: Config = Config::new()
///     .max_attempts(5)
///     .backoff(Backoff::fixed(Duration::from_millis(50)))
///     .max_elapsed(Duration::from_secs(2));
/// assert_eq!(CONFIG.check(), Ok(()));
///
/// let error = CONFIG.max_attempts(0).check().unwrap_err();
/// assert_eq!(error.to_string(), "max_attempts: 0 is out of range, allowed is 1 or more");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[must_use = "a configuration does nothing by itself"]
pub struct Config {
    /// How many attempts a call may make, the first one included: 1 or more, by default 3.
    pub max_attempts: u32,
    /// How long to wait between them: by default 100 ms, each time twice as long, 10 s at most, with [`Jitter::Full`].
    pub backoff: Backoff,
    /// The time since the call began in which another attempt may begin: 1 ns to 100 years, by default without end. It costs each call
    /// a reading of the clock.
    pub max_elapsed: Option<Duration>,
    /// Whether the refusal of an open circuit is retried like any other: by default it ends the call.
    pub retry_open_circuit: bool,
}

impl Config {
    /// How many attempts a call may make unless configured otherwise: 3.
    pub const DEFAULT_MAX_ATTEMPTS: u32 = 3;

    /// How long to wait between attempts unless configured otherwise.
    pub const DEFAULT_BACKOFF: Backoff =
        Backoff::exponential(Duration::from_millis(100)).max(Duration::from_secs(10)).jitter(Jitter::Full);

    /// The defaults: 3 attempts, 100 ms, each time twice as long, 10 s at most, full jitter.
    pub const fn new() -> Self {
        Self {
            max_attempts: Self::DEFAULT_MAX_ATTEMPTS,
            backoff: Self::DEFAULT_BACKOFF,
            max_elapsed: None,
            retry_open_circuit: false,
        }
    }

    /// For production: the defaults.
    pub const fn production() -> Self {
        Self::new()
    }

    /// For development: 2 attempts, 50 ms apart.
    pub const fn development() -> Self {
        Self::new().max_attempts(2).backoff(Backoff::fixed(Duration::from_millis(50)))
    }

    /// How many attempts a call may make, the first one included: 1 or more.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How long to wait between attempts.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// The time since the call began in which another attempt may begin: 1 ns to 100 years.
    pub const fn max_elapsed(mut self, span: Duration) -> Self {
        self.max_elapsed = Some(span);
        self
    }

    /// Whether the refusal of an open circuit is retried like any other.
    pub const fn retry_open_circuit(mut self, retried: bool) -> Self {
        self.retry_open_circuit = retried;
        self
    }

    /// The first setting that is out of its range, if there is one.
    ///
    /// # Errors
    /// It says which setting, its value and the range.
    pub const fn check(&self) -> Result<(), OutOfRange> {
        if self.max_attempts == 0 {
            return Err(OutOfRange::new(MAX_ATTEMPTS, Value::Count(0)));
        }
        if let Some(span) = self.max_elapsed
            && (span.is_zero() || span.as_nanos() > MAX_SPAN.as_nanos())
        {
            return Err(OutOfRange::new(MAX_ELAPSED, Value::Span(span)));
        }
        self.backoff.check()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
