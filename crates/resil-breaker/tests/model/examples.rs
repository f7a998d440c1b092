//! The model itself, against histories worked out by hand from the rules. It runs alone here: the real breaker has tests of its own.

use resil_core::{Reason, Verdict};

use crate::naive::{Naive, Permit};
use crate::settings::{RateRule, Reopening, Settings, SlowRule, Span};
use crate::vocabulary::{Cause, Event, Hand, Refusal, State};

/// Three failures in a row open it for 10 ns.
const THREE: Settings =
    Settings { failure_threshold: Some(3), reopen: Reopening::Fixed(10), ..Settings::DEFAULT };

const FAILURE: Verdict = Verdict::Failure;
const SUCCESS: Verdict = Verdict::Success;

impl Naive {
    fn admitted(&mut self) -> Permit {
        self.admit().expect("the call is admitted")
    }

    fn refused(&mut self) -> (Reason, Option<u64>) {
        let Refusal { reason, retry_after } = self.admit().expect_err("the call is refused");
        (reason, retry_after)
    }

    fn calls(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            let permit = self.admitted();
            self.settle(permit, *verdict);
        }
    }

    fn causes(&mut self) -> Vec<Cause> {
        let cause = |event| match event {
            Event::Transition { cause, .. } => Some(cause),
            _ => None,
        };
        self.take_events().into_iter().filter_map(cause).collect()
    }
}

/// An open circuit whose time is over at 10 ns, and the clock there.
fn ready_to_probe(settings: Settings) -> Naive {
    let mut model = Naive::new(settings, 0);
    model.calls(&[FAILURE; 3]);
    model.now = 10;
    model
}

#[test]
fn b1_a_success_ends_the_streak_and_the_third_failure_in_a_row_opens() {
    let mut model = Naive::new(THREE, 0);
    model.calls(&[FAILURE, FAILURE, SUCCESS, FAILURE, Verdict::Ignored, Verdict::Panicked]);
    assert_eq!((model.state(), model.stats().consecutive_failures), (State::Closed, 2));
    model.calls(&[FAILURE]);
    assert_eq!((model.state(), model.causes()), (State::Open, vec![Cause::FailureThreshold]));
}

#[test]
fn b1_without_any_rule_five_failures_in_a_row_open() {
    let mut model = Naive::new(Settings::DEFAULT, 0);
    model.calls(&[FAILURE; 4]);
    assert_eq!(model.state(), State::Closed);
    model.calls(&[FAILURE]);
    assert_eq!(model.state(), State::Open);
}

#[test]
fn b1_a_rate_is_reached_when_it_is_equal_also_by_a_success_and_a_streak_does_not_matter_then() {
    let rule = RateRule { percent: 50, min_calls: 4, window: Span::Calls(10) };
    let mut model = Naive::new(Settings { failure_rate: Some(rule), ..Settings::DEFAULT }, 0);
    model.calls(&[FAILURE, FAILURE, SUCCESS]);
    assert_eq!(model.state(), State::Closed);
    model.calls(&[SUCCESS]);
    assert_eq!((model.state(), model.causes()), (State::Open, vec![Cause::FailureRate]));
}

#[test]
fn b1_slow_is_longer_than_the_limit() {
    let rate = RateRule { percent: 100, min_calls: 1, window: Span::Calls(1) };
    let slow_rate = Some(SlowRule { slower_than: 5, rate });
    let mut model = Naive::new(Settings { slow_rate, ..Settings::DEFAULT }, 0);
    let (first, second) = (model.admitted(), model.admitted());
    model.now = 5;
    model.settle(first, SUCCESS);
    assert_eq!((model.state(), model.stats().slow), (State::Closed, 0));
    model.now = 6;
    model.settle(second, SUCCESS);
    assert_eq!((model.state(), model.stats().slow, model.causes()), (State::Open, 1, vec![Cause::SlowRate]));
}

#[test]
fn b2_a_count_window_forgets_old_successes() {
    let rule = RateRule { percent: 100, min_calls: 3, window: Span::Calls(3) };
    let mut model = Naive::new(Settings { failure_rate: Some(rule), ..Settings::DEFAULT }, 0);
    model.calls(&[SUCCESS; 50]);
    model.calls(&[FAILURE; 2]);
    assert_eq!((model.state(), model.stats().window_calls), (State::Closed, 3));
    model.calls(&[FAILURE]);
    assert_eq!(model.state(), State::Open);
}

#[test]
fn b2_a_time_window_forgets_whole_slices_and_never_goes_back_to_one() {
    // Three slices of 4 ns, as 10 is not a multiple of 3.
    let rule = RateRule { percent: 100, min_calls: 9, window: Span::Slices(10, 3) };
    let mut model = Naive::new(Settings { failure_rate: Some(rule), ..Settings::DEFAULT }, 0);
    let seen = |model: &Naive| (model.stats().window_calls, model.stats().window_failures);
    model.now = 3;
    model.calls(&[FAILURE]);
    model.now = 4;
    model.calls(&[SUCCESS]);
    model.now = 11;
    assert_eq!(seen(&model), (2, 1));
    model.now = 12;
    assert_eq!(seen(&model), (1, 0));
    model.calls(&[FAILURE]);
    model.now = 2;
    model.calls(&[FAILURE]);
    assert_eq!(seen(&model), (3, 2), "an outcome of the past goes into the newest slice");
    model.now = 16;
    assert_eq!(seen(&model), (2, 2));
    model.now = 24;
    assert_eq!(seen(&model), (0, 0));
}

#[test]
fn b3_b6_b10_open_ends_at_admission_and_a_late_failure_does_not_prolong_it() {
    let mut model = Naive::new(THREE, 100);
    let late = model.admitted();
    model.calls(&[FAILURE; 3]);
    model.now = 109;
    model.settle(late, FAILURE);
    model.record(true);
    assert_eq!(model.refused(), (Reason::CircuitOpen, Some(1)));
    assert_eq!((model.stats().stale_results, model.stats().open_remaining), (2, Some(1)));
    model.now = 110;
    assert_eq!((model.state(), model.can_proceed()), (State::HalfOpen, true));
    assert_eq!(model.causes(), [Cause::FailureThreshold], "reading changes nothing");
    model.admitted();
    assert_eq!(model.causes(), [Cause::ResetTimeout]);
    assert_eq!(model.refused(), (Reason::CircuitHalfOpen, Some(10)));
}

#[test]
fn b4_b5_probes_are_limited_and_enough_successes_close() {
    let mut model = ready_to_probe(Settings { half_open_max_calls: 2, ..THREE });
    let (first, second) = (model.admitted(), model.admitted());
    assert!(!model.can_proceed());
    model.settle(first, Verdict::Cancelled);
    let third = model.admitted();
    model.settle(second, SUCCESS);
    assert_eq!((model.state(), model.stats().in_flight), (State::HalfOpen, 1));
    model.settle(third, SUCCESS);
    assert_eq!((model.state(), model.stats().total), (State::Closed, 6));
    assert_eq!(model.causes(), [Cause::FailureThreshold, Cause::ResetTimeout, Cause::ProbesSucceeded]);
}

#[test]
fn b5_one_failure_reopens_unless_a_rate_allows_it() {
    let mut strict = ready_to_probe(Settings { half_open_max_calls: 4, ..THREE });
    strict.calls(&[SUCCESS, FAILURE]);
    assert_eq!((strict.state(), strict.stats().open_remaining), (State::Open, Some(10)));
    let by_rate = Settings { half_open_max_calls: 4, half_open_failure_rate: Some(50), ..THREE };
    let mut lenient = ready_to_probe(by_rate);
    lenient.calls(&[SUCCESS, FAILURE]);
    assert_eq!(lenient.state(), State::HalfOpen);
    lenient.calls(&[FAILURE]);
    assert_eq!(lenient.state(), State::Open);
}

#[test]
fn b5_a_probe_that_never_settles_loses_its_slot_and_its_result_is_stale() {
    let mut model = ready_to_probe(Settings { probe_timeout: Some(4), ..THREE });
    let lost = model.admitted();
    model.now = 13;
    assert_eq!(model.refused(), (Reason::CircuitHalfOpen, Some(1)));
    model.now = 14;
    let next = model.admitted();
    model.settle(lost, FAILURE);
    assert_eq!(
        (model.state(), model.stats().stale_results, model.stats().in_flight),
        (State::HalfOpen, 1, 1)
    );
    model.settle(next, SUCCESS);
    assert_eq!(model.state(), State::Closed);
}

#[test]
fn b5_half_open_expires_as_of_its_end_and_an_admission_may_go_on_at_once() {
    let mut model = ready_to_probe(Settings { max_half_open: Some(7), ..THREE });
    let late = model.admitted();
    model.now = 17;
    assert_eq!((model.state(), model.stats().open_remaining), (State::Open, Some(10)));
    assert_eq!(model.refused(), (Reason::CircuitOpen, Some(10)));
    model.settle(late, SUCCESS);
    assert_eq!(model.stats().stale_results, 1);
    model.now = 27;
    model.admitted();
    model.take_events();
    model.now = 44;
    assert_eq!(model.state(), State::HalfOpen, "it would have been open from 34 to 44");
    model.admitted();
    assert_eq!(model.causes(), [Cause::HalfOpenExpired, Cause::ResetTimeout]);
}

#[test]
fn b5_reopening_waits_longer_each_time_up_to_the_limit_and_starts_anew_after_closing() {
    let reopen = Reopening::Exponential { base: 10, tenths: 20, max: 35 };
    let mut model = Naive::new(Settings { failure_threshold: Some(1), reopen, ..Settings::DEFAULT }, 0);
    let mut waits = Vec::new();
    for verdict in [FAILURE, FAILURE, FAILURE, FAILURE, SUCCESS, FAILURE] {
        model.calls(&[verdict]);
        let wait = model.stats().open_remaining.unwrap_or(0);
        waits.push(wait);
        model.now += wait;
    }
    assert_eq!(waits, [10, 20, 35, 35, 0, 10]);
}

#[test]
fn b7_results_of_an_older_epoch_only_count_as_stale() {
    let mut model = Naive::new(THREE, 0);
    let old = [model.admitted(), model.admitted(), model.admitted()];
    model.by_hand(Hand::Reset);
    for permit in old {
        model.settle(permit, FAILURE);
    }
    let stats = model.stats();
    assert_eq!((stats.stale_results, stats.failures, stats.consecutive_failures), (3, 0, 0));
    assert_eq!(
        model.take_events(),
        [Event::Transition { from: State::Closed, to: State::Closed, cause: Cause::Reset }]
    );
}

#[test]
fn b7_a_state_by_hand_ends_at_the_first_admission_after_its_time() {
    let mut model = Naive::new(THREE, 0);
    model.by_hand(Hand::ForceOpen(None));
    assert_eq!(model.refused(), (Reason::CircuitForcedOpen, None));
    model.by_hand(Hand::ForceOpen(Some(8)));
    model.now = 7;
    assert_eq!(model.refused(), (Reason::CircuitForcedOpen, Some(1)));
    model.now = 8;
    assert_eq!(model.state(), State::Closed);
    model.record(true);
    assert_eq!(model.stats().stale_results, 1, "no admission has ended it yet");
    model.calls(&[FAILURE]);
    assert_eq!((model.stats().consecutive_failures, model.stats().transitions), (1, 3));
}

#[test]
fn b7_disabled_sees_nothing_and_metrics_only_warns_once() {
    let mut model = Naive::new(THREE, 0);
    model.by_hand(Hand::Disable(None));
    model.calls(&[FAILURE; 9]);
    model.record(true);
    assert_eq!((model.stats().total, model.stats().stale_results), (0, 0));
    model.by_hand(Hand::MetricsOnly(None));
    model.take_events();
    model.calls(&[FAILURE; 9]);
    assert_eq!((model.state(), model.stats().failures), (State::MetricsOnly, 9));
    assert_eq!(model.take_events(), [Event::ThresholdExceeded]);
}

#[test]
fn b8_b9_ignored_and_cancelled_are_counted_apart_and_cancelled_may_be_a_failure() {
    let mut model = Naive::new(THREE, 0);
    model.calls(&[FAILURE, FAILURE, Verdict::Ignored, Verdict::Cancelled]);
    let stats = model.stats();
    assert_eq!((stats.ignored, stats.cancelled, stats.failures, stats.total), (1, 1, 2, 4));
    model.reconfigure(Settings { cancel_is_failure: true, ..THREE });
    model.calls(&[Verdict::Cancelled]);
    assert_eq!((model.state(), model.stats().cancelled, model.stats().failures), (State::Open, 1, 3));
}

#[test]
fn b13_reconfiguring_keeps_the_newest_that_both_windows_hold() {
    let with = |window| {
        let failure_rate = Some(RateRule { percent: 100, min_calls: 9, window });
        Settings { failure_rate, ..Settings::DEFAULT }
    };
    let seen = |model: &Naive| (model.stats().window_calls, model.stats().window_failures);
    let mut model = Naive::new(with(Span::Calls(20)), 0);
    model.calls(&[FAILURE, FAILURE, SUCCESS, FAILURE]);
    model.reconfigure(with(Span::Calls(2)));
    model.reconfigure(with(Span::Calls(20)));
    assert_eq!(seen(&model), (2, 1));
    model.reconfigure(with(Span::Slices(12, 3)));
    assert_eq!(seen(&model), (0, 0));
    for now in [3, 5, 9] {
        model.now = now;
        model.calls(&[FAILURE]);
    }
    // They are at 0, 4 and 8 now, so in the slices 0, 1 and 2 of 3 ns; two of these reach back to 3.
    model.reconfigure(with(Span::Slices(6, 2)));
    assert_eq!(seen(&model), (1, 1), "at 9 the newest slice is the fourth");
    model.now = 8;
    assert_eq!(seen(&model), (2, 2));
}

#[test]
fn b15_a_recorded_result_counts_for_the_probes_but_frees_no_slot() {
    let mut model = ready_to_probe(Settings { success_threshold: Some(2), ..THREE });
    let probe = model.admitted();
    model.record(false);
    assert_eq!((model.can_proceed(), model.stats().in_flight, model.stats().total), (false, 1, 5));
    model.record(false);
    assert_eq!(model.state(), State::Closed);
    model.settle(probe, SUCCESS);
    assert_eq!((model.stats().stale_results, model.stats().successes), (1, 2));
}

#[test]
fn a_ramp_admits_a_rising_share() {
    let mut model = ready_to_probe(Settings { ramp_up: Some(8), ..THREE });
    model.calls(&[SUCCESS]);
    assert_eq!(model.state(), State::Closed);
    let admitted = |model: &mut Naive| (0..8).filter(|_| model.admit().is_ok()).count();
    assert_eq!(admitted(&mut model), 1);
    assert_eq!(model.refused(), (Reason::CircuitRampUp, Some(8)));
    model.now = 12;
    assert_eq!(admitted(&mut model), 2);
    model.now = 16;
    assert_eq!(admitted(&mut model), 6);
    model.now = 18;
    assert_eq!(admitted(&mut model), 8);
}
