//! When it trips: what windows hold, and when rules are judged.

use std::sync::{Arc, Mutex};

use resil_breaker::{Cause, Config, Event, Moment, PolicyExt, State, Window};

use crate::calls::{breaker, fail, succeed};
use crate::{MILLI, SECOND};

#[test]
fn a_window_of_calls_slides_however_many_successes_came_before() {
    let (breaker, _) = breaker(Config::new().failure_rate(50, 10, Window::calls(10)));
    (0..1_000).for_each(|_| succeed(&breaker));
    (0..4).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "five of the last ten failed, whatever was before");
}

#[test]
fn a_window_of_calls_forgets_old_failures_one_by_one() {
    let (breaker, _) = breaker(Config::new().failure_rate(50, 10, Window::calls(10)));
    (0..4).for_each(|_| fail(&breaker));
    (0..6).for_each(|_| succeed(&breaker));
    (0..4).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.stats().window_failures), (State::Closed, 4), "not emptied at once");
}

#[test]
fn a_window_of_time_slides_and_does_not_start_anew() {
    let (breaker, clock) = breaker(Config::new().failure_rate(100, 4, Window::time(SECOND)));
    clock.set(Moment::from_nanos(950_000_000));
    (0..2).for_each(|_| fail(&breaker));
    clock.advance(MILLI * 100);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "a window that starts anew each second has seen two and two");
}

#[test]
fn a_window_of_time_forgets_old_outcomes_without_a_call() {
    let (breaker, clock) = breaker(Config::new().failure_rate(50, 4, Window::time(SECOND)));
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.stats().window_failures, 3);
    clock.advance(SECOND);
    assert_eq!(breaker.stats().window_failures, 0);
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed, "those of the last second are three, too few to judge");
}

#[test]
fn a_window_may_be_shorter_than_a_second() {
    let (breaker, clock) = breaker(Config::new().failure_rate(100, 2, Window::time(MILLI * 5)));
    fail(&breaker);
    clock.advance(MILLI * 5);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    clock.advance(MILLI);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_minimum_of_calls_is_counted_within_the_window_only() {
    let (breaker, clock) = breaker(Config::new().failure_rate(50, 10, Window::time(SECOND)));
    (0..1_000).for_each(|_| succeed(&breaker));
    clock.advance(SECOND * 2);
    (0..9).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed, "old calls do not make up the minimum");
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_slow_success_trips_by_itself() {
    let (breaker, clock) = breaker(Config::new().slow_rate(SECOND, 50, 2, Window::calls(2)));
    succeed(&breaker);
    let call = breaker.guard().expect("it is closed");
    clock.advance(SECOND * 2);
    call.success();
    assert_eq!(breaker.state(), State::Open, "rules are judged after every outcome, not after failures only");
}

#[test]
fn a_rate_that_is_just_reached_trips() {
    for (percent, failures) in [(1, 1), (33, 33), (50, 50), (99, 99), (100, 100)] {
        let (breaker, _) = breaker(Config::new().failure_rate(percent, 100, Window::calls(100)));
        (0..100 - failures).for_each(|_| succeed(&breaker));
        (1..failures).for_each(|_| fail(&breaker));
        assert_eq!(breaker.state(), State::Closed, "{percent}%");
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open, "{percent}%");
    }
}

#[test]
fn the_counters_of_an_event_are_those_before_they_were_emptied() {
    let (breaker, _) = breaker(Config::new().failure_rate(50, 4, Window::calls(4)));
    let seen = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&seen);
    let _subscription = breaker.observe(move |event| {
        if let Event::Transition(change) = event {
            *slot.lock().expect("no panic") =
                Some((change.cause, change.before.window_calls, change.before.window_failures));
        }
    });
    (0..2).for_each(|_| succeed(&breaker));
    (0..2).for_each(|_| fail(&breaker));
    assert_eq!(*seen.lock().expect("no panic"), Some((Cause::FailureRate, 4, 2)));
}

#[test]
fn another_configuration_takes_neither_state_nor_counts() {
    let rate = |percent| Config::new().failure_rate(percent, 4, Window::calls(10)).reset_timeout(SECOND * 10);
    let (breaker, clock) = breaker(rate(90));
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.reconfigure(rate(100)), Ok(()));
    assert_eq!(breaker.stats().window_failures, 3);
    fail(&breaker);
    clock.advance(SECOND * 4);
    assert_eq!(breaker.reconfigure(rate(50).reset_timeout(SECOND)), Ok(()));
    assert_eq!(breaker.stats().open_remaining, Some(SECOND * 6), "it stays open as long as it was told");
}
