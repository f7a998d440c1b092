use std::time::Duration;

use resil_core::{OutOfRange, Setting, Value, setting};

use crate::{Signal, Signals};

const TIMEOUT: &Setting = &setting!("timeout", "1ns to 100 years");
const DRAIN_DELAY: &Setting = &setting!("drain_delay", "0 to less than the timeout");
const DRAIN_TIMEOUT: &Setting = &setting!("drain_timeout", "0 to the timeout");
const PROGRESS: &Setting = &setting!("progress_every", "1ms to 100 years");
pub(crate) const LIMIT: &Setting = &setting!("within", "1ns to 100 years");

/// No sum of such spans overflows a [`Moment`](crate::Moment).
pub(crate) const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The settings of a [`GracefulShutdown`](crate::GracefulShutdown): `Copy`, and made by `const` methods, so that it can stand in a
/// `static`.
///
/// ```
/// use resil_shutdown::{Config, GracefulShutdown, Signal};
/// use std::time::Duration;
///
/// static SHUTDOWN: GracefulShutdown = GracefulShutdown::with_config(
///     Config::new()
///         .timeout(Duration::from_secs(25)) // for all of it
///         .drain_delay(Duration::from_secs(5)) // until load balancers have noticed
///         .signals(&[Signal::Terminate, Signal::Interrupt, Signal::Hangup]),
/// );
/// assert_eq!(SHUTDOWN.config().timeout, Duration::from_secs(25));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a configuration does nothing by itself"]
pub struct Config {
    /// The budget for all of it.
    pub timeout: Duration,
    /// How long it goes on serving after it was asked to end.
    pub drain_delay: Duration,
    /// How long it waits for what is in flight; `None` is half of what is left of the budget by then.
    pub drain_timeout: Option<Duration>,
    /// Whether callbacks of the same priority run at once.
    pub same_priority_at_once: bool,
    /// How often it tells who is still running; `None` is never.
    pub progress_every: Option<Duration>,
    /// The exit code where the budget is exceeded.
    pub force_exit_code: u8,
    /// The signals that begin the end.
    pub signals: Signals,
}

impl Config {
    /// The whole budget unless configured otherwise: 30 s.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

    /// The defaults: SIGTERM and SIGINT, 30 s for all of it, and no delay before the drain.
    pub const fn new() -> Self {
        Self {
            timeout: Self::DEFAULT_TIMEOUT,
            drain_delay: Duration::ZERO,
            drain_timeout: None,
            progress_every: Some(Duration::from_secs(5)),
            same_priority_at_once: false,
            force_exit_code: 1,
            signals: Signals::of(&[Signal::Terminate, Signal::Interrupt]),
        }
    }

    /// The budget for all of it, from the request to the last callback: 1 ns to 100 years, 30 s unless set.
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How long it goes on serving after it was asked to end, so that load balancers notice that it is no longer ready: less than the
    /// timeout, 0 unless set.
    pub const fn drain_delay(self, delay: Duration) -> Self {
        Self { drain_delay: delay, ..self }
    }

    /// How long to wait for what is in flight, from the end of the intake to the first callback: up to the timeout. Unless set it is
    /// half of what is left of the budget by then, so that callbacks always have the other half.
    pub const fn drain_timeout(self, timeout: Duration) -> Self {
        Self { drain_timeout: Some(timeout), ..self }
    }

    /// Whether callbacks of the same priority run at once, each on a thread of its own, rather than in the order of their
    /// registration; off unless set.
    pub const fn same_priority_at_once(self, on: bool) -> Self {
        Self { same_priority_at_once: on, ..self }
    }

    /// How often to tell who is still running: 1 ms to 100 years, every 5 s unless set.
    pub const fn progress_every(self, period: Duration) -> Self {
        Self { progress_every: Some(period), ..self }
    }

    /// Never tells who is still running.
    pub const fn no_progress(self) -> Self {
        Self { progress_every: None, ..self }
    }

    /// The exit code where the budget is exceeded; 1 unless set.
    pub const fn force_exit_code(self, code: u8) -> Self {
        Self { force_exit_code: code, ..self }
    }

    /// The signals that begin the end, in place of SIGTERM and SIGINT. A second one of them forces the exit. Needs feature `signal`.
    pub const fn signals(self, signals: &[Signal]) -> Self {
        Self { signals: Signals::of(signals), ..self }
    }

    /// Whether every setting is in its range.
    pub const fn check(&self) -> Result<(), OutOfRange> {
        if !is_span(self.timeout) {
            return Err(OutOfRange::new(TIMEOUT, Value::Span(self.timeout)));
        }
        if self.drain_delay.as_nanos() >= self.timeout.as_nanos() {
            return Err(OutOfRange::new(DRAIN_DELAY, Value::Span(self.drain_delay)));
        }
        if let Some(drain) = self.drain_timeout
            && drain.as_nanos() > self.timeout.as_nanos()
        {
            return Err(OutOfRange::new(DRAIN_TIMEOUT, Value::Span(drain)));
        }
        match self.progress_every {
            Some(period) if period.as_millis() == 0 || !is_span(period) => {
                Err(OutOfRange::new(PROGRESS, Value::Span(period)))
            }
            _ => Ok(()),
        }
    }
}

/// Whether `span` is one that a setting may have.
pub(crate) const fn is_span(span: Duration) -> bool {
    !span.is_zero() && span.as_nanos() <= MAX_SPAN.as_nanos()
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
