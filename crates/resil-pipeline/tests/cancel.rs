//! Cancel safety (C5): a call through a whole stack is polled n times and dropped, for every n from never to its end.
#![cfg(not(any(loom, shuttle)))]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use resil_breaker::{CircuitBreaker, State};
use resil_core::testing::poll_once;
use resil_pipeline::retry::{self, Backoff, Jitter};
use resil_pipeline::{Deadline, ManualClock, Pipeline, Retry, RetryBudget, Then, Timeout, timeout};
use resil_ratelimit::{Quota, RateLimiter, Waiting};

const SECOND: Duration = Duration::from_secs(1);
/// The time between two polls.
const STEP: Duration = Duration::from_millis(100);
/// The polls after which every call has ended.
const ENOUGH: usize = 200;

/// How a stack begins, and what its attempts do.
#[derive(Clone, Copy, Debug)]
struct Scene {
    /// The breaker is half-open: its next call is the only probe.
    is_probing: bool,
    /// The attempts that fail before one succeeds.
    failures: u32,
    /// The attempts hang, and are cut off.
    hangs: bool,
}

/// The limiter's line, and the breaker behind it.
type Admission = Then<Waiting<Arc<RateLimiter<ManualClock>>, ManualClock>, Arc<CircuitBreaker<ManualClock>>>;

struct Stack {
    clock: ManualClock,
    limiter: Arc<RateLimiter<ManualClock>>,
    breaker: Arc<CircuitBreaker<ManualClock>>,
    budget: Arc<RetryBudget>,
    /// Attempts that began to run.
    ran: Cell<u64>,
}

impl Stack {
    fn new(scene: Scene) -> Self {
        let clock = ManualClock::new();
        let limiter = RateLimiter::with_clock("api".into(), Quota::per_second(1), clock.clone());
        let config = resil_breaker::Config::new().failure_threshold(100).reset_timeout(SECOND);
        let breaker = CircuitBreaker::with_clock("api".into(), config, clock.clone());
        if scene.is_probing {
            (0..100).for_each(|_| breaker.record_failure());
            clock.advance(SECOND);
            assert_eq!(breaker.state(), State::HalfOpen);
        }
        // Somebody was here before, so that the first attempt waits in line, too.
        limiter.try_acquire().expect("a permit");
        let budget = Arc::new(RetryBudget::new(100));
        Self { clock, limiter: Arc::new(limiter), breaker: Arc::new(breaker), budget, ran: Cell::new(0) }
    }

    fn pipeline(&self) -> Pipeline<Admission, ManualClock> {
        let clock = &self.clock;
        let limit = |name: &'static str, limit| {
            Timeout::with_clock(name.into(), timeout::Config::new(limit), clock.clone())
        };
        let backoff = Backoff::fixed(SECOND / 2).jitter(Jitter::None);
        let config = retry::Config::new().max_attempts(3).backoff(backoff);
        let retry = Retry::with_clock("api".into(), config, clock.clone());
        Pipeline::with_clock("api".into(), clock.clone())
            .deadline(limit("whole", 30 * SECOND))
            .retry(retry.shared_budget(Arc::clone(&self.budget)))
            .limit(Waiting::new(Arc::clone(&self.limiter), 10 * SECOND))
            .guard(Arc::clone(&self.breaker))
            .attempt_timeout(limit("attempt", SECOND))
    }

    /// An attempt that takes three polls.
    async fn attempt(&self, scene: Scene) -> Result<u64, &'static str> {
        self.ran.set(self.ran.get() + 1);
        let number = self.ran.get();
        let mut left = 3;
        poll_fn(|_| {
            left -= 1;
            if left == 0 && !scene.hangs { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        if number > u64::from(scene.failures) { Ok(number) } else { Err("down") }
    }

    /// Polls `call` so often, some time apart; whether it ended.
    fn poll<F: Future>(&self, call: F, polls: usize) -> bool {
        let mut call = pin!(call);
        (0..polls).any(|_| {
            let ended = poll_once(call.as_mut()).is_ready();
            self.clock.advance(STEP);
            ended
        })
    }

    /// Nothing is held any more, and all counts add up.
    fn check(&self, what: &str, stats: &resil_pipeline::Stats) {
        assert_eq!(Deadline::current(), None, "{what}");
        let (breaker, limiter, budget) = (self.breaker.stats(), self.limiter.stats(), self.budget.stats());
        assert_eq!(breaker.in_flight, 0, "{what}");
        let settled = breaker.successes + breaker.failures + breaker.ignored + breaker.cancelled;
        assert_eq!(breaker.total, settled + breaker.rejected, "{what}: {breaker:?}");
        if breaker.state == State::HalfOpen {
            assert!(self.breaker.can_proceed(), "{what}: the probe is back");
        }
        // A token for each retry that ran or was refused by somebody inside; one of a wait that was dropped is back.
        assert_eq!(budget.withdrawn - budget.returned, stats.retry.retries, "{what}: {budget:?}");
        // Whoever got a permit has run, or has given it back.
        let permits = limiter.acquired - limiter.refunded;
        assert!(permits > self.ran.get() && permits <= self.ran.get() + 2, "{what}: {limiter:?}");
        self.clock.advance(100 * SECOND);
        assert_eq!(self.limiter.available(), 1, "{what}: no booking is left");
        assert!(self.limiter.try_acquire().is_ok(), "{what}");
        let cut = stats.attempt_timeout.as_ref().map_or(0, |stats| stats.timed_out + stats.cancelled);
        assert!(cut <= self.ran.get(), "{what}");
    }
}

fn scenes() -> impl Iterator<Item = Scene> {
    [
        (false, 0, false),
        (false, 2, false),
        (false, 9, false),
        (false, 0, true),
        (true, 0, false),
        (true, 1, false),
        (true, 0, true),
    ]
    .into_iter()
    .map(|(is_probing, failures, hangs)| Scene { is_probing, failures, hangs })
}

/// Drops a call after every number of polls; how many there are until its end.
fn cancel_everywhere(scene: Scene, is_boxed: bool) -> usize {
    for polls in 0..ENOUGH {
        let stack = Stack::new(scene);
        let pipeline = stack.pipeline();
        let timer = stack.clock.clone();
        let operation = || stack.attempt(scene);
        let (ended, stats) = if is_boxed {
            let pipeline = pipeline.boxed();
            (stack.poll(pipeline.call_async_with(timer, operation), polls), pipeline.stats())
        } else {
            (stack.poll(pipeline.call_async_with(timer, operation), polls), pipeline.stats())
        };
        stack.check(&format!("{scene:?}, boxed {is_boxed}, after {polls} polls"), &stats);
        if ended {
            return polls;
        }
    }
    panic!("{scene:?} does not end");
}

#[test]
fn a_call_gives_everything_back_wherever_it_is_dropped() {
    for scene in scenes() {
        let polls = cancel_everywhere(scene, false);
        assert!(polls > 10, "{scene:?} waits and runs");
        assert_eq!(cancel_everywhere(scene, true), polls, "a hidden type changes nothing");
    }
}
