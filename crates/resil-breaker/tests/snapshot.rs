//! Snapshots: what survives a restart, and what is refused because it is damaged, old, from the future or of another kind.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{
    Clock, Config, ManualClock, Moment, PolicyExt, Reason, Reopen, RestoreError, Snapshot, State, Window,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// A breaker of the next process: its monotonic clock has another origin, its wall clock goes on from `clock` by `later`.
fn next_process(config: Config, clock: &ManualClock, later: Duration) -> (Breaker, ManualClock) {
    let (next, next_clock) = breaker(config);
    next_clock.set(Moment::from_nanos(987_654_321_000));
    next_clock.set_unix_time(clock.unix_time() + later);
    (next, next_clock)
}

#[test]
fn an_open_circuit_stays_open_for_the_rest_of_its_time_by_the_wall_clock() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND * 60);
    let (before, clock) = breaker(config);
    clock.advance(HOUR);
    fail(&before);
    clock.advance(SECOND * 10);
    let saved = before.snapshot();
    assert_eq!((saved.state(), saved.remaining()), (State::Open, Some(SECOND * 50)));
    assert_eq!(saved.taken_at(), clock.unix_time());

    let (after, after_clock) = next_process(config, &clock, SECOND * 20);
    assert_eq!(after.restore(&saved), Ok(()));
    assert_eq!((after.state(), after.stats().open_remaining), (State::Open, Some(SECOND * 30)));
    after_clock.advance((SECOND * 30).saturating_sub(Duration::from_nanos(1)));
    assert_eq!(after.guard().unwrap_err().retry_after(), Some(Duration::from_nanos(1)));
    after_clock.advance(Duration::from_nanos(1));
    succeed(&after);
    assert_eq!(after.state(), State::Closed);
}

#[test]
fn a_circuit_whose_open_time_ran_out_between_processes_may_probe_at_once() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND * 60);
    let (before, clock) = breaker(config);
    fail(&before);
    let (after, _) = next_process(config, &clock, SECOND * 60);
    assert_eq!(after.restore(&before.snapshot()), Ok(()));
    assert_eq!((after.state(), after.stats().open_remaining), (State::HalfOpen, None));
    succeed(&after);
}

#[test]
fn the_number_of_reopenings_survives() {
    let config = Config::new().failure_threshold(1).reopen(Reopen::exponential(SECOND));
    let (before, clock) = breaker(config);
    for _ in 0..3 {
        fail(&before);
        clock.advance(before.stats().open_remaining.expect("it is open"));
    }
    let (after, _) = next_process(config, &clock, Duration::ZERO);
    assert_eq!(after.restore(&before.snapshot()), Ok(()));
    fail(&after);
    assert_eq!(after.stats().open_remaining, Some(SECOND * 8), "the fourth opening");
}

#[test]
fn a_half_open_circuit_is_saved_as_an_open_one_whose_time_is_over() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND);
    let (before, clock) = breaker(config);
    fail(&before);
    clock.advance(SECOND);
    let due = before.snapshot();
    let probe = before.guard().expect("it may probe");
    let probing = before.snapshot();
    for saved in [&due, &probing] {
        assert_eq!((saved.state(), saved.remaining()), (State::Open, Some(Duration::ZERO)));
    }
    drop(probe);
    let (after, _) = next_process(config, &clock, Duration::ZERO);
    assert_eq!(after.restore(&probing), Ok(()));
    assert_eq!(after.state(), State::HalfOpen);
    assert!(after.guard().is_ok(), "the probe of the former process holds no slot");
}

#[test]
fn a_half_open_circuit_that_ran_out_is_saved_with_the_open_time_that_follows() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND * 10).max_half_open(SECOND);
    let (before, clock) = breaker(config);
    fail(&before);
    clock.advance(SECOND * 10);
    let _probe = before.guard().expect("it may probe");
    clock.advance(SECOND * 4);
    let saved = before.snapshot();
    assert_eq!((saved.state(), saved.remaining()), (State::Open, Some(SECOND * 7)));
}

#[test]
fn a_half_open_circuit_that_ran_out_is_saved_with_its_next_reopening() {
    let reopen = Reopen::exponential(SECOND);
    let config = Config::new().failure_threshold(1).reopen(reopen).max_half_open(SECOND);
    let (before, clock) = breaker(config);
    fail(&before);
    clock.advance(SECOND);
    let _probe = before.guard().expect("it may probe");
    clock.advance(SECOND);
    assert_eq!(before.stats().open_remaining, Some(SECOND * 2), "the second opening");
    let (after, after_clock) = next_process(config, &clock, Duration::ZERO);
    assert_eq!(after.restore(&before.snapshot()), Ok(()));
    assert_eq!(after.stats().open_remaining, Some(SECOND * 2));
    after_clock.advance(SECOND * 2);
    fail(&after);
    assert_eq!(after.stats().open_remaining, Some(SECOND * 4), "the third");
}

#[test]
fn states_set_by_hand_survive_with_their_reason_and_their_end() {
    type Set = fn(&Breaker);
    let cases: [(Set, State, Option<u32>); 6] = [
        (|b| b.force_open("maintenance"), State::ForcedOpen, None),
        (|b| b.force_open_for("maintenance", SECOND * 60), State::ForcedOpen, Some(40)),
        (|b| b.disable("maintenance"), State::Disabled, None),
        (|b| b.disable_for("maintenance", SECOND * 60), State::Disabled, Some(40)),
        (|b| b.metrics_only("maintenance"), State::MetricsOnly, None),
        (|b| b.metrics_only_for("maintenance", SECOND * 60), State::MetricsOnly, Some(40)),
    ];
    for (set, state, rest) in cases {
        let (before, clock) = breaker(Config::new());
        set(&before);
        clock.advance(SECOND * 10);
        let saved = before.snapshot();
        let (after, after_clock) = next_process(Config::new(), &clock, SECOND * 10);
        assert_eq!(after.restore(&saved), Ok(()));
        assert_eq!((after.state(), after.stats().reason.as_deref()), (state, Some("maintenance")));
        after_clock.advance((SECOND * rest.unwrap_or(1_000_000)).saturating_sub(Duration::from_nanos(1)));
        assert_eq!(after.state(), state);
        after_clock.advance(Duration::from_nanos(1));
        assert_eq!(after.state(), if rest.is_some() { State::Closed } else { state });
    }
}

#[test]
fn a_state_by_hand_that_has_run_out_is_saved_as_closed() {
    let (before, clock) = breaker(Config::new());
    before.force_open_for("maintenance", SECOND);
    clock.advance(SECOND);
    let saved = before.snapshot();
    assert_eq!((saved.state(), saved.remaining()), (State::Closed, None));
}

#[test]
fn a_closed_circuit_is_restored_closed_without_its_failures() {
    let config = Config::new().failure_threshold(3).failure_rate(100, 4, Window::calls(4));
    let (before, clock) = breaker(config);
    (0..2).for_each(|_| fail(&before));
    let (after, _) = next_process(config, &clock, SECOND);
    (0..2).for_each(|_| fail(&after));
    assert_eq!(after.restore(&before.snapshot()), Ok(()));
    let stats = after.stats();
    assert_eq!((stats.state, stats.consecutive_failures, stats.window_calls), (State::Closed, 0, 0));
    assert_eq!(stats.failures, 2, "counters go on");
}

#[test]
fn what_is_old_or_from_the_future_is_refused_to_the_nanosecond() {
    let (before, clock) = breaker(Config::new());
    before.force_open("maintenance");
    let saved = before.snapshot();
    let at = |unix_time: Duration| {
        let (after, after_clock) = breaker(Config::new());
        after_clock.set_unix_time(unix_time);
        let restored = after.restore(&saved);
        assert_eq!(after.state(), if restored.is_ok() { State::ForcedOpen } else { State::Closed });
        assert_eq!(after.stats().transitions, u64::from(restored.is_ok()));
        restored
    };
    let (taken, nano) = (clock.unix_time(), Duration::from_nanos(1));
    assert_eq!(at(taken + Snapshot::MAX_AGE), Ok(()));
    assert_eq!(at(taken.saturating_sub(Snapshot::MAX_SKEW)), Ok(()));
    let old = at(taken + Snapshot::MAX_AGE + nano).unwrap_err();
    assert_eq!(old, RestoreError::TooOld { age: Snapshot::MAX_AGE + nano });
    let early = at(taken.saturating_sub(Snapshot::MAX_SKEW + nano)).unwrap_err();
    assert_eq!(early, RestoreError::FromTheFuture { ahead: Snapshot::MAX_SKEW + nano });
    assert!(at(Duration::ZERO).is_err());
    assert!(at(Duration::MAX).is_err());
    insta::assert_snapshot!(format!("{old}\n{early}"), @r"
    snapshot is 86400s old, at most 86400s are allowed
    snapshot is 5s from the future, at most 5s are allowed
    ");
}

#[test]
fn a_clock_that_runs_behind_adds_no_open_time() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND * 60);
    let (before, clock) = breaker(config);
    fail(&before);
    let (after, after_clock) = breaker(config);
    after_clock.set_unix_time(clock.unix_time().saturating_sub(SECOND * 4));
    assert_eq!(after.restore(&before.snapshot()), Ok(()));
    assert_eq!(after.stats().open_remaining, Some(SECOND * 60), "within the skew: never more than was left");
}

#[test]
fn a_refused_snapshot_leaves_the_breaker_as_it_was() {
    let (open, clock) = breaker(Config::new().failure_threshold(1));
    fail(&open);
    let saved = open.snapshot();
    clock.advance(HOUR * 25);
    fail(&open);
    let before = open.stats();
    assert!(open.restore(&saved).is_err());
    assert_eq!(open.stats(), before);
    assert_eq!(open.guard().unwrap_err().reason(), Reason::CircuitOpen);
}

#[test]
fn a_restored_epoch_is_new_so_that_calls_in_flight_do_not_count() {
    let (breaker, _) = breaker(Config::new().failure_threshold(1));
    let saved = breaker.snapshot();
    let call = breaker.guard().expect("it is closed");
    assert_eq!(breaker.restore(&saved), Ok(()));
    call.failure();
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.failures, stats.stale_results), (State::Closed, 0, 1));
}
