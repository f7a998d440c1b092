//! How a circuit goes from state to state: by its rules, by time, and by hand.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{
    Cause, Config, Event, Moment, Policy, PolicyExt, Reason, Reopen, State, Stats, Verdict, Window,
};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

/// Opens at the first failure, for ten seconds.
const ONE: Config = Config::new().failure_threshold(1).reset_timeout(Duration::from_secs(10));

/// Every transition from now on: from, to, why.
fn transitions(breaker: &Breaker) -> Arc<Mutex<Vec<(State, State, Cause)>>> {
    let seen: Arc<Mutex<Vec<_>>> = Arc::default();
    let notes = Arc::clone(&seen);
    breaker
        .observe(move |event| {
            if let Event::Transition(change) = event {
                notes.lock().expect("no panic").push((change.from, change.to, change.cause));
            }
        })
        .forget();
    seen
}

#[test]
fn it_opens_probes_and_closes() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(3).reset_timeout(SECOND));
    let seen = transitions(&breaker);
    (0..2).for_each(|_| fail(&breaker));
    succeed(&breaker);
    (0..2).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed, "a success ends a run of failures");
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.can_proceed()), (State::Open, false));
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!(
        *seen.lock().expect("no panic"),
        [
            (State::Closed, State::Open, Cause::FailureThreshold),
            (State::Open, State::HalfOpen, Cause::ResetTimeout),
            (State::HalfOpen, State::Closed, Cause::ProbesSucceeded),
        ]
    );
}

#[test]
fn of_several_rules_any_may_trip_and_the_first_is_named() {
    let window = Window::calls(4);
    let config =
        Config::new().failure_threshold(4).failure_rate(50, 4, window).slow_rate(SECOND, 50, 4, window);
    let outcomes: [(&[(bool, u32)], Cause); 4] = [
        (&[(false, 0), (false, 0), (false, 0), (false, 0)], Cause::FailureThreshold),
        (&[(true, 0), (false, 0), (true, 0), (false, 0)], Cause::FailureRate),
        (&[(true, 2), (true, 0), (true, 0), (true, 2)], Cause::SlowRate),
        (&[(false, 2), (true, 2), (true, 2), (false, 2)], Cause::FailureRate),
    ];
    for (calls, cause) in outcomes {
        let (breaker, clock) = breaker(config);
        let seen = transitions(&breaker);
        for (success, seconds) in calls {
            assert_eq!(breaker.state(), State::Closed, "{cause}");
            let call = breaker.guard().expect("it is closed");
            clock.advance(SECOND * *seconds);
            call.settle(if *success { Verdict::Success } else { Verdict::Failure });
        }
        assert_eq!(*seen.lock().expect("no panic"), [(State::Closed, State::Open, cause)]);
    }
}

#[test]
fn a_slow_probe_does_not_prove_that_all_is_well() {
    let (breaker, clock) =
        breaker(ONE.slow_rate(SECOND, 100, 10, Window::calls(10)).max_half_open(SECOND * 60));
    fail(&breaker);
    clock.advance(SECOND * 10);
    let probe = breaker.guard().expect("it may probe");
    clock.advance(SECOND * 2);
    probe.success();
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.successes, stats.slow), (State::Open, 1, 1));
}

#[test]
fn failed_probes_may_be_tolerated_up_to_a_rate() {
    let config = ONE.half_open_max_calls(2).success_threshold(10).half_open_failure_rate(30);
    for tolerated in [2, 3] {
        let (breaker, clock) = breaker(config);
        fail(&breaker);
        clock.advance(SECOND * 10);
        (0..tolerated).for_each(|_| fail(&breaker));
        let expected = if tolerated < 3 { State::HalfOpen } else { State::Open };
        assert_eq!(breaker.state(), expected, "three of ten are thirty percent");
        if breaker.state() == State::HalfOpen {
            (0..10).for_each(|_| succeed(&breaker));
            assert_eq!(breaker.state(), State::Closed);
        }
    }
}

#[test]
fn a_phase_without_a_verdict_reopens_as_of_its_end() {
    let config = ONE.max_half_open(SECOND * 5).reopen(Reopen::exponential(SECOND * 10));
    let (breaker, clock) = breaker(config);
    let seen = transitions(&breaker);
    fail(&breaker);
    clock.advance(SECOND * 10);
    let probe = breaker.admit().expect("it may probe");
    clock.advance(SECOND * 6);
    let stats = breaker.stats();
    assert_eq!(
        (stats.state, stats.open_remaining),
        (State::Open, Some(SECOND * 19)),
        "20 s from the fifth on"
    );
    assert_eq!(breaker.admit().unwrap_err().retry_after(), Some(SECOND * 19));
    breaker.settle(probe, Verdict::Success);
    assert_eq!(breaker.stats().stale_results, 1);
    clock.advance(SECOND * 19);
    succeed(&breaker);
    let expired = seen.lock().expect("no panic")[2];
    assert_eq!(expired, (State::HalfOpen, State::Open, Cause::HalfOpenExpired));
}

#[test]
fn each_state_set_by_hand_starts_an_epoch_and_stays() {
    type Set = fn(&Breaker);
    let by_hand: [(Set, State, Cause); 5] = [
        (Breaker::reset, State::Closed, Cause::Reset),
        (|b| b.force_close("calm"), State::Closed, Cause::Forced),
        (|b| b.force_open("maintenance"), State::ForcedOpen, Cause::Forced),
        (|b| b.disable("no need"), State::Disabled, Cause::Forced),
        (|b| b.metrics_only("trying it out"), State::MetricsOnly, Cause::Forced),
    ];
    for (before, from, _) in by_hand {
        for (set, to, cause) in by_hand {
            let (breaker, clock) = breaker(ONE);
            before(&breaker);
            let (seen, call) = (transitions(&breaker), breaker.admit().ok());
            set(&breaker);
            assert_eq!(*seen.lock().expect("no panic"), [(from, to, cause)], "also into the same state");
            clock.advance(SECOND * 1_000_000);
            assert_eq!(breaker.state(), to, "until somebody says otherwise");
            let late = call.map(|permit| breaker.settle(permit, Verdict::Failure));
            assert_eq!(breaker.stats().stale_results, u64::from(late.is_some()), "{from} -> {to}");
        }
    }
}

#[test]
fn a_state_set_for_a_time_ends_in_a_closed_circuit() {
    type Set = fn(&Breaker);
    let by_hand: [(Set, State); 3] = [
        (|b| b.force_open_for("maintenance", SECOND), State::ForcedOpen),
        (|b| b.disable_for("no need", SECOND), State::Disabled),
        (|b| b.metrics_only_for("trying it out", SECOND), State::MetricsOnly),
    ];
    for (set, state) in by_hand {
        let (breaker, clock) = breaker(ONE);
        let seen = transitions(&breaker);
        set(&breaker);
        clock.advance(SECOND.saturating_sub(NANO));
        assert_eq!(breaker.state(), state);
        clock.advance(NANO);
        assert_eq!((breaker.state(), breaker.can_proceed()), (State::Closed, true));
        assert_eq!(breaker.stats().transitions, 1, "to look does not end it");
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open, "the call that ended it counts in the closed circuit");
        assert_eq!(seen.lock().expect("no panic")[1], (state, State::Closed, Cause::ManualExpired));
    }
}

#[test]
fn a_forced_open_circuit_refuses_without_a_hint_unless_it_has_an_end() {
    let (breaker, clock) = breaker(ONE);
    breaker.force_open("maintenance");
    let refusal = breaker.admit().unwrap_err();
    assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::CircuitForcedOpen, None));
    breaker.force_open_for("maintenance", SECOND * 3);
    clock.advance(SECOND);
    assert_eq!(breaker.admit().unwrap_err().retry_after(), Some(SECOND * 2));
    breaker.force_open_for("for ever", Duration::MAX);
    assert_eq!(breaker.admit().unwrap_err().retry_after(), None);
    breaker.force_open_for("for no time", Duration::ZERO);
    succeed(&breaker);
}

#[test]
fn a_disabled_circuit_admits_all_and_counts_nothing() {
    let (breaker, _) = breaker(ONE);
    breaker.disable("no need");
    (0..10).for_each(|_| fail(&breaker));
    drop(breaker.guard());
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.total, stats.stale_results), (State::Disabled, 0, 0));
}

#[test]
fn a_circuit_that_only_watches_counts_all_and_never_opens() {
    let (breaker, _) = breaker(ONE);
    breaker.metrics_only("trying it out");
    (0..10).for_each(|_| fail(&breaker));
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.failures, stats.consecutive_failures), (State::MetricsOnly, 10, 10));
}

#[test]
fn to_reset_forgets_failures_and_reopenings_but_no_count() {
    let config = Config::new().failure_rate(100, 3, Window::calls(3)).reopen(Reopen::exponential(SECOND));
    let (breaker, clock) = breaker(config);
    for _ in 0..2 {
        for _ in 0..3 {
            let _ = breaker.call(|| Err::<(), _>("down"));
        }
        clock.advance(breaker.stats().open_remaining.expect("it is open"));
    }
    breaker.reset();
    let stats = breaker.stats();
    assert_eq!((stats.window_calls, stats.consecutive_failures, stats.failures), (0, 0, 4));
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.stats().open_remaining, Some(SECOND), "the first opening again");
}

#[test]
fn a_ramp_admits_a_rising_share_evenly() {
    let (breaker, clock) = breaker(ONE.ramp_up(SECOND * 100));
    fail(&breaker);
    clock.advance(SECOND * 10);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    let admitted = |calls: u32| (0..calls).filter(|_| breaker.call(|| Ok::<_, ()>(())).is_ok()).count();
    assert_eq!(admitted(100), 1, "at its foot the first call only");
    let shares = [(25, 24..=26), (25, 49..=51), (40, 89..=91)];
    for (seconds, share) in shares {
        clock.advance(SECOND * seconds);
        let passed = admitted(100);
        assert!(share.contains(&passed), "{passed} of 100");
    }
    let refused = (0..100).find_map(|_| breaker.guard().err()).expect("some are refused");
    assert_eq!((refused.reason(), refused.retry_after()), (Reason::CircuitRampUp, Some(SECOND * 10)));
    clock.advance(SECOND * 10);
    assert_eq!(admitted(100), 100);
}

#[test]
fn a_ramp_only_follows_probes_and_ends_with_its_setting() {
    let (breaker, clock) = breaker(ONE.ramp_up(SECOND));
    breaker.force_open("maintenance");
    breaker.force_close("calm");
    (0..10).for_each(|_| succeed(&breaker));
    fail(&breaker);
    clock.advance(SECOND * 10);
    succeed(&breaker);
    succeed(&breaker);
    assert!(breaker.guard().is_err() && !breaker.can_proceed());
    assert_eq!(breaker.reconfigure(ONE), Ok(()));
    (0..10).for_each(|_| succeed(&breaker));
}

#[test]
fn the_open_time_may_come_from_a_function_of_the_attempt_and_the_statistics() {
    fn by_attempt_and_failures(attempt: u32, before: &Stats) -> Duration {
        assert_eq!(before.transitions, u64::from(2 * (attempt - 1)));
        SECOND * attempt + NANO * u32::try_from(before.successes * 10 + before.failures).expect("small")
    }
    let config = Config::new().failure_threshold(1).reopen(Reopen::by(by_attempt_and_failures));
    let (breaker, clock) = breaker(config);
    succeed(&breaker);
    for (attempt, failures) in [(1, 1), (2, 2), (3, 3)] {
        fail(&breaker);
        let expected = SECOND * attempt + NANO * (10 + failures);
        assert_eq!(breaker.stats().open_remaining, Some(expected));
        clock.advance(expected);
    }
}

#[test]
fn the_function_of_the_open_time_sees_what_was_counted_without_the_lock() {
    fn by_counts(_: u32, before: &Stats) -> Duration {
        let counts = [before.successes, before.ignored, before.cancelled, before.rejected];
        SECOND
            + NANO
                * counts
                    .into_iter()
                    .fold(0, |number, count| number * 10 + u32::try_from(count).expect("small"))
    }
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reopen(Reopen::by(by_counts)));
    (0..5).for_each(|_| succeed(&breaker));
    for (verdict, times) in [(Verdict::Ignored, 4), (Verdict::Cancelled, 3)] {
        for _ in 0..times {
            let permit = breaker.admit().expect("it is closed");
            breaker.settle(permit, verdict);
        }
    }
    fail(&breaker);
    assert_eq!(breaker.stats().open_remaining, Some(SECOND + NANO * 5_430));
    (0..2).for_each(|_| assert!(breaker.admit().is_err()));
    clock.advance(SECOND * 2);
    fail(&breaker);
    assert_eq!(breaker.stats().open_remaining, Some(SECOND + NANO * 5_432));
}

#[test]
fn jitter_spreads_a_fleet_and_only_shortens() {
    let reopen = Reopen::exponential(SECOND).jitter(0.5);
    let config = Config::new().failure_threshold(1).reopen(reopen);
    let times: BTreeSet<Duration> = (0..100)
        .map(|_| {
            let (breaker, _) = breaker(config);
            fail(&breaker);
            breaker.stats().open_remaining.expect("it is open")
        })
        .collect();
    assert!(times.len() > 90, "of a hundred breakers hardly two probe at once: {}", times.len());
    assert!(times.iter().all(|time| (SECOND / 2..=SECOND).contains(time)));
}

#[test]
fn what_is_read_twice_is_the_same_although_it_was_drawn() {
    let reopen = Reopen::exponential(SECOND).jitter(1.0);
    let config = Config::new().failure_threshold(1).reopen(reopen).max_half_open(NANO);
    let (breaker, clock) = breaker(config);
    fail(&breaker);
    clock.advance(SECOND);
    let probe = breaker.admit();
    clock.advance(NANO);
    let (first, second) = (breaker.stats(), breaker.stats());
    assert_eq!((first.open_remaining, first.state), (second.open_remaining, second.state));
    let found = breaker.guard().map_err(|refusal| refusal.retry_after());
    assert_eq!(found.err().flatten(), first.open_remaining, "and a call finds what was read");
    drop(probe);
}

#[test]
fn another_configuration_moves_what_its_windows_can_hold() {
    let calls = |size| Config::new().failure_rate(100, size, Window::calls(size));
    let time = |seconds| Config::new().failure_rate(100, 100, Window::time(SECOND * seconds));
    let held = |breaker: &Breaker| (breaker.stats().window_calls, breaker.stats().window_failures);

    let (by_calls, _) = breaker(calls(8));
    (0..4).for_each(|_| succeed(&by_calls));
    (0..4).for_each(|_| fail(&by_calls));
    for (config, expected) in
        [(calls(6), (6, 4)), (calls(3), (3, 3)), (calls(100), (3, 3)), (time(1), (0, 0))]
    {
        assert_eq!(by_calls.reconfigure(config), Ok(()));
        assert_eq!(held(&by_calls), expected);
    }

    let (by_time, clock) = breaker(time(10));
    for _ in 0..10 {
        fail(&by_time);
        clock.advance(SECOND);
    }
    clock.set(Moment::from_nanos(9_000_000_000));
    for (config, expected) in [(time(10), 10), (time(5), 5), (time(100), 5), (calls(5), 0)] {
        assert_eq!(by_time.reconfigure(config), Ok(()));
        assert_eq!(held(&by_time), (expected, expected));
    }
}
