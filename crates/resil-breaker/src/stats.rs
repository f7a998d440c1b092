use std::borrow::Cow;
use std::time::Duration;

use resil_core::Name;

use crate::State;
use crate::window::Share;

/// The statistics of a circuit breaker: a copy, taken at one instant.
///
/// Counters never run backwards and are exact at rest: `total = successes + failures + rejected + ignored + cancelled + in_flight`.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, PolicyExt};
///
/// let breaker = CircuitBreaker::new("payments", Config::new());
/// let _ = breaker.call(|| Ok::<_, ()>(()));
/// let _ = breaker.call(|| Err::<(), _>(()));
/// let stats = breaker.stats();
/// assert_eq!((stats.total, stats.successes, stats.failures), (2, 1, 1));
/// assert_eq!(stats.success_rate(), Some(0.5));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The breaker's name.
    pub name: Name,
    /// The effective state: an open circuit whose time is over reads half-open.
    pub state: State,
    /// Why it was put into this state, if that was done by hand.
    pub reason: Option<Cow<'static, str>>,
    /// All calls that ended or were refused, and the probes in flight: the sum of the next five and of `in_flight`. Calls that went
    /// through a disabled circuit count nowhere, late ones only in `stale_results`.
    pub total: u64,
    /// Calls that succeeded, but for those that came under [`counters(false)`](crate::Config::counters).
    pub successes: u64,
    /// Calls that failed or panicked.
    pub failures: u64,
    /// Calls that were refused, but for those that came under [`counters(false)`](crate::Config::counters).
    pub rejected: u64,
    /// Calls whose outcome was classified as saying nothing.
    pub ignored: u64,
    /// Calls that their caller gave up.
    pub cancelled: u64,
    /// Calls among successes and failures that took longer than the slow rule's limit.
    pub slow: u64,
    /// Results that came after the circuit had changed its state, and so counted nowhere else.
    pub stale_results: u64,
    /// Changes of state, also by hand.
    pub transitions: u64,
    /// Probes in flight while half-open, else 0: calls through a closed circuit are not counted before they end.
    pub in_flight: u64,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Calls in the window of the failure rule, at this instant.
    pub window_calls: u64,
    /// Failed calls in the window of the failure rule, at this instant.
    pub window_failures: u64,
    /// Slow calls in the window of the slow rule, at this instant.
    pub window_slow: u64,
    /// How long ago the last transition was; before any, how long ago the circuit was first used.
    pub time_in_state: Duration,
    /// How long an open circuit stays open.
    pub open_remaining: Option<Duration>,
    /// Whether successes and refusals are being counted.
    pub counters: bool,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}

impl Stats {
    /// The share of successes among the calls that settled as success or failure; `None` without any, or if successes are not counted.
    pub fn success_rate(&self) -> Option<f64> {
        share(self.successes, self.successes + self.failures).filter(|_| self.counters)
    }

    /// The share of failures among the calls that settled as success or failure; `None` without any, or if successes are not counted.
    pub fn failure_rate(&self) -> Option<f64> {
        share(self.failures, self.successes + self.failures).filter(|_| self.counters)
    }

    /// The share of failures in the window of the failure rule; `None` if it is empty or there is none.
    pub fn current_failure_rate(&self) -> Option<f64> {
        share(self.window_failures, self.window_calls)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share to be looked at")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The part of the statistics that the circuit itself knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) reason: Option<Cow<'static, str>>,
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
    pub(crate) transitions: u64,
    pub(crate) in_flight: u64,
    pub(crate) streak: u32,
    pub(crate) failure_window: Share,
    pub(crate) slow_window: Share,
    pub(crate) time_in_state: Duration,
    pub(crate) open_remaining: Option<Duration>,
}

/// The part that is counted beside the circuit, without its lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) successes: u64,
    pub(crate) rejected: u64,
    pub(crate) ignored: u64,
    pub(crate) cancelled: u64,
    pub(crate) stale_results: u64,
    /// Whether successes and refusals are counted.
    pub(crate) on: bool,
}

impl Stats {
    pub(crate) fn of(name: Name, state: State, facts: Facts, counted: Counted) -> Self {
        let successes = facts.successes + counted.successes;
        let Counted { rejected, ignored, cancelled, stale_results, on: counters, .. } = counted;
        Self {
            name,
            state,
            reason: facts.reason,
            total: successes + facts.failures + rejected + ignored + cancelled + facts.in_flight,
            successes,
            failures: facts.failures,
            rejected,
            ignored,
            cancelled,
            slow: facts.slow,
            stale_results,
            transitions: facts.transitions,
            in_flight: facts.in_flight,
            consecutive_failures: facts.streak,
            window_calls: facts.failure_window.calls,
            window_failures: facts.failure_window.bad,
            window_slow: facts.slow_window.bad,
            time_in_state: facts.time_in_state,
            open_remaining: facts.open_remaining,
            counters,
            events_lost: 0,
            listener_panics: 0,
        }
    }
}
