//! Settings at the ends of their ranges: what is accepted works as it was written, without a panic, a hang or a silent clamp.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{Config, ManualClock, Moment, PolicyExt, Reopen, Snapshot, State, Window};

const NANO: Duration = Duration::from_nanos(1);
const MICRO: Duration = Duration::from_micros(1);
const SECOND: Duration = Duration::from_secs(1);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// Every accepted extreme, each with a rule that opens at the first failure, unless it is the rule that is extreme.
fn extremes() -> Vec<(&'static str, Config)> {
    let one = Config::new().failure_threshold(1);
    let rate = |percent, window| Config::new().failure_rate(percent, 1, window);
    let growth = Reopen::exponential(SECOND);
    vec![
        ("reset 1 ns", one.reset_timeout(NANO)),
        ("reset 100 years", one.reset_timeout(CENTURY)),
        ("factor 1,000", one.reopen(growth.factor(1_000.0).max(CENTURY))),
        ("factor 1", one.reopen(growth.factor(1.0))),
        ("full jitter of 1 ns", one.reopen(Reopen::exponential(NANO).jitter(1.0))),
        ("full jitter of 100 years", one.reopen(Reopen::exponential(CENTURY).jitter(1.0).factor(1_000.0))),
        ("a function that says zero", one.reopen(Reopen::by(|_, _| Duration::ZERO))),
        ("a function that says for ever", one.reopen(Reopen::by(|_, _| Duration::MAX))),
        ("a function that panics", one.reopen(Reopen::by(|attempt, _| panic!("attempt {attempt}")))),
        ("1 percent of a window of 1 us in 1,000 slices", rate(1, Window::slices(MICRO, 1_000))),
        ("a window of 1 us in one slice", rate(100, Window::slices(MICRO, 1))),
        ("a window of 100 years in 1,000 slices", rate(100, Window::slices(CENTURY, 1_000))),
        ("a window of 100 years in one slice", rate(1, Window::slices(CENTURY, 1))),
        ("a window of one call", rate(100, Window::calls(1))),
        ("a window of 1,000,000 calls", rate(1, Window::calls(1_000_000))),
        ("slow from 1 ns", one.slow_rate(NANO, 1, 1, Window::calls(1))),
        ("slow from 100 years", one.slow_rate(CENTURY, 100, u32::MAX, Window::time(CENTURY))),
        ("1,000 probes", one.half_open_max_calls(1_000)),
        ("as many successes as there are numbers", one.success_threshold(u32::MAX).half_open_failure_rate(1)),
        ("all of all successes", one.success_threshold(u32::MAX).half_open_failure_rate(100)),
        ("probes of 1 ns", one.probe_timeout(NANO).max_half_open(NANO)),
        ("probes of 100 years", one.probe_timeout(CENTURY).max_half_open(CENTURY)),
        ("a ramp of 1 ns", one.ramp_up(NANO)),
        ("a ramp of 100 years", one.ramp_up(CENTURY)),
    ]
}

/// Takes a breaker through everything that depends on a setting.
fn drive(what: &str, breaker: &Breaker, clock: &ManualClock) {
    let steps = [NANO, MICRO, SECOND, CENTURY, Duration::ZERO];
    for (round, step) in (0..3).flat_map(|round| steps.map(|step| (round, step))) {
        for attempt in 0..4 {
            let result = if (attempt + round) % 3 == 0 { Ok(()) } else { Err("down") };
            let took = |()| clock.advance(step);
            let _ = breaker.call(|| result.map(took));
            let guard = breaker.guard();
            clock.advance(step);
            drop(guard);
            let (found, can) = (breaker.state(), breaker.can_proceed());
            let stats = breaker.stats();
            assert_eq!(stats.state, found, "{what}: {stats:?}");
            assert!(stats.window_failures <= stats.window_calls, "{what}: {stats:?}");
            assert!(found != State::Open || !can, "{what}: {stats:?}");
            let saved: Snapshot = breaker.snapshot();
            assert_eq!(breaker.restore(&saved), Ok(()), "{what}: {stats:?}");
        }
        assert_eq!(breaker.reconfigure(breaker.config()), Ok(()), "{what}");
    }
    breaker.reset();
    assert_eq!(breaker.state(), State::Closed, "{what}");
    succeed(breaker);
}

#[test]
fn every_accepted_extreme_works_at_any_time() {
    for (what, config) in extremes() {
        assert_eq!(config.check(), Ok(()), "{what}");
        let near_the_end = Moment::MAX.saturating_sub(SECOND);
        for start in [Moment::ZERO, Moment::from_nanos(1), near_the_end, Moment::MAX] {
            let (breaker, clock) = breaker(config);
            clock.set(start);
            drive(what, &breaker, &clock);
        }
    }
}

#[test]
fn the_shortest_times_are_exact_to_the_nanosecond() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(NANO));
    fail(&breaker);
    assert_eq!(breaker.guard().unwrap_err().retry_after(), Some(NANO));
    clock.advance(NANO);
    let probe = breaker.guard().expect("1 ns is over");
    assert_eq!(breaker.guard().unwrap_err().retry_after(), Some(NANO), "until the probe gives up its slot");
    clock.advance(NANO);
    probe.success();
    assert_eq!(
        breaker.stats().stale_results,
        1,
        "the probe had 1 ns, by default as long as the reset timeout"
    );
}

#[test]
fn the_longest_times_are_exact_to_the_nanosecond() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(CENTURY));
    fail(&breaker);
    clock.advance(CENTURY.saturating_sub(NANO));
    assert_eq!(breaker.guard().unwrap_err().retry_after(), Some(NANO));
    clock.advance(NANO);
    succeed(&breaker);
}

#[test]
fn growth_ends_at_its_maximum_and_starts_anew_when_the_circuit_has_closed() {
    let reopen = Reopen::exponential(SECOND).factor(1_000.0).max(SECOND * 1_500);
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reopen(reopen));
    for expected in [1, 1_000, 1_500, 1_500].map(Duration::from_secs) {
        fail(&breaker);
        assert_eq!(breaker.stats().open_remaining, Some(expected));
        clock.advance(expected);
    }
    succeed(&breaker);
    fail(&breaker);
    assert_eq!(breaker.stats().open_remaining, Some(SECOND));
}

#[test]
fn a_function_that_panics_counts_as_the_default() {
    let config = Config::new().failure_threshold(1).reopen(Reopen::by(|_, _| panic!("by the test")));
    let (breaker, _) = breaker(config);
    fail(&breaker);
    assert_eq!(breaker.stats().open_remaining, Some(Config::DEFAULT_RESET_TIMEOUT));
}

#[test]
fn a_slow_limit_of_one_nanosecond_is_passed_by_two() {
    let config = Config::new().slow_rate(NANO, 100, 1, Window::calls(1));
    for (took, state) in [(NANO, State::Closed), (NANO * 2, State::Open)] {
        let (breaker, clock) = breaker(config);
        let call = breaker.guard().expect("it is closed");
        clock.advance(took);
        call.success();
        assert_eq!(breaker.state(), state, "{took:?}");
    }
}

#[test]
fn a_threshold_of_all_numbers_does_not_open_early() {
    let (breaker, _) = breaker(Config::new().failure_threshold(u32::MAX));
    (0..100_000).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.stats().consecutive_failures), (State::Closed, 100_000));
}

#[test]
fn a_window_of_a_million_calls_holds_a_million() {
    let (breaker, _) = breaker(Config::new().failure_rate(50, 1_000_000, Window::calls(1_000_000)));
    (0..500_000).for_each(|_| succeed(&breaker));
    (0..499_999).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.stats().window_calls), (State::Closed, 999_999));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}
