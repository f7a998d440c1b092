//! Models of the breaker's shared words under loom and shuttle: every promise that several threads could break.
//!
//! Stock loom skips interleavings in which the thread that built the model loads before a spawned one stores, so all that races runs in
//! spawned threads, and the first one only builds, joins and asserts. Each model names the outcomes that it has to see.
#![cfg(any(loom, shuttle))]

use std::sync::Arc;
use std::time::Duration;

use resil_breaker::testing::models::{action, explore, race};
use resil_breaker::{
    CircuitBreaker, Config, ManualClock, Name, Policy, Reason, State, Stats, Verdict, Window,
};

type Breaker = CircuitBreaker<ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

fn breaker(config: Config) -> (Arc<Breaker>, ManualClock) {
    let clock = ManualClock::new();
    let breaker =
        Breaker::with_clock(Name::UNNAMED, config.striped(false).reset_timeout(SECOND), clock.clone());
    (Arc::new(breaker), clock)
}

/// A breaker that has opened, and whose reset timeout is over.
fn due(config: Config) -> (Arc<Breaker>, ManualClock) {
    let (breaker, clock) = breaker(config.failure_threshold(1));
    breaker.record_failure();
    clock.advance(SECOND);
    (breaker, clock)
}

fn settled(stats: &Stats) -> (u64, u64, u64) {
    (stats.successes, stats.failures, stats.stale_results)
}

#[test]
fn one_probe_slot_admits_one_of_all_who_ask_at_once() {
    explore(&[(1, State::HalfOpen)], || {
        let (breaker, _) = due(Config::new());
        let admitted = race(
            &breaker,
            vec![action(|b: &Breaker| b.admit().is_ok()), action(|b: &Breaker| b.admit().is_ok())],
        );
        (admitted.iter().filter(|ok| **ok).count(), breaker.state())
    });
}

#[test]
fn a_probe_that_is_taken_back_frees_its_slot_for_the_next() {
    explore(&[(false, 0), (true, 1)], || {
        let (breaker, _) = due(Config::new());
        let probe = breaker.admit().unwrap();
        let admitted = race(
            &breaker,
            vec![
                action(move |b: &Breaker| {
                    b.release(probe);
                    false
                }),
                action(|b: &Breaker| b.admit().is_ok()),
            ],
        )[1];
        let in_flight = breaker.stats().in_flight;
        // Whoever lost the race finds the slot free afterwards.
        assert_eq!(breaker.admit().is_ok(), !admitted);
        (admitted, in_flight)
    });
}

#[test]
fn the_late_result_of_a_probe_that_lost_its_slot_is_stale() {
    explore(&[(State::HalfOpen, (0, 1, 1))], || {
        let (breaker, clock) = due(Config::new().max_half_open(3 * SECOND).probe_timeout(SECOND));
        let late = breaker.admit().unwrap();
        clock.advance(SECOND);
        race(
            &breaker,
            vec![
                action(move |b: &Breaker| b.settle(late, Verdict::Success)),
                action(|b: &Breaker| {
                    // It stays in flight.
                    let _probe = b.admit().unwrap();
                }),
            ],
        );
        (breaker.state(), settled(&breaker.stats()))
    });
}

#[test]
fn a_result_that_races_with_a_reset_counts_before_it_or_is_stale() {
    explore(&[(0, (0, 0, 1)), (0, (0, 1, 0))], || {
        let (breaker, _) = breaker(Config::new().failure_threshold(3));
        breaker.warm_up();
        let permit = breaker.admit().unwrap();
        race(
            &breaker,
            vec![action(move |b: &Breaker| b.settle(permit, Verdict::Failure)), action(Breaker::reset)],
        );
        let stats = breaker.stats();
        // Never does it count in the epoch after the reset.
        (stats.consecutive_failures, settled(&stats))
    });
}

#[test]
fn a_result_that_races_with_a_reset_never_enters_the_new_window() {
    explore(&[(0, (0, 0, 1)), (0, (0, 1, 0))], || {
        let (breaker, _) = breaker(Config::new().failure_rate(50, 4, Window::calls(8)));
        breaker.warm_up();
        let permit = breaker.admit().unwrap();
        race(
            &breaker,
            vec![action(move |b: &Breaker| b.settle(permit, Verdict::Failure)), action(Breaker::reset)],
        );
        let stats = breaker.stats();
        (stats.window_calls, settled(&stats))
    });
}

#[test]
fn the_nth_failure_trips_whoever_brings_it() {
    explore(&[(State::Open, 1, (0, 2, 1))], || {
        let (breaker, _) = breaker(Config::new().failure_threshold(2));
        breaker.warm_up();
        let permits = [(); 3].map(|()| breaker.admit().unwrap());
        let fail = |permit| action(move |b: &Breaker| b.settle(permit, Verdict::Failure));
        let [first, second, third] = permits;
        fail(first)(&breaker);
        race(&breaker, vec![fail(second), fail(third)]);
        let stats = breaker.stats();
        (stats.state, stats.transitions, settled(&stats))
    });
}

#[test]
fn no_outcome_is_lost_or_counted_twice_when_the_tally_is_folded() {
    explore(&[(1, 0), (1, 1)], || {
        let (breaker, _) = breaker(Config::new());
        breaker.warm_up();
        let permit = breaker.admit().unwrap();
        let seen = race(
            &breaker,
            vec![
                action(move |b: &Breaker| {
                    b.settle(permit, Verdict::Failure);
                    0
                }),
                action(|b: &Breaker| b.stats().failures),
            ],
        )[1];
        (breaker.stats().failures, seen)
    });
}

#[test]
fn outcomes_that_come_at_once_are_all_recorded() {
    explore(&[(State::Closed, (1, 2, 0), 1), (State::Open, (0, 2, 1), 0)], || {
        let (breaker, _) = breaker(Config::new().failure_threshold(2));
        breaker.warm_up();
        let [first, second, third] = [(); 3].map(|()| breaker.admit().unwrap());
        breaker.settle(first, Verdict::Failure);
        // The success comes between the failures, or too late.
        race(
            &breaker,
            vec![
                action(move |b: &Breaker| b.settle(second, Verdict::Failure)),
                action(move |b: &Breaker| b.settle(third, Verdict::Success)),
            ],
        );
        let stats = breaker.stats();
        (stats.state, settled(&stats), stats.consecutive_failures)
    });
}

#[test]
fn an_outcome_belongs_to_the_slice_of_its_time() {
    explore(&[(1, 1)], || {
        let (breaker, clock) = breaker(Config::new().failure_rate(100, 3, Window::slices(SECOND, 1)));
        breaker.record_success();
        let permit = breaker.admit().unwrap();
        race(
            &breaker,
            vec![
                action(move |b: &Breaker| {
                    clock.advance(SECOND);
                    b.settle(permit, Verdict::Failure);
                }),
                action(|b: &Breaker| drop(b.stats())),
            ],
        );
        let stats = breaker.stats();
        (stats.window_calls, stats.window_failures)
    });
}

#[test]
fn a_refusal_and_its_hint_belong_together() {
    explore(&[(Reason::CircuitForcedOpen, None), (Reason::CircuitOpen, Some(SECOND))], || {
        let (breaker, _) = breaker(Config::new().failure_threshold(1));
        breaker.record_failure();
        let refusals = race(
            &breaker,
            vec![
                action(|b: &Breaker| {
                    b.force_open("maintenance");
                    None
                }),
                action(|b: &Breaker| {
                    b.admit().err().map(|refusal| (refusal.reason(), refusal.retry_after()))
                }),
            ],
        );
        refusals[1].expect("both states refuse")
    });
}

#[test]
fn two_probes_close_the_circuit_once_and_the_later_is_stale() {
    explore(&[(State::Closed, 3, (1, 1, 1))], || {
        let (breaker, _) = due(Config::new().half_open_max_calls(2).success_threshold(1));
        let [first, second] = [(); 2].map(|()| breaker.admit().unwrap());
        race(
            &breaker,
            vec![
                action(move |b: &Breaker| b.settle(first, Verdict::Success)),
                action(move |b: &Breaker| b.settle(second, Verdict::Success)),
            ],
        );
        let stats = breaker.stats();
        (stats.state, stats.transitions, settled(&stats))
    });
}
