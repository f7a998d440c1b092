use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use resil_core::{Moment, Name, Notice, Rejected, Severity};

use crate::rules::Breach;
use crate::{State, Stats};

/// Something that a circuit breaker tells its listeners.
///
/// Transitions come in the order in which they happened; the others are in order for each thread.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, Event, PolicyExt, State};
/// use std::sync::{Arc, Mutex};
///
/// let breaker = CircuitBreaker::new("payments", Config::new().failure_threshold(1));
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let listener = Arc::clone(&seen);
/// let _subscription = breaker.observe(move |event| listener.lock().unwrap().push(event.to_string()));
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// assert_eq!(*seen.lock().unwrap(), ["payments: closed -> open, failure threshold reached"]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// The circuit changed its state.
    Transition(Box<Transition>),
    /// A call was refused.
    Rejected(Rejection),
    /// A call took longer than the slow rule's limit.
    SlowCall(SlowCall),
    /// A rule was broken while the circuit only watches; told once until the state is changed.
    ThresholdExceeded(Box<ThresholdExceeded>),
}

/// A change of state.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, Event, PolicyExt, State};
///
/// let breaker = CircuitBreaker::new("payments", Config::new().failure_threshold(1));
/// let _subscription = breaker.observe(|event| {
///     if let Event::Transition(change) = event {
///         assert_eq!((change.from, change.to, change.epoch), (State::Closed, State::Open, 1));
///         println!("{} after {} failures", change.cause, change.before.failures);
///     }
/// });
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// # assert_eq!(breaker.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Transition {
    /// The breaker's name.
    pub name: Name,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// What brought it about.
    pub cause: Cause,
    /// The reason that was given by hand.
    pub reason: Option<Cow<'static, str>>,
    /// The epoch that begins with it; grows by one with each transition.
    pub epoch: u64,
    /// When it happened, on the breaker's clock.
    pub at: Moment,
    /// How long an opened circuit stays open.
    pub open_for: Option<Duration>,
    /// The statistics before windows and streak were emptied.
    pub before: Stats,
}

/// A refused call.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, Event, PolicyExt, State};
///
/// let breaker = CircuitBreaker::new("payments", Config::new());
/// breaker.force_open("maintenance");
/// let _subscription = breaker.observe(|event| {
///     if let Event::Rejected(rejection) = event {
///         assert_eq!(rejection.state, State::ForcedOpen);
///         println!("{}", rejection.refusal);
///     }
/// });
/// let _ = breaker.call(|| Ok::<_, ()>(()));
/// # assert_eq!(breaker.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Rejection {
    /// The state that refused it.
    pub state: State,
    /// What the caller got.
    pub refusal: Rejected,
}

/// A slow call.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, Event, ManualClock, PolicyExt, Window};
/// use std::time::Duration;
///
/// let second = Duration::from_secs(1);
/// let config = Config::new().slow_rate(second, 50, 10, Window::calls(100));
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::with_clock("payments".into(), config, clock.clone());
/// let _subscription = breaker.observe(move |event| {
///     if let Event::SlowCall(slow) = event {
///         assert_eq!((slow.took, slow.slower_than), (3 * second, second));
///     }
/// });
/// let call = breaker.guard()?;
/// clock.advance(3 * second);
/// call.success();
/// # assert_eq!((breaker.stats().slow, breaker.stats().listener_panics), (1, 0));
/// # Ok::<_, resil_breaker::Rejected>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SlowCall {
    /// The breaker's name.
    pub name: Name,
    /// How long it took.
    pub took: Duration,
    /// Above which time a call is slow.
    pub slower_than: Duration,
}

/// A broken rule of a circuit that only watches.
///
/// ```
/// use resil_breaker::{Cause, CircuitBreaker, Config, Event, PolicyExt};
///
/// let breaker = CircuitBreaker::new("payments", Config::new().failure_threshold(1));
/// breaker.metrics_only("trying out the threshold");
/// let _subscription = breaker.observe(|event| {
///     if let Event::ThresholdExceeded(exceeded) = event {
///         assert_eq!(exceeded.cause, Cause::FailureThreshold);
///         println!("it would have opened after {} failures", exceeded.stats.failures);
///     }
/// });
/// let _ = breaker.call(|| Err::<(), _>("down"));
/// # assert_eq!(breaker.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThresholdExceeded {
    /// The breaker's name.
    pub name: Name,
    /// The rule.
    pub cause: Cause,
    /// The statistics with the outcome that broke it.
    pub stats: Stats,
}

/// What brought a transition about.
///
/// ```
/// use resil_breaker::Cause;
/// assert_eq!(Cause::FailureRate.to_string(), "failure rate reached");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cause {
    /// So many failures in a row.
    FailureThreshold,
    /// So many percent of the calls failed.
    FailureRate,
    /// So many percent of the calls were slow.
    SlowRate,
    /// The circuit has been open for its time.
    ResetTimeout,
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// A probe failed, or too many did.
    ProbeFailed,
    /// The half-open phase ended without a verdict.
    HalfOpenExpired,
    /// It was done by hand.
    Forced,
    /// The circuit was reset by hand.
    Reset,
    /// The time of a state that was set by hand is over.
    ManualExpired,
    /// A snapshot was restored.
    Restored,
}

impl From<Breach> for Cause {
    fn from(breach: Breach) -> Self {
        match breach {
            Breach::FailureThreshold => Self::FailureThreshold,
            Breach::FailureRate => Self::FailureRate,
            Breach::SlowRate => Self::SlowRate,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FailureThreshold => "failure threshold reached",
            Self::FailureRate => "failure rate reached",
            Self::SlowRate => "slow call rate reached",
            Self::ResetTimeout => "reset timeout over",
            Self::ProbesSucceeded => "probes succeeded",
            Self::ProbeFailed => "probe failed",
            Self::HalfOpenExpired => "half-open without a verdict",
            Self::Forced => "by hand",
            Self::Reset => "reset by hand",
            Self::ManualExpired => "state by hand expired",
            Self::Restored => "restored from a snapshot",
        })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transition(change) => {
                write!(f, "{}: {} -> {}, {}", change.name, change.from, change.to, change.cause)?;
                match &change.reason {
                    Some(reason) => write!(f, " ({reason})"),
                    None => Ok(()),
                }
            }
            Self::Rejected(rejection) => rejection.refusal.fmt(f),
            Self::SlowCall(slow) => {
                write!(f, "{}: call took {:?}, slow above {:?}", slow.name, slow.took, slow.slower_than)
            }
            Self::ThresholdExceeded(exceeded) => {
                write!(f, "{}: {}, only watching", exceeded.name, exceeded.cause)
            }
        }
    }
}

impl Notice for Event {
    fn name(&self) -> Name {
        match self {
            Self::Transition(change) => change.name,
            Self::Rejected(rejection) => rejection.refusal.name(),
            Self::SlowCall(slow) => slow.name,
            Self::ThresholdExceeded(exceeded) => exceeded.name,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Transition(_) => "transition",
            Self::Rejected(_) => "rejected",
            Self::SlowCall(_) => "slow_call",
            Self::ThresholdExceeded(_) => "threshold_exceeded",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Transition(change) if matches!(change.to, State::Open | State::ForcedOpen) => {
                Severity::Warn
            }
            Self::Transition(_) => Severity::Info,
            Self::ThresholdExceeded(_) => Severity::Warn,
            Self::Rejected(_) | Self::SlowCall(_) => Severity::Debug,
        }
    }
}
