//! What changes its state, and what must not.

use std::pin::pin;
use std::sync::{Arc, Mutex, TryLockError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use resil_breaker::testing::poll_once;
use resil_breaker::{Config, Event, Moment, Policy, PolicyExt, Reopen, State, Verdict, Window};

use crate::calls::{breaker, fail, succeed};
use crate::{ONE, SECOND};

#[test]
fn a_late_failure_does_not_extend_the_open_time() {
    let (breaker, clock) = breaker(ONE);
    let late: Vec<_> = (0..5).map(|_| breaker.guard().expect("it is closed")).collect();
    fail(&breaker);
    for call in late {
        clock.advance(SECOND);
        call.failure();
        breaker.record_failure();
    }
    assert_eq!(breaker.stats().open_remaining, Some(SECOND * 5), "it opened five seconds ago");
    clock.advance(SECOND * 5);
    assert!(breaker.can_proceed());
}

#[test]
fn a_late_result_changes_no_later_state() {
    for verdict in
        [Verdict::Success, Verdict::Failure, Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked]
    {
        let (breaker, clock) = breaker(ONE.half_open_max_calls(2));
        let (first, second) = (breaker.admit().expect("closed"), breaker.admit().expect("closed"));
        fail(&breaker);
        clock.advance(SECOND * 10);
        let probe = breaker.admit().expect("it may probe");
        breaker.settle(first, verdict);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.in_flight, stats.stale_results),
            (State::HalfOpen, 1, 1),
            "{verdict:?}"
        );
        breaker.release(probe);
        (0..2).for_each(|_| succeed(&breaker));
        breaker.settle(second, verdict);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.consecutive_failures, stats.stale_results),
            (State::Closed, 0, 2),
            "{verdict:?}"
        );
    }
}

#[test]
fn to_ask_for_the_state_does_not_change_it() {
    let (breaker, clock) = breaker(ONE);
    let heard = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&heard);
    breaker.observe(move |_| *counter.lock().expect("no panic") += 1).forget();
    fail(&breaker);
    clock.advance(SECOND * 10);
    assert_eq!((breaker.state(), breaker.state()), (State::HalfOpen, State::HalfOpen));
    assert_eq!(*heard.lock().expect("no panic"), 1, "the opening only");
    assert_eq!(breaker.stats().transitions, 1);
}

#[test]
fn no_listener_runs_under_a_lock() {
    let (breaker, _) = breaker(ONE);
    let breaker = Arc::new(breaker);
    let inner = Arc::downgrade(&breaker);
    breaker
        .observe(move |event| {
            let Some(breaker) = inner.upgrade() else { return };
            if matches!(event, Event::Transition(change) if change.to == State::Open) {
                // From another thread: a lock that the teller holds would never be had.
                let state = thread::spawn(move || (breaker.stats().state, breaker.reset())).join();
                assert_eq!(state.ok().map(|(state, ())| state), Some(State::Open));
            }
        })
        .forget();
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.stats().listener_panics), (State::Closed, 0));
}

#[test]
fn the_wall_clock_plays_no_part() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    for unix_time in [Duration::ZERO, SECOND * u32::MAX] {
        clock.set_unix_time(unix_time);
        assert_eq!(
            breaker.stats().open_remaining,
            Some(SECOND * 10),
            "a clock that is set neither opens nor closes"
        );
    }
}

#[test]
fn a_monotonic_clock_that_steps_back_breaks_nothing() {
    let (breaker, clock) = breaker(ONE.failure_rate(50, 2, Window::time(SECOND)));
    clock.set(Moment::from_nanos(u64::from(u32::MAX)));
    succeed(&breaker);
    clock.set(Moment::ZERO);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.guard().unwrap_err().retry_after(), Some(SECOND * 10));
}

#[test]
fn the_open_time_grows_only_until_the_circuit_closes() {
    let config = Config::new().failure_threshold(1).reopen(Reopen::exponential(SECOND));
    let (breaker, clock) = breaker(config);
    for round in 0..2 {
        for open in [1, 2, 4, 8] {
            fail(&breaker);
            assert_eq!(breaker.stats().open_remaining, Some(SECOND * open), "round {round}");
            clock.advance(SECOND * open);
        }
        succeed(&breaker);
    }
}

#[test]
fn sync_and_async_calls_are_guarded_alike() {
    let (breaker, clock) = breaker(ONE.slow_rate(SECOND, 100, 10, Window::calls(10)));
    let slow = pin!(breaker.call_async(async {
        clock.advance(SECOND * 2);
        Ok::<_, ()>(7)
    }));
    assert!(poll_once(slow).is_ready());
    assert_eq!(breaker.stats().slow, 1);
    let failing = pin!(breaker.call_async(async { Err::<(), _>("down") }));
    assert!(poll_once(failing).is_ready());
    let refused = pin!(breaker.call_async(async { Ok::<_, ()>(7) }));
    assert!(matches!(poll_once(refused), Poll::Ready(Err(error)) if error.is_rejected()));
}

#[test]
fn a_panicking_call_poisons_nothing() {
    let (breaker, _) = breaker(Config::new().failure_threshold(3));
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let panics = scope.spawn(|| {
            breaker.call(|| -> Result<(), ()> {
                let _held = gate.lock();
                panic!("by the test")
            })
        });
        assert!(panics.join().is_err());
    });
    assert!(matches!(gate.try_lock(), Err(TryLockError::Poisoned(_))), "the caller's own lock is");
    succeed(&breaker);
    assert_eq!((breaker.stats().failures, breaker.stats().successes), (1, 1));
}
