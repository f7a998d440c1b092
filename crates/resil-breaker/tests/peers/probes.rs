//! Half-open: who probes, and what a probe that does not end well holds back.

use std::sync::Barrier;
use std::thread;

use resil_breaker::testing::poll_once;
use resil_breaker::{Config, Guard, Policy, PolicyExt, State, Verdict, Window};

use crate::calls::{breaker, fail, succeed};
use crate::{MILLI, ONE, SECOND};

#[test]
fn the_verdict_of_half_open_is_early() {
    let config = ONE.half_open_max_calls(10).success_threshold(3);
    let (breaker, clock) = breaker(config);
    fail(&breaker);
    clock.advance(SECOND * 10);
    let probes: Vec<_> = (0..10).map(|_| breaker.guard().expect("a slot")).collect();
    let mut probes = probes.into_iter();
    probes.by_ref().take(3).for_each(Guard::success);
    assert_eq!(breaker.state(), State::Closed, "three successes are enough, the other probes need not end");
    probes.for_each(Guard::failure);
    assert_eq!((breaker.state(), breaker.stats().stale_results), (State::Closed, 7));

    fail(&breaker);
    clock.advance(SECOND * 10);
    let waiting: Vec<_> = (0..9).map(|_| breaker.guard().expect("a slot")).collect();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "the first failure is enough");
    drop(waiting);
}

#[test]
fn a_cancelled_probe_frees_its_slot() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(SECOND * 10);
    for _ in 0..100 {
        let mut call = Box::pin(breaker.call_async(std::future::pending::<Result<(), ()>>()));
        assert!(poll_once(call.as_mut()).is_pending());
        assert!(!breaker.can_proceed());
        drop(call);
        assert!(breaker.can_proceed());
    }
    assert_eq!((breaker.state(), breaker.stats().cancelled), (State::HalfOpen, 100));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_that_panics_frees_its_slot_and_counts_as_a_failure() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(SECOND * 10);
    let panics = || breaker.call(|| -> Result<(), ()> { panic!("by the test") });
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics));
    assert!(caught.is_err(), "it goes on unwinding");
    assert_eq!((breaker.state(), breaker.stats().failures), (State::Open, 2));
    clock.advance(SECOND * 10);
    succeed(&breaker);
}

#[test]
fn a_probe_that_never_ends_cannot_hold_it_half_open() {
    let (breaker, clock) = breaker(ONE.probe_timeout(SECOND).max_half_open(SECOND * 5));
    fail(&breaker);
    clock.advance(SECOND * 10);
    let lost = breaker.admit().expect("it may probe");
    assert_eq!(breaker.admit().unwrap_err().retry_after(), Some(SECOND));
    clock.advance(SECOND);
    let second = breaker.admit().expect("the lost probe has no slot any more");
    breaker.settle(lost, Verdict::Success);
    assert_eq!((breaker.state(), breaker.stats().stale_results), (State::HalfOpen, 1));
    clock.advance(SECOND * 4);
    assert_eq!(breaker.state(), State::Open, "nor can a phase without a verdict");
    breaker.settle(second, Verdict::Success);
    assert_eq!((breaker.state(), breaker.stats().stale_results), (State::Open, 2));
}

#[test]
fn ignored_outcomes_cannot_hold_it_half_open() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(SECOND * 10);
    for _ in 0..100 {
        let ignored = breaker.call_with(|_| Verdict::Ignored, || Ok::<_, ()>(()));
        assert_eq!(ignored, Ok(()), "each gives its slot back");
        clock.advance(MILLI * 99);
    }
    assert_eq!(breaker.state(), State::HalfOpen);
    clock.advance(MILLI * 100);
    assert_eq!((breaker.state(), breaker.stats().ignored), (State::Open, 100));
}

#[test]
fn an_ignored_outcome_does_not_end_a_run_of_failures() {
    let (breaker, _) = breaker(Config::new().failure_threshold(3).failure_rate(100, 3, Window::calls(3)));
    for _ in 0..2 {
        fail(&breaker);
        let _ = breaker.call_with(|_| Verdict::Ignored, || Ok::<_, ()>(()));
        drop(breaker.guard());
    }
    assert_eq!((breaker.stats().consecutive_failures, breaker.stats().window_calls), (2, 2));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn of_several_who_ask_for_the_last_probe_slot_one_is_admitted() {
    let (breaker, clock) = breaker(ONE);
    let start = Barrier::new(16);
    for _ in 0..50 {
        breaker.reset();
        fail(&breaker);
        clock.advance(SECOND * 10);
        let ask = || {
            start.wait();
            breaker.admit().ok()
        };
        let admitted: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(admitted.len(), 1);
    }
}
