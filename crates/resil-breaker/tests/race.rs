//! Threads that all want something at the same instant: one probe slot, the last failure before the trip, or just to be counted.
//!
//! `RESIL_ROUNDS=1000 cargo test --release --test race` is the long run.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{Config, ManualClock, Permit, Policy, PolicyExt, Reopen, State, Stats, Verdict, Window};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

/// How often the long races are run.
fn rounds() -> u64 {
    std::env::var("RESIL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

/// Lets `count` threads do `act` at once, again and again: before each round `prepare` is called, after it `judge`, by one of them.
fn race(count: usize, prepare: impl Fn(u64) + Sync, act: impl Fn() + Sync, judge: impl Fn(u64) + Sync) {
    let (ready, done) = (Barrier::new(count), Barrier::new(count));
    thread::scope(|scope| {
        for number in 0..count {
            let (ready, done, prepare, act, judge) = (&ready, &done, &prepare, &act, &judge);
            let run = move || {
                for round in 0..rounds() {
                    if number == 0 {
                        prepare(round);
                    }
                    ready.wait();
                    act();
                    done.wait();
                    if number == 0 {
                        judge(round);
                    }
                }
            };
            thread::Builder::new().stack_size(128 * 1_024).spawn_scoped(scope, run).expect("a thread");
        }
    });
}

#[test]
fn of_a_thousand_threads_exactly_one_gets_the_probe_slot() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND).max_half_open(SECOND * 100);
    let (breaker, clock) = breaker(config);
    let (admitted, refused) = (Mutex::new(Vec::<Permit>::new()), AtomicU64::new(0));
    // The slot comes free because the open time is over, a probe was cancelled, or a probe has lost it.
    let prepare = |round| {
        breaker.reset();
        fail(&breaker);
        clock.advance(SECOND);
        match round % 3 {
            0 => {}
            1 => drop(breaker.guard().expect("it may probe")),
            _ => {
                let _ = breaker.admit().map(std::mem::forget);
                clock.advance(SECOND);
            }
        }
        assert!(breaker.can_proceed());
    };
    let act = || match breaker.admit() {
        Ok(permit) => admitted.lock().expect("no panic").push(permit),
        Err(refusal) => {
            assert_eq!(refusal.retry_after(), Some(SECOND), "{refusal}");
            refused.fetch_add(1, Relaxed);
        }
    };
    let judge = |round| {
        let mut admitted = admitted.lock().expect("no panic");
        assert_eq!((admitted.len(), refused.swap(0, Relaxed)), (1, 999), "round {round}");
        assert_eq!((breaker.state(), breaker.stats().in_flight), (State::HalfOpen, 1));
        breaker.settle(admitted.pop().expect("there is one"), Verdict::Success);
        assert_eq!(breaker.state(), State::Closed);
    };
    race(1_000, prepare, act, judge);
}

#[test]
fn of_many_threads_as_many_probe_as_there_are_slots() {
    let config = Config::new().failure_threshold(1).reset_timeout(SECOND).half_open_max_calls(7);
    let (breaker, clock) = breaker(config);
    let probes = Mutex::new(Vec::new());
    race(
        32,
        |_| {
            breaker.reset();
            fail(&breaker);
            clock.advance(SECOND);
        },
        || probes.lock().expect("no panic").extend(breaker.admit().ok()),
        |round| {
            let mut probes = probes.lock().expect("no panic");
            assert_eq!(probes.len(), 7, "round {round}");
            probes.drain(..).for_each(|probe| breaker.settle(probe, Verdict::Success));
            assert_eq!(breaker.state(), State::Closed);
        },
    );
}

#[test]
fn the_nth_failure_trips_once_whichever_thread_brings_it() {
    for config in [
        Config::new().failure_threshold(40),
        Config::new().failure_rate(100, 40, Window::calls(40)),
        Config::new().failure_rate(100, 40, Window::time(SECOND)),
        Config::new().failure_threshold(40).slow_rate(SECOND, 100, 40, Window::calls(40)),
    ] {
        let (breaker, _) = breaker(config);
        let (before, asked) = (Mutex::new(breaker.stats()), AtomicU64::new(0));
        race(
            8,
            |_| {
                breaker.reset();
                *before.lock().expect("no panic") = breaker.stats();
            },
            || {
                for _ in 0..10 {
                    let _ = breaker.call(|| Err::<(), _>("down"));
                }
                asked.fetch_add(10, Relaxed);
            },
            |round| {
                let (before, after) = (before.lock().expect("no panic"), breaker.stats());
                assert_eq!(after.failures - before.failures, 40, "round {round}: {after:?}");
                assert_eq!((after.state, after.transitions - before.transitions), (State::Open, 1));
                assert_eq!(after.total + after.stale_results, asked.load(Relaxed), "{after:?}");
            },
        );
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// Every way to count and to judge.
fn modes() -> Vec<(&'static str, Config)> {
    let half = Config::new().half_open_max_calls(3).success_threshold(2).half_open_failure_rate(60);
    vec![
        ("consecutive", Config::new().failure_threshold(4).reset_timeout(NANO * 50)),
        ("calls", half.failure_rate(40, 20, Window::calls(64)).reset_timeout(NANO * 20)),
        ("one call", half.failure_rate(100, 1, Window::calls(1)).reset_timeout(NANO)),
        (
            "time",
            half.failure_rate(40, 20, Window::slices(Duration::from_micros(1), 7)).reset_timeout(NANO * 20),
        ),
        ("slow calls", half.slow_rate(NANO, 10, 9, Window::calls(33)).reset_timeout(NANO * 20)),
        (
            "all rules",
            half.failure_threshold(9)
                .failure_rate(60, 20, Window::time(Duration::from_micros(2)))
                .slow_rate(NANO * 30, 90, 20, Window::calls(100))
                .reopen(Reopen::exponential(NANO * 5).max(NANO * 100).jitter(0.5))
                .probe_timeout(NANO * 10)
                .max_half_open(NANO * 60)
                .ramp_up(NANO * 100),
        ),
        ("not striped", Config::new().failure_threshold(4).striped(false).reset_timeout(NANO * 50)),
    ]
}

/// What the threads of a melee did, all in all.
#[derive(Default)]
struct Asked {
    calls: AtomicU64,
    verdicts: [AtomicU64; 5],
}

const VERDICTS: [Verdict; 5] =
    [Verdict::Success, Verdict::Failure, Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked];

/// One thread's calls, some of which overlap, settle late or are taken back; `meddle` comes in between now and then.
fn melee(breaker: &Breaker, clock: &ManualClock, seed: u64, asked: &Asked, meddle: &(dyn Fn(u64) + Sync)) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut held: Vec<Permit> = Vec::new();
    let settle = |permit, verdict: u64| {
        let verdict = usize::try_from(verdict).expect("five");
        asked.verdicts[verdict].fetch_add(1, Relaxed);
        breaker.settle(permit, VERDICTS[verdict]);
    };
    for _ in 0..4_000 {
        match dice.roll(100) {
            0..70 => {
                asked.calls.fetch_add(1, Relaxed);
                held.extend(breaker.admit().ok());
            }
            70..75 => {
                asked.calls.fetch_add(1, Relaxed);
                if dice.roll(2) == 0 { breaker.record_success() } else { breaker.record_failure() }
            }
            75..85 => clock.advance(NANO * u32::try_from(dice.roll(20)).expect("small")),
            85..90 => {
                if let Some(permit) = held.pop() {
                    asked.calls.fetch_sub(1, Relaxed);
                    breaker.release(permit);
                }
            }
            90 => meddle(dice.roll(100)),
            _ => drop((breaker.stats(), breaker.state(), breaker.can_proceed())),
        }
        while held.len() > usize::try_from(dice.roll(4)).expect("small") {
            let place = usize::try_from(dice.roll(held.len() as u64)).expect("small");
            settle(held.swap_remove(place), dice.roll(5));
        }
    }
    for permit in held {
        settle(permit, 0);
    }
}

/// Runs a melee of four threads to its end, and returns what was asked and what was counted.
fn aftermath(
    breaker: &Breaker,
    clock: &ManualClock,
    seed: u64,
    meddle: impl Fn(u64) + Sync,
) -> (Asked, Stats) {
    let asked = Asked::default();
    thread::scope(|scope| {
        for thread in 0..4 {
            let (asked, meddle) = (&asked, &meddle);
            scope.spawn(move || melee(breaker, clock, seed * 4 + thread, asked, meddle));
        }
    });
    (asked, breaker.stats())
}

#[test]
fn every_call_is_counted_once_whatever_state_it_meets() {
    for seed in 0..rounds().div_ceil(4) {
        for (mode, config) in modes() {
            let (breaker, clock) = breaker(config);
            let (asked, stats) = aftermath(&breaker, &clock, seed, |_| {});
            assert_eq!(stats.total + stats.stale_results, asked.calls.load(Relaxed), "{mode}: {stats:?}");
            let parts = stats.successes + stats.failures + stats.rejected + stats.ignored + stats.cancelled;
            assert_eq!((stats.total, stats.in_flight), (parts, 0), "{mode}: {stats:?}");
            assert!(stats.transitions >= 2, "{mode} never opened: {stats:?}");
        }
    }
}

#[test]
fn every_call_is_counted_once_although_its_state_is_set_by_hand_and_its_rules_are_changed() {
    for seed in 0..rounds().div_ceil(4) {
        for (mode, config) in modes() {
            let (breaker, clock) = breaker(config);
            let saved = breaker.snapshot();
            let (asked, stats) = aftermath(&breaker, &clock, seed, |what| match what {
                0..30 => breaker.reset(),
                30..40 => breaker.force_open_for("maintenance", NANO * 100),
                40..50 => breaker.force_close("calm"),
                50..60 => breaker.metrics_only_for("trying it out", NANO * 200),
                60..70 => breaker.restore(&saved).expect("it is fresh"),
                _ => {
                    let (_, other) = modes()[usize::try_from(what).expect("small") % modes().len()];
                    breaker.reconfigure(other).expect("in range");
                }
            });
            assert_eq!(stats.total + stats.stale_results, asked.calls.load(Relaxed), "{mode}: {stats:?}");
            assert_eq!(stats.in_flight, 0, "{mode}: {stats:?}");
        }
    }
}

#[test]
fn calls_through_a_disabled_circuit_count_nowhere() {
    for seed in 0..rounds().div_ceil(4) {
        let (breaker, clock) = breaker(modes()[0].1);
        let (asked, stats) = aftermath(&breaker, &clock, seed, |what| match what {
            0..50 => breaker.disable_for("no need", NANO * 100),
            _ => breaker.reset(),
        });
        assert!(stats.total + stats.stale_results <= asked.calls.load(Relaxed), "{stats:?}");
    }
}

#[test]
fn each_verdict_is_counted_as_what_it_is_while_nothing_opens() {
    for seed in 0..rounds().div_ceil(4) {
        for (mode, config) in modes() {
            let (breaker, clock) = breaker(config);
            breaker.metrics_only("trying it out");
            let (asked, stats) = aftermath(&breaker, &clock, seed, |_| {});
            let [_, _, ignored, cancelled, _] = asked.verdicts.map(AtomicU64::into_inner);
            assert_eq!((stats.ignored, stats.cancelled), (ignored, cancelled), "{mode}: {stats:?}");
            assert_eq!(
                (stats.rejected, stats.stale_results, stats.transitions),
                (0, 0, 1),
                "{mode}: {stats:?}"
            );
            let recorded = stats.successes + stats.failures;
            assert_eq!(recorded + ignored + cancelled, asked.calls.load(Relaxed), "{mode}: {stats:?}");
            if let Some(rule) = breaker.config().settings().failure_rate
                && let Window::Calls(size) = rule.window
            {
                assert_eq!(stats.window_calls, recorded.min(size.into()), "{mode}: {stats:?}");
            }
            breaker.reset();
            succeed(&breaker);
        }
    }
}
