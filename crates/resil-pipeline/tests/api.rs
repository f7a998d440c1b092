//! A pipeline as its users see it.
#![cfg(not(any(loom, shuttle)))]

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use resil_breaker::{CircuitBreaker, State};
use resil_core::testing::poll_once;
use resil_pipeline::retry::{self, Backoff, Jitter};
use resil_pipeline::{
    BoxLine, Clock, Error, LastGood, Line, ManualClock, Outcome, Pipeline, Reason, Retry, Then, Timeout,
    timeout,
};
use resil_ratelimit::{Quota, RateLimiter};

const SECOND: Duration = Duration::from_secs(1);

fn retry(clock: &ManualClock, attempts: u32) -> Retry<ManualClock> {
    let backoff = Backoff::fixed(SECOND).jitter(Jitter::None);
    let config = retry::Config::new().max_attempts(attempts).backoff(backoff);
    Retry::with_clock("api".into(), config, clock.clone())
}

fn limit(clock: &ManualClock, name: &'static str, limit: Duration) -> Timeout<ManualClock> {
    Timeout::with_clock(name.into(), timeout::Config::new(limit), clock.clone())
}

fn breaker(clock: &ManualClock, failures: u32) -> CircuitBreaker<ManualClock> {
    let config = resil_breaker::Config::new().failure_threshold(failures);
    CircuitBreaker::with_clock("api".into(), config, clock.clone())
}

fn limiter(clock: &ManualClock) -> RateLimiter<ManualClock> {
    RateLimiter::with_clock("api".into(), Quota::per_second(1), clock.clone())
}

/// Polls `future` to its end, a millisecond after the other.
fn block_on<F: Future>(clock: &ManualClock, future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
        clock.advance(Duration::from_millis(1));
    }
}

/// A call of the same pipeline in each of its forms.
fn in_each_form<A, V, E>(
    clock: &ManualClock,
    pipeline: &Pipeline<A, ManualClock>,
    mut operation: impl FnMut() -> Result<V, E>,
) -> [Result<V, Error<E>>; 4]
where
    A: Line,
    E: std::fmt::Debug,
{
    let sync = pipeline.call(&mut operation);
    let nested = pipeline.call_nested(|| operation().map_err(Error::Inner));
    let future = block_on(clock, pipeline.call_async_with(clock.clone(), || std::future::ready(operation())));
    let nested_future = pipeline
        .call_async_nested_with(clock.clone(), || std::future::ready(operation().map_err(Error::Inner)));
    [sync, nested, future, block_on(clock, nested_future)]
}

#[test]
fn an_empty_pipeline_makes_the_call_once() {
    let clock = ManualClock::leaping();
    let pipeline = Pipeline::with_clock("bare".into(), clock.clone());
    let calls = Cell::new(0);
    for answer in in_each_form(&clock, &pipeline, || {
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    }) {
        assert_eq!(answer, Err(Error::Inner("down")));
    }
    assert_eq!(calls.get(), 4);
}

#[test]
fn attempts_are_retried_and_each_asks_the_breaker() {
    let clock = ManualClock::leaping();
    let breaker = breaker(&clock, 100);
    let pipeline = Pipeline::with_clock("api".into(), clock.clone()).retry(retry(&clock, 3)).guard(&breaker);
    let calls = Cell::new(0);
    for answer in in_each_form(&clock, &pipeline, || {
        calls.set(calls.get() + 1);
        if calls.get() % 3 == 0 { Ok(calls.get()) } else { Err("down") }
    }) {
        assert!(answer.is_ok());
    }
    assert_eq!((breaker.stats().failures, breaker.stats().successes), (8, 4));
    assert_eq!(pipeline.stats().retry.recovered, 4);
}

#[test]
fn who_waits_in_line_holds_no_probe_and_what_the_breaker_refuses_costs_no_permit() {
    let clock = ManualClock::new();
    let (limiter, breaker) = (limiter(&clock), breaker(&clock, 1));
    let pipeline =
        Pipeline::with_clock("api".into(), clock.clone()).limit(limiter.waiting(10 * SECOND)).guard(&breaker);
    let _ = pipeline.call(|| Err::<(), _>("down"));
    assert_eq!(breaker.state(), State::Open);
    clock.advance(SECOND);
    assert_eq!(limiter.available(), 1);
    let refused = pipeline.call(|| Ok::<_, &str>(())).expect_err("the circuit is open");
    assert_eq!(refused.rejected().map(resil_core::Rejected::reason), Some(Reason::CircuitOpen));
    assert_eq!((limiter.available(), limiter.stats().refunded), (1, 1));

    // Half-open, and the one before us has taken the permit: we wait, and the probe is free.
    clock.advance(60 * SECOND);
    limiter.try_acquire().expect("a permit");
    let mut call = pin!(pipeline.call_async_with(clock.clone(), || async { Ok::<_, &str>(7) }));
    assert!(poll_once(call.as_mut()).is_pending());
    assert!(breaker.can_proceed());
    clock.advance(SECOND);
    assert_eq!(poll_once(call.as_mut()), Poll::Ready(Ok(7)));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn an_attempt_that_is_cut_off_is_a_failure_and_is_retried() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, 100);
    let pipeline = Pipeline::with_clock("api".into(), clock.clone())
        .deadline(limit(&clock, "whole", 60 * SECOND))
        .retry(retry(&clock, 3))
        .guard(&breaker)
        .attempt_timeout(limit(&clock, "attempt", 2 * SECOND));
    let call = pipeline.call_async_with(clock.clone(), std::future::pending::<Result<(), &str>>);
    let cut = block_on(&clock, call).expect_err("nothing comes");
    assert_eq!(cut.to_string(), "attempt: timed out after 2s");
    assert_eq!(breaker.stats().failures, 3);
    let stats = pipeline.stats();
    assert_eq!(stats.attempt_timeout.map(|stats| stats.timed_out), Some(3));
    assert_eq!((stats.retry.retries, stats.deadline.map(|stats| stats.timed_out)), (2, Some(0)));
}

#[test]
fn the_deadline_holds_over_attempts_and_waits() {
    let clock = ManualClock::new();
    let limiter = limiter(&clock);
    let pipeline = Pipeline::with_clock("api".into(), clock.clone())
        .deadline(limit(&clock, "whole", 5 * SECOND))
        .retry(retry(&clock, 100))
        .limit(limiter.waiting(60 * SECOND))
        .attempt_timeout(limit(&clock, "attempt", 2 * SECOND));
    let started = clock.now();
    let call = pipeline.call_async_with(clock.clone(), || async { Err::<(), _>("down") });
    // The last real error, and not that time is up.
    assert_eq!(block_on(&clock, call), Err(Error::Inner("down")));
    assert!(clock.now().saturating_duration_since(started) <= 5 * SECOND);
    let stats = pipeline.stats().retry;
    assert_eq!((stats.retries, stats.stopped.deadline_exceeded), (4, 1));

    let hang = pipeline.call_async_with(clock.clone(), std::future::pending::<Result<(), &str>>);
    let started = clock.now();
    let cut = block_on(&clock, hang).expect_err("nothing comes");
    assert!(cut.is_timed_out(), "{cut}");
    assert!(clock.now().saturating_duration_since(started) <= 5 * SECOND);
}

#[test]
fn a_result_is_assessed_once_for_all_who_guard_it() {
    let clock = ManualClock::leaping();
    let breaker = breaker(&clock, 1);
    let pipeline = Pipeline::with_clock("api".into(), clock.clone()).retry(retry(&clock, 3)).guard(&breaker);
    let assessed = Cell::new(0);
    let by_status = pipeline.on(|answer: Result<&u16, &&str>| {
        assessed.set(assessed.get() + 1);
        answer.map_or(Outcome::failure(), |status| {
            Outcome::of_http(*status, (*status == 429).then_some(7 * SECOND))
        })
    });
    let before = clock.now();
    assert_eq!(by_status.call(|| Ok(429)), Ok(429));
    assert_eq!(clock.now().saturating_duration_since(before), 14 * SECOND);
    assert_eq!((assessed.get(), breaker.stats().ignored, breaker.state()), (3, 3, State::Closed));
    let missing = by_status.call_async_with(clock.clone(), || async { Ok(404) });
    assert_eq!(block_on(&clock, missing), Ok(404));
    assert_eq!(assessed.get(), 4);
    assert_eq!(by_status.call(|| Ok(501)), Ok(501));
    assert_eq!((assessed.get(), breaker.state()), (5, State::Open));
}

#[test]
fn an_open_breaker_ends_the_retries() {
    let clock = ManualClock::leaping();
    let breaker = breaker(&clock, 2);
    let pipeline = Pipeline::with_clock("api".into(), clock.clone()).retry(retry(&clock, 9)).guard(&breaker);
    let calls = Cell::new(0);
    let refused = pipeline.call(|| {
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    });
    assert_eq!(calls.get(), 2);
    assert!(refused.is_err());
    assert_eq!(pipeline.stats().retry.stopped.circuit_open, 1);
}

fn is_send<T: Send>(_: &T) {}

#[test]
fn pipelines_of_any_kind_fit_one_list() {
    let clock = ManualClock::new();
    let limiter = std::sync::Arc::new(limiter(&clock));
    let breaker = std::sync::Arc::new(breaker(&clock, 5));
    let waiting = resil_ratelimit::Waiting::new(std::sync::Arc::clone(&limiter), 10 * SECOND);
    let all: [Pipeline<BoxLine, ManualClock>; 3] = [
        Pipeline::with_clock("bare".into(), clock.clone()).boxed(),
        Pipeline::with_clock("limited".into(), clock.clone()).limit(waiting).boxed(),
        Pipeline::with_clock("guarded".into(), clock.clone()).guard(std::sync::Arc::clone(&breaker)).boxed(),
    ];
    for round in 0..3 {
        for pipeline in &all {
            let call = pipeline.call_async_with(clock.clone(), || async move { Ok::<_, ()>(round) });
            assert_eq!(block_on(&clock, call), Ok(round));
        }
    }
    assert_eq!((limiter.stats().waited, breaker.stats().successes), (2, 3));
    is_send(&all[1].call_async_with(clock.clone(), || async { Ok::<_, ()>(1) }));
}

#[test]
fn who_waits_in_a_boxed_line_sleeps_by_the_callers_timer_and_once() {
    let clock = ManualClock::new();
    let limiter = std::sync::Arc::new(limiter(&clock));
    limiter.try_acquire().expect("the only permit");
    let line = BoxLine::new(resil_ratelimit::Waiting::new(std::sync::Arc::clone(&limiter), 10 * SECOND));
    let mut wait = pin!(line.wait_with(clock.clone()));
    assert!(poll_once(wait.as_mut()).is_pending());
    assert_eq!(clock.next_sleeper(), Some(clock.now().saturating_add(SECOND)));
    assert!(format!("{wait:?}").starts_with("BoxWait { until: Some("), "{wait:?}");
    clock.advance(SECOND / 2);
    assert!(poll_once(wait.as_mut()).is_pending());
    clock.advance(SECOND / 2);
    assert!(poll_once(wait.as_mut()).map(|permit| permit.is_ok()) == Poll::Ready(true));
    assert_eq!(clock.next_sleeper(), None);
}

#[test]
fn what_is_refused_behind_a_boxed_line_costs_no_permit() {
    let clock = ManualClock::new();
    let limiter = std::sync::Arc::new(limiter(&clock));
    let breaker = breaker(&clock, 1);
    breaker.force_open("maintenance");
    let waiting = resil_ratelimit::Waiting::new(std::sync::Arc::clone(&limiter), 10 * SECOND);
    let line = Pipeline::with_clock("api".into(), clock.clone()).limit(waiting).boxed();
    assert_eq!(format!("{:?}", line.admission()), "BoxLine");
    let pipeline = line.guard(&breaker);
    for answer in in_each_form(&clock, &pipeline, || Ok::<_, &str>(7)) {
        assert!(answer.is_err_and(|error| error.is_rejected()));
    }
    assert_eq!((limiter.available(), limiter.stats().refunded), (1, 4));
}

#[test]
fn the_retrys_events_have_the_operations_own_error() {
    let clock = ManualClock::leaping();
    let pipeline = Pipeline::with_clock("api".into(), clock.clone()).retry(retry(&clock, 2));
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = std::sync::Arc::clone(&seen);
    let _subscription = pipeline.retry_handle().observe(move |event| {
        if let retry::Event::Retrying(failed) = event {
            listener.lock().expect("no listener panics").push(failed.error.clone());
        }
    });
    assert!(pipeline.call(|| Err::<(), _>("connection reset")).is_err());
    assert_eq!(*seen.lock().expect("no listener panics"), [Some("\"connection reset\"".to_owned())]);
}

#[test]
fn a_fallback_takes_the_place_of_an_error() {
    let clock = ManualClock::new();
    let pipeline = Pipeline::with_clock("api".into(), clock.clone());
    let cache = LastGood::with_clock(SECOND, clock.clone());
    let live = |answer: Result<u32, &'static str>| {
        pipeline.call_async_with(clock.clone(), move || async move { answer })
    };
    assert_eq!(block_on(&clock, live(Err("down")).or_last_good(&cache)), Err(Error::Inner("down")));
    assert_eq!(block_on(&clock, live(Ok(1)).or_last_good(&cache)), Ok(1));
    assert_eq!(block_on(&clock, live(Err("down")).or_last_good(&cache)), Ok(1));
    clock.advance(SECOND);
    assert_eq!(block_on(&clock, live(Err("down")).or_last_good(&cache)), Ok(1));
    clock.advance(Duration::from_nanos(1));
    assert_eq!(block_on(&clock, live(Err("down")).or_last_good(&cache)), Err(Error::Inner("down")));
    assert_eq!((cache.stats().stale, cache.stats().too_old), (2, 2));

    let other = |error: Error<&'static str>| async move {
        assert_eq!(error, Error::Inner("down"));
        Err::<u32, _>("both down")
    };
    assert_eq!(block_on(&clock, live(Err("down")).or_else(other)), Err("both down"));
    assert_eq!(block_on(&clock, live(Ok(7)).or_else(other)), Ok(7));
    assert!(format!("{cache:?}").starts_with("LastGood { max_age: 1s, stats: "), "{cache:?}");
    let call = pipeline.call_async_with(clock.clone(), || async { Ok::<_, &str>(1) }).or_last_good(&cache);
    assert_eq!(format!("{call:?}"), "OrLastGood { .. }");
}

// details.md 2: not doubled by each layer.
#[test]
fn a_call_stores_its_future_once() {
    let clock = ManualClock::new();
    let (limiter, breaker) = (limiter(&clock), breaker(&clock, 5));
    let pipeline = Pipeline::with_clock("api".into(), clock.clone())
        .deadline(limit(&clock, "whole", 60 * SECOND))
        .retry(retry(&clock, 3))
        .limit(limiter.waiting(SECOND))
        .guard(&breaker)
        .attempt_timeout(limit(&clock, "attempt", 2 * SECOND));
    let small = size_of_val(&pipeline.call_async_with(clock.clone(), || async { Ok::<_, ()>(1_u8) }));
    let big = size_of_val(&pipeline.call_async_with(clock.clone(), || async {
        let room = [0_u8; 4_096];
        std::future::pending::<()>().await;
        Ok::<_, ()>(room[0])
    }));
    println!("around a small future: {small}");
    assert!(big <= 4_096 + small + 64, "{big}");
}

#[test]
fn a_pipeline_tells_what_is_in_it() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, 5);
    let pipeline = Pipeline::with_clock("api".into(), clock.clone())
        .deadline(limit(&clock, "whole", 60 * SECOND))
        .guard(&breaker);
    assert_eq!(pipeline.name().as_str(), "api");
    assert_eq!(pipeline.deadline_handle().map(|limit| limit.config().timeout), Some(60 * SECOND));
    assert_eq!(pipeline.retry_handle().config().max_attempts, 1);
    assert!(pipeline.attempt_timeout_handle().is_none());
    let _: &Then<(), &CircuitBreaker<ManualClock>> = pipeline.admission();
    let text = format!("{pipeline:?}");
    assert!(text.contains("whole") && text.contains("CircuitBreaker"), "{text}");
}
