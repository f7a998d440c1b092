//! Cancelled and panicking calls on the breaker itself: whenever a future is dropped, its slot is free and the counters are true.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::testing::poll_once;
use resil_breaker::{
    Config, Error, ManualClock, OnCancel, Policy, PolicyExt, Rejected, State, Verdict, Window,
};

const SECOND: Duration = Duration::from_secs(1);

/// How many polls a call is pending for.
const STEPS: usize = 4;

/// A call that is pending for [`STEPS`] polls, in each of which `step` is done.
fn steps<T>(mut step: impl FnMut(), result: T) -> impl Future<Output = T> {
    let mut result = Some(result);
    let mut polls = 0;
    poll_fn(move |_| {
        step();
        polls += 1;
        match result.take_if(|_| polls > STEPS) {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    })
}

/// Every way to count a call.
fn modes() -> [(&'static str, Config); 5] {
    let config = Config::new().reset_timeout(SECOND).probe_timeout(SECOND * 100).max_half_open(SECOND * 100);
    [
        ("consecutive", config.failure_threshold(1)),
        ("window of calls", config.failure_rate(100, 1, Window::calls(1))),
        ("window of time", config.failure_rate(50, 1, Window::time(SECOND))),
        ("slow calls", config.failure_threshold(1).slow_rate(SECOND, 100, 100, Window::calls(100))),
        ("without counters", config.failure_threshold(1).counters(false)),
    ]
}

/// A breaker in each of the states in which calls start.
fn starts(config: Config) -> [(State, Breaker, ManualClock); 4] {
    let (closed, closed_clock) = breaker(config);
    let (half_open, half_open_clock) = breaker(config);
    fail(&half_open);
    half_open_clock.advance(SECOND);
    let (disabled, disabled_clock) = breaker(config);
    disabled.disable("no need");
    let (watching, watching_clock) = breaker(config);
    watching.metrics_only("trying it out");
    [
        (State::Closed, closed, closed_clock),
        (State::HalfOpen, half_open, half_open_clock),
        (State::Disabled, disabled, disabled_clock),
        (State::MetricsOnly, watching, watching_clock),
    ]
}

/// Polls `future` up to `times` times; whether it ended.
fn poll_times<F: Future>(mut future: Pin<&mut F>, times: usize) -> bool {
    (0..times).any(|_| poll_once(future.as_mut()).is_ready())
}

#[test]
fn a_call_that_is_dropped_after_any_number_of_polls_leaves_no_trace_but_its_count() {
    for (mode, config) in modes() {
        for polls in 0..=STEPS {
            for (state, breaker, clock) in starts(config) {
                let before = breaker.stats();
                let mut call = Box::pin(breaker.call_async(steps(|| clock.advance(SECOND), Ok::<_, ()>(()))));
                assert!(!poll_times(call.as_mut(), polls), "{mode}, {state}");
                if state == State::HalfOpen && polls > 0 {
                    assert_eq!((breaker.stats().in_flight, breaker.can_proceed()), (1, false), "{mode}");
                }
                drop(call);
                let after = breaker.stats();
                let counts = polls > 0 && state != State::Disabled;
                assert_eq!(after.cancelled, u64::from(counts), "{mode}, {state}, {polls} polls");
                assert_eq!(after.total, before.total + u64::from(counts), "{mode}, {state}, {polls} polls");
                assert_eq!((after.state, after.in_flight, after.stale_results), (state, 0, 0), "{mode}");
                succeed(&breaker);
            }
        }
    }
}

#[test]
fn a_call_that_ends_counts_by_its_result_in_every_state() {
    for (mode, config) in modes() {
        for (state, breaker, _) in starts(config) {
            let before = breaker.stats();
            let failing = pin!(breaker.call_async(steps(|| {}, Err::<(), _>("down"))));
            assert!(poll_times(failing, STEPS + 1), "{mode}, {state}");
            let after = breaker.stats();
            let counts = u64::from(state != State::Disabled);
            assert_eq!(after.failures, before.failures + counts, "{mode}, {state}");
            let expected = if matches!(state, State::Closed | State::HalfOpen) { State::Open } else { state };
            assert_eq!(after.state, expected, "{mode}");
        }
    }
}

#[test]
fn a_dropped_call_may_count_as_a_failure() {
    for (mode, config) in modes() {
        for (state, breaker, _) in starts(config.on_cancel(OnCancel::Failure)) {
            let before = breaker.stats();
            let mut call = Box::pin(breaker.call_async(pending::<Result<(), ()>>()));
            assert!(poll_once(call.as_mut()).is_pending());
            drop(call);
            let after = breaker.stats();
            let counts = u64::from(state != State::Disabled);
            assert_eq!((after.failures - before.failures, after.cancelled), (counts, 0), "{mode}, {state}");
            let expected = if matches!(state, State::Closed | State::HalfOpen) { State::Open } else { state };
            assert_eq!(after.state, expected, "{mode}");
        }
    }
}

#[test]
fn a_call_that_panics_is_a_failure_and_goes_on_unwinding() {
    for (mode, config) in modes() {
        for polls in 0..STEPS {
            for (state, breaker, _) in starts(config) {
                let before = breaker.stats();
                let mut polled = 0;
                let panics = || {
                    assert!(polled < polls, "by the test");
                    polled += 1;
                };
                let mut call = Box::pin(breaker.call_async(steps(panics, Ok::<_, ()>(()))));
                let caught = catch_unwind(AssertUnwindSafe(|| poll_times(call.as_mut(), STEPS)));
                assert!(caught.is_err(), "{mode}, {state}");
                drop(call);
                let after = breaker.stats();
                let counts = u64::from(state != State::Disabled);
                assert_eq!(
                    (after.failures - before.failures, after.cancelled),
                    (counts, 0),
                    "{mode}, {state}"
                );
                let expected =
                    if matches!(state, State::Closed | State::HalfOpen) { State::Open } else { state };
                assert_eq!((after.state, after.in_flight), (expected, 0), "{mode}");
            }
        }
    }
}

#[test]
fn a_call_that_is_refused_polls_nothing() {
    let (breaker, _) = breaker(Config::new());
    breaker.force_open("maintenance");
    let never = || unreachable!("it was refused");
    let call = pin!(breaker.call_async(steps(never, Ok::<_, ()>(()))));
    assert!(matches!(poll_once(call), Poll::Ready(Err(Error::Rejected(_)))));
    assert_eq!(breaker.stats().rejected, 1);
}

#[test]
fn a_future_asks_when_it_is_polled_and_not_when_it_is_made() {
    let (breaker, _) = breaker(Config::new());
    let mut made = Box::pin(breaker.call_async(async { Ok::<_, ()>(()) }));
    breaker.force_open("maintenance");
    assert!(matches!(poll_once(made.as_mut()), Poll::Ready(Err(Error::Rejected(_)))));
    drop(breaker.call_async(async { Ok::<_, ()>(()) }));
    assert_eq!(breaker.stats().total, 1, "one that is never polled never asked");
}

#[test]
fn a_call_that_outlives_its_epoch_is_stale_however_it_ends() {
    let (breaker, _) = breaker(Config::new().failure_threshold(1));
    let mut dropped = Box::pin(breaker.call_async(pending::<Result<(), ()>>()));
    let mut ended = Box::pin(breaker.call_async(steps(|| {}, Err::<(), ()>(()))));
    let guard = breaker.guard().expect("it is closed");
    assert!(poll_once(dropped.as_mut()).is_pending() && poll_once(ended.as_mut()).is_pending());
    breaker.reset();
    drop((dropped, guard));
    assert!(poll_times(ended.as_mut(), STEPS));
    let stats = breaker.stats();
    assert_eq!((stats.stale_results, stats.total, stats.state), (3, 0, State::Closed));
}

#[test]
fn a_guard_counts_as_what_it_is_told_or_as_cancelled() {
    let (breaker, _) = breaker(Config::new());
    let guard = || breaker.guard().expect("it is closed");
    drop(guard());
    guard().success();
    guard().failure();
    guard().settle(Verdict::Ignored);
    guard().settle(Verdict::Panicked);
    guard().release();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _guard = guard();
        panic!("by the test");
    }));
    assert!(caught.is_err());
    let stats = breaker.stats();
    let counts = (stats.cancelled, stats.successes, stats.failures, stats.ignored, stats.total);
    assert_eq!(counts, (1, 1, 3, 1, 6), "a released one counts nowhere");
}

#[test]
fn a_released_probe_frees_its_slot_and_counts_nowhere() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    fail(&breaker);
    clock.advance(SECOND);
    for _ in 0..10 {
        breaker.guard().expect("the slot is free").release();
    }
    assert_eq!((breaker.state(), breaker.stats().total), (State::HalfOpen, 1));
    let late = breaker.admit().expect("the slot is free");
    clock.advance(SECOND);
    breaker.release(late);
    assert_eq!(breaker.stats().stale_results, 0, "nor does a late one");
}

#[test]
fn a_probe_is_given_back_when_a_later_member_of_a_tuple_refuses() {
    let (first, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    fail(&first);
    clock.advance(SECOND);
    let (second, _) = breaker(Config::new());
    second.force_open("maintenance");
    for _ in 0..10 {
        assert!((&first, &second).call(|| Ok::<_, ()>(())).is_err());
    }
    assert_eq!((first.stats().in_flight, first.stats().total, second.stats().rejected), (0, 1, 10));
    second.reset();
    assert_eq!((&first, &second).call(|| Ok::<_, ()>(())), Ok(()));
    assert_eq!(first.state(), State::Closed);
}

#[test]
fn what_an_inner_policy_refused_says_nothing_about_the_other_side() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND);
    let ((outer, _), (inner, _)) = (breaker(config), breaker(config));
    inner.force_open("maintenance");
    let refused = outer.call_nested(|| inner.call(|| Ok::<_, ()>(())));
    assert_eq!(refused.unwrap_err().rejected().map(Rejected::name), Some(inner.name()));
    let refused = pin!(outer.call_async_nested(inner.call_async(async { Ok::<_, ()>(()) })));
    assert!(poll_once(refused).is_ready());
    assert_eq!((outer.state(), outer.stats().ignored), (State::Closed, 2));

    inner.reset();
    let mut given_up = Box::pin(outer.call_async_nested(inner.call_async(pending::<Result<(), ()>>())));
    assert!(poll_once(given_up.as_mut()).is_pending());
    drop(given_up);
    assert_eq!((outer.stats().cancelled, inner.stats().cancelled), (1, 1));

    let failed = outer.call_nested(|| inner.call(|| Err::<(), _>("down")));
    assert_eq!(failed, Err(Error::Inner("down")));
    assert_eq!((outer.state(), inner.state()), (State::Open, State::Open));
}

#[test]
fn a_call_within_a_call_of_the_same_breaker_counts_as_two() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(2).reset_timeout(SECOND));
    let result = breaker.call_nested(|| breaker.call(|| Err::<(), _>("down")));
    assert_eq!((result, breaker.stats().failures), (Err(Error::Inner("down")), 2));
    clock.advance(SECOND);
    let result = breaker.call_nested(|| breaker.call(|| Ok::<_, ()>(())));
    assert!(result.is_err_and(|error| error.is_rejected()), "the outer one has the only probe slot");
    assert_eq!((breaker.state(), breaker.stats().ignored), (State::HalfOpen, 1), "and gives it back");
}
