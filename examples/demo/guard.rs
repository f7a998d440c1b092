//! The guard: one breaker from `resil`, and a diary of its states.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use resil::breaker::{Cause, Config, ConfigError, Event, Reopen, State, Subscription, Window};
use resil::{CircuitBreaker, Error, PolicyExt};
use tokio::time::Instant;

use crate::client::Trouble;
use crate::ledger::Outcome;
use crate::pace::Pace;

/// A change of the breaker's state, counted from the start of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: Duration,
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) cause: Cause,
}

/// The guarded side's breaker.
pub(crate) struct Guard {
    breaker: CircuitBreaker,
    diary: Arc<Mutex<Vec<Change>>>,
    _listening: Subscription,
}

impl Guard {
    pub(crate) fn new(pace: &Pace, start: Instant) -> Result<Self, ConfigError> {
        let config = Config::new()
            .failure_rate(50, 10, Window::calls(20))
            .slow_rate(pace.slow, 50, 10, Window::calls(20))
            .reopen(Reopen::exponential(pace.first_open).factor(1.5).max(pace.longest_open))
            .half_open_max_calls(1)
            .success_threshold(3)
            // A probe may take as long as any call; without an answer by then the circuit opens again.
            .probe_timeout(pace.timeout)
            .max_half_open(pace.timeout);
        let breaker = CircuitBreaker::try_new("orders", config)?;
        let diary = Arc::new(Mutex::new(Vec::new()));
        let listening = breaker.observe({
            let diary = Arc::clone(&diary);
            move |event| {
                if let Event::Transition(change) = event {
                    let change =
                        Change { at: start.elapsed(), from: change.from, to: change.to, cause: change.cause };
                    diary.lock().unwrap_or_else(PoisonError::into_inner).push(change);
                }
            }
        });
        Ok(Self { breaker, diary, _listening: listening })
    }

    /// What stands between a bare call and a guarded one.
    pub(crate) async fn call(&self, call: impl Future<Output = Result<(), Trouble>> + Send) -> Outcome {
        match self.breaker.call_async(call).await {
            Ok(()) => Outcome::Ok,
            Err(Error::Rejected(_)) => Outcome::Refused,
            Err(Error::TimedOut(_)) => Outcome::TimedOut,
            Err(Error::Inner(trouble)) => Outcome::from(trouble),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.breaker.state()
    }

    /// Every change of state so far.
    pub(crate) fn diary(&self) -> Vec<Change> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
