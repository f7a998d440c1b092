//! The guard: a pipeline from `resil` with all that it can have, and a diary of what that did.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil::breaker::{Cause, Event, State, Subscription};
use resil::config::{Pipeline, UnknownName};
use resil::pipeline::retry::{BudgetStats, RetryBudget};
use resil::pipeline::{Outcome as Meaning, Stats};
use resil::ratelimit::Event as LimiterEvent;
use resil::{CircuitBreaker, Error, Reason, Resilience};
use tokio::time::Instant;

use crate::client::Trouble;
use crate::ledger::Outcome;

/// A change of the breaker's state, counted from the start of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: Duration,
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) cause: Cause,
}

/// How long callers stood in line for the limiter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Calls that waited and got their permit.
    pub(crate) calls: u32,
    pub(crate) longest: Duration,
    /// The longest time after which a refused caller was told to come back.
    pub(crate) longest_hint: Duration,
}

/// What the listeners write.
#[derive(Debug, Default)]
struct Diary {
    changes: Vec<Change>,
    waits: Waits,
}

/// What stands around the guarded side's calls, from the outside in: a deadline, retries on a budget, the limiter, the
/// breaker, and a limit for each attempt. All of it is in the file.
pub(crate) struct Guard {
    pipeline: Arc<Pipeline>,
    breaker: Arc<CircuitBreaker>,
    diary: Arc<Mutex<Diary>>,
    _listening: [Subscription; 2],
}

/// What an answer means, to the breaker and to the retry. A 429 says that we asked too often, and nothing about the
/// health of the service.
fn meaning(result: Result<&(), &Trouble>) -> Meaning {
    match result {
        Ok(()) => Meaning::success(),
        Err(Trouble::OverContract) => Meaning::ignored(),
        Err(_) => Meaning::failure(),
    }
}

fn open(diary: &Mutex<Diary>) -> MutexGuard<'_, Diary> {
    diary.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guard {
    pub(crate) fn new(resilience: &Resilience, start: Instant) -> Result<Self, UnknownName> {
        let breaker = resilience.circuit_breaker("orders")?;
        let limiter = resilience.rate_limiter("orders")?;
        let diary = Arc::new(Mutex::new(Diary::default()));
        let changes = breaker.observe({
            let diary = Arc::clone(&diary);
            move |event| {
                if let Event::Transition(change) = event {
                    let change =
                        Change { at: start.elapsed(), from: change.from, to: change.to, cause: change.cause };
                    open(&diary).changes.push(change);
                }
            }
        });
        let waits = limiter.observe({
            let diary = Arc::clone(&diary);
            move |event| {
                let waits = &mut open(&diary).waits;
                match event {
                    LimiterEvent::Waited(waited) => {
                        waits.calls += 1;
                        waits.longest = waits.longest.max(waited.time);
                    }
                    LimiterEvent::Rejected(refusal) => {
                        waits.longest_hint =
                            waits.longest_hint.max(refusal.retry_after().unwrap_or_default());
                    }
                    _ => {}
                }
            }
        });
        let pipeline = resilience.pipeline("orders")?;
        Ok(Self { pipeline, breaker, diary, _listening: [changes, waits] })
    }

    /// Sends the requests of a call.
    pub(crate) async fn call<F>(&self, request: impl Fn() -> F) -> Outcome
    where
        F: Future<Output = Result<(), Trouble>>,
    {
        match self.pipeline.now().on(meaning).call_async(request).await {
            Ok(()) => Outcome::Ok,
            Err(Error::Rejected(refusal)) if refusal.reason() == Reason::RateLimited => Outcome::Limited,
            Err(Error::Rejected(_)) => Outcome::Refused,
            Err(Error::TimedOut(_)) => Outcome::TimedOut,
            Err(Error::Inner(trouble)) => Outcome::from(trouble),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.breaker.state()
    }

    /// What the deadline, the retry and the limit of an attempt have counted so far.
    pub(crate) fn stats(&self) -> Stats {
        self.pipeline.stats()
    }

    /// The books of the budget, if there still is one.
    pub(crate) fn budget(&self) -> Option<BudgetStats> {
        self.pipeline.now().retry_handle().retry_budget().map(RetryBudget::stats)
    }

    /// Every change of the breaker's state so far.
    pub(crate) fn changes(&self) -> Vec<Change> {
        open(&self.diary).changes.clone()
    }

    /// How long callers have waited so far.
    pub(crate) fn waits(&self) -> Waits {
        open(&self.diary).waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Settings;
    use crate::outfit::Outfit;
    use std::future::{poll_fn, ready};
    use std::task::Poll;

    /// Runs `test` on a guard for 20 calls per second, whose calls may wait for 200 ms.
    fn with_guard<T>(test: impl AsyncFnOnce(&Guard) -> T) -> Result<T, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let outfit = Outfit::load(&Settings { rate: 20, ..Settings::default() })?;
        let guard = Guard::new(&outfit.resilience, Instant::now())?;
        Ok(runtime.block_on(test(&guard)))
    }

    #[test]
    fn answers_429_do_not_open_the_breaker_and_as_many_500_do() -> Result<(), Box<dyn std::error::Error>> {
        let after = |trouble| {
            with_guard(async |guard| {
                for _ in 0..12 {
                    let outcome = guard.call(|| ready(Err(trouble))).await;
                    if guard.state() != State::Closed {
                        break;
                    }
                    assert_eq!(outcome, Outcome::from(trouble));
                }
                guard.state()
            })
        };
        assert_eq!(after(Trouble::OverContract)?, State::Closed);
        assert_eq!(after(Trouble::ServerError)?, State::Open);
        Ok(())
    }

    #[test]
    fn callers_wait_for_their_turn_and_no_longer_than_they_may() -> Result<(), Box<dyn std::error::Error>> {
        with_guard(async |guard| {
            let mut calls: Vec<_> = (0..20).map(|_| Box::pin(guard.call(|| ready(Ok(()))))).collect();
            let mut outcomes = Vec::new();
            // All at once: the refusals do not wait for those who wait.
            poll_fn(|context| {
                calls.retain_mut(|call| match call.as_mut().poll(context) {
                    Poll::Ready(outcome) => {
                        outcomes.push(outcome);
                        false
                    }
                    Poll::Pending => true,
                });
                if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            // One at once and 27 per second, so that one is given in 37 ms; five or so come in time.
            let limited = outcomes.iter().filter(|outcome| **outcome == Outcome::Limited).count();
            assert!((1..=14).contains(&limited), "{outcomes:?}");
            assert_eq!(outcomes[15..], [Outcome::Ok; 5]);
            let waits = guard.waits();
            assert!(waits.calls >= 5 && waits.longest >= Duration::from_millis(160), "{waits:?}");
            let hints = Duration::from_millis(160)..Duration::from_millis(238);
            assert!(hints.contains(&waits.longest_hint), "{waits:?}");
        })
    }
}
