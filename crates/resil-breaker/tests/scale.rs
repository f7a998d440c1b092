//! After a million calls it is as quick to trip as at first, and each call counts once.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{Config, ManualClock, PolicyExt, State, Window};

const MILLION: u64 = 1_000_000;
const SECOND: Duration = Duration::from_secs(1);

/// After a million successes of `step` each, exactly `failures` failures open the circuit.
fn trips_after(failures: u32, config: Config, step: Duration) -> (Breaker, ManualClock) {
    let (breaker, clock) = breaker(config);
    for _ in 0..MILLION {
        succeed(&breaker);
        clock.advance(step);
    }
    (1..failures).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed, "{failures} failures are needed");
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "{failures} failures are enough");
    assert_eq!(breaker.stats().successes, MILLION);
    (breaker, clock)
}

#[test]
fn after_a_million_successes_a_window_of_n_calls_trips_within_n_failures() {
    for size in [1, 2, 63, 64, 65, 100, 1_000] {
        trips_after(size, Config::new().failure_rate(100, size, Window::calls(size)), Duration::ZERO);
    }
    trips_after(50, Config::new().failure_rate(50, 100, Window::calls(100)), Duration::ZERO);
}

#[test]
fn after_a_million_successes_n_failures_in_a_row_trip() {
    trips_after(5, Config::new().failure_threshold(5), Duration::ZERO);
    let both = Config::new().failure_threshold(5).failure_rate(100, 100, Window::calls(100));
    trips_after(5, both, Duration::ZERO);
}

#[test]
fn after_a_million_successes_a_window_of_time_trips_as_soon_as_they_are_out_of_it() {
    // A call each millisecond: the last second's are still in the window.
    let config = Config::new().failure_rate(50, 100, Window::time(SECOND));
    let (breaker, clock) = breaker(config);
    for _ in 0..MILLION {
        succeed(&breaker);
        clock.advance(Duration::from_millis(1));
    }
    let held = breaker.stats().window_calls;
    assert!((900..=1_000).contains(&held), "{held} of the last second");
    (1..held).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "as many failures as successes are half");

    let (breaker, clock) =
        trips_after(1_000, Config::new().failure_rate(100, 1_000, Window::time(SECOND)), SECOND);
    clock.advance(Config::DEFAULT_RESET_TIMEOUT);
    succeed(&breaker);
    assert_eq!((breaker.state(), breaker.stats().window_calls), (State::Closed, 0));
}

#[test]
fn a_window_of_time_counts_each_of_a_million_calls() {
    let (breaker, clock) = breaker(Config::new().failure_rate(50, u32::MAX, Window::time(SECOND)));
    for call in 0..MILLION {
        if call % 4 == 0 {
            fail(&breaker);
        } else {
            succeed(&breaker);
        }
        if call % 200_000 == 0 {
            clock.advance(Duration::from_millis(100));
        }
    }
    let stats = breaker.stats();
    assert_eq!((stats.window_calls, stats.window_failures), (MILLION, MILLION / 4));
    clock.advance(SECOND);
    let stats = breaker.stats();
    assert_eq!((stats.window_calls, stats.total), (0, MILLION));
}

#[test]
fn a_million_refusals_are_counted_and_change_nothing() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1));
    fail(&breaker);
    for _ in 0..MILLION {
        assert!(breaker.guard().is_err());
    }
    let stats = breaker.stats();
    assert_eq!((stats.rejected, stats.transitions, stats.total), (MILLION, 1, MILLION + 1));
    clock.advance(Config::DEFAULT_RESET_TIMEOUT);
    succeed(&breaker);
}
