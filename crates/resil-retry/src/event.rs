use std::fmt;
use std::time::Duration;

use resil_core::{Name, Notice, Severity};

use crate::StopReason;

/// Something that happened to a call; what [`observe`](crate::Retry::observe) tells.
///
/// ```
/// use resil_retry::{Config, Event, ManualClock, Retry};
///
/// let retry = Retry::with_clock("payments".into(), Config::new(), ManualClock::leaping());
/// retry.observe(|event| match event {
///     Event::Retrying(failed) => println!("attempt {} failed, next in {:?}", failed.attempt, failed.delay),
///     Event::Stopped(stopped) => println!("{}", stopped.reason),
///     other => println!("{other}"),
/// }).forget();
/// let _ = retry.call(|| Err::<(), _>("down")); // tells of two retries and of the end: "attempts exhausted"
/// # assert_eq!(retry.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// An attempt failed and another one will follow.
    Retrying(FailedAttempt),
    /// A call succeeded after its first attempt.
    Recovered(Recovered),
    /// A call ended without success.
    Stopped(Stopped),
}

/// An attempt that failed and will be followed by another one.
///
/// ```
/// use resil_retry::{Backoff, Config, Event, ManualClock, Retry};
/// use std::time::Duration;
///
/// let second = Duration::from_secs(1);
/// let config = Config::new().max_attempts(2).backoff(Backoff::fixed(second));
/// let retry = Retry::with_clock("payments".into(), config, ManualClock::leaping());
/// retry.observe(move |event| {
///     if let Event::Retrying(failed) = event {
///         assert_eq!((failed.attempt, failed.delay, failed.error.as_deref()), (1, second, Some("\"down\"")));
///     }
/// }).forget();
/// let _ = retry.call(|| Err::<(), _>("down"));
/// # assert_eq!(retry.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FailedAttempt {
    /// The handle's name.
    pub name: Name,
    /// Its number, from 1.
    pub attempt: u32,
    /// The wait before the next one.
    pub delay: Duration,
    /// What went wrong, as `Debug` shows it, of a long text the beginning; `None` if the result was no error but judged like one.
    pub error: Option<String>,
}

/// A call that succeeded after its first attempt.
///
/// ```
/// use resil_retry::{Attempt, Config, Event, ManualClock, Retry};
///
/// let retry = Retry::with_clock("payments".into(), Config::new(), ManualClock::leaping());
/// retry.observe(|event| {
///     if let Event::Recovered(recovered) = event {
///         assert_eq!(recovered.attempts, 2);
///     }
/// }).forget();
/// let _ = retry.call(|attempt: Attempt| if attempt.is_first() { Err("down") } else { Ok(()) });
/// # assert_eq!((retry.stats().recovered, retry.stats().listener_panics), (1, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Recovered {
    /// The handle's name.
    pub name: Name,
    /// How many attempts it took.
    pub attempts: u32,
}

/// A call that ended without success.
///
/// ```
/// use resil_retry::{Config, Event, ManualClock, Retry, StopReason};
///
/// let retry = Retry::with_clock("payments".into(), Config::new(), ManualClock::leaping());
/// retry.observe(|event| {
///     if let Event::Stopped(stopped) = event {
///         assert_eq!((stopped.attempts, stopped.reason), (3, StopReason::AttemptsExhausted));
///     }
/// }).forget();
/// let _ = retry.call(|| Err::<(), _>("down"));
/// # assert_eq!(retry.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stopped {
    /// The handle's name.
    pub name: Name,
    /// How many attempts were made; 0 if the deadline was over before the first.
    pub attempts: u32,
    /// Why there are no more.
    pub reason: StopReason,
    /// What the last one gave, as `Debug` shows it, of a long text the beginning; `None` if it was no error, or gave nothing.
    pub error: Option<String>,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self {
            Self::Retrying(FailedAttempt { name, attempt, delay, error }) => {
                write!(f, "{name}: attempt {attempt} failed, next in {delay:?}")?;
                error
            }
            Self::Recovered(Recovered { name, attempts }) => {
                return write!(f, "{name}: succeeded at attempt {attempts}");
            }
            Self::Stopped(Stopped { name, attempts, reason, error }) => {
                match attempts {
                    0 => write!(f, "{name}: stopped before the first attempt, {reason}")?,
                    _ => write!(f, "{name}: stopped after attempt {attempts}, {reason}")?,
                }
                error
            }
        };
        match error {
            Some(error) => write!(f, " ({error})"),
            None => Ok(()),
        }
    }
}

impl Notice for Event {
    fn name(&self) -> Name {
        match self {
            Self::Retrying(failed) => failed.name,
            Self::Recovered(recovered) => recovered.name,
            Self::Stopped(stopped) => stopped.name,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Retrying(_) => "retrying",
            Self::Recovered(_) => "recovered",
            Self::Stopped(_) => "stopped",
        }
    }

    fn severity(&self) -> Severity {
        let Self::Stopped(stopped) = self else { return Severity::Debug };
        match stopped.reason {
            // What the caller, the callee or another policy wanted so.
            StopReason::NotRetryable
            | StopReason::CircuitOpen
            | StopReason::ShuttingDown
            | StopReason::Cancelled => Severity::Debug,
            _ => Severity::Warn,
        }
    }
}
