//! A pipeline allocates nothing, in whatever form its calls are made.
#![cfg(not(any(loom, shuttle)))]

use std::future::ready;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use allocation_counter::measure;
use resil_breaker::CircuitBreaker;
use resil_core::testing::poll_once;
use resil_pipeline::retry::{self, Backoff, Jitter};
use resil_pipeline::{Clock, Moment, Pipeline, Retry, RetryBudget, Timeout, timeout};
use resil_ratelimit::{Quota, RateLimiter};

/// A clock that leaps to whatever is waited for; the one for tests allocates when it moves.
#[derive(Debug, Default)]
struct Leaping(AtomicU64);

impl Clock for &'static Leaping {
    fn now(&self) -> Moment {
        Moment::from_nanos(self.0.load(Relaxed))
    }

    fn park_until(&self, at: Moment) {
        self.0.fetch_max(at.as_nanos(), Relaxed);
    }
}

static CLOCK: Leaping = Leaping(AtomicU64::new(0));

static BUDGET: RetryBudget = RetryBudget::new(100);

#[test]
fn calls_that_succeed_at_once_or_are_retried_allocate_nothing() {
    let clock = &CLOCK;
    let limiter = RateLimiter::with_clock("api".into(), Quota::per_second(10_000), clock);
    let breaker =
        CircuitBreaker::with_clock("api".into(), resil_breaker::Config::new().failure_threshold(9), clock);
    let config = retry::Config::new().backoff(Backoff::fixed(Duration::from_millis(1)).jitter(Jitter::None));
    let limit = |span| Timeout::with_clock("api".into(), timeout::Config::new(span), clock);
    let pipeline = Pipeline::with_clock("api".into(), clock)
        .deadline(limit(Duration::from_secs(10)))
        .retry(Retry::with_clock("api".into(), config, clock).budget(&BUDGET))
        .limit(limiter.waiting(Duration::from_secs(1)))
        .guard(&breaker)
        .attempt_timeout(limit(Duration::from_secs(1)));
    let mut calls = 0_u32;
    let mut answer = || {
        calls += 1;
        if calls.is_multiple_of(3) { Err("down") } else { Ok(calls) }
    };
    // What is made at its first use is there.
    for _ in 0..9 {
        assert!(pipeline.call(&mut answer).is_ok());
    }
    let counted = measure(|| {
        for _ in 0..1_000 {
            assert!(pipeline.call(&mut answer).is_ok());
            let timer = |_: Duration| ready(());
            assert!(poll_once(pin!(pipeline.call_async_with(timer, || ready(Ok::<_, ()>(1))))).is_ready());
        }
    });
    assert_eq!(counted.count_total, 0);
    assert!(pipeline.stats().retry.recovered >= 500);
}
