//! R1: in any span of time T at most `burst + rate · T` permits are given, for every quota and every schedule; and whoever asks is given
//! one as soon as that bound allows.
//!
//! `PROPTEST_CASES=100000 cargo test --release --test bound` is the deep run.
#![cfg(not(any(loom, shuttle)))]

#[path = "model/alarm.rs"]
mod alarm;
#[path = "model/fraction.rs"]
mod fraction;
#[expect(dead_code, reason = "the bound is that of one quota and without debts")]
#[path = "model/history.rs"]
mod history;
#[path = "bound/ledger.rs"]
mod ledger;
#[path = "model/quotas.rs"]
mod quotas;
#[path = "bound/schedule.rs"]
mod schedule;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;
use resil_ratelimit::{Clock, ManualClock, Moment, Name, Quota, RateLimiter};

use crate::fraction::{Rules, nanos, nanosecond, parts};
use crate::history::history;
use crate::ledger::Ledger;
use crate::quotas::quota;
use crate::schedule::admitted;

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bound.regressions");

const YEAR: u64 = 31_557_600_000_000_000;

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        ..ProptestConfig::default()
    })]

    /// Calls, waits that end, that are given up before and after their instant, admissions and reservations that come back, in whole
    /// or in part, in any order.
    #[test]
    fn r1_no_span_of_time_holds_more_than_burst_and_rate_allow(history in history()) {
        let ledger = admitted(&history).map_err(TestCaseError::fail)?;
        ledger.check(history.quota).map_err(TestCaseError::fail)?;
    }

    /// As fractions tell it, and so never less than possible.
    #[test]
    fn r1_whoever_asks_is_given_all_that_is_free_and_told_the_nanosecond(
        quota in quota(),
        start in select(vec![0, 1, 1_000_000_007, 157_788_000_000_000_000]),
        asks in vec((any::<u8>(), ask()), 1..=60),
    ) {
        let clock = ManualClock::new();
        clock.set(Moment::from_nanos(start));
        let limiter = RateLimiter::with_clock(Name::new("bound"), quota, clock.clone());
        let mut ideal = Ideal::of(quota);
        for (share, pause) in asks {
            let burst = u64::from(quota.burst_size());
            let permits = u32::try_from(1 + (burst - 1) * u64::from(share) / 255).expect("the burst at most");
            let now = clock.now().as_nanos();
            if now > 8 * YEAR {
                break; // the next permits may be 9 years ahead, and after 18 all are refused
            }
            let hint = match limiter.try_acquire_n(permits) {
                Ok(()) => 0,
                Err(refusal) => nanos_of(refusal.retry_after()),
            };
            prop_assert_eq!(hint, ideal.take(now, permits), "at {} ns, {} permits", now, permits);
            if hint > 0 {
                clock.advance(Duration::from_nanos(hint - 1));
                let early = limiter.try_acquire_n(permits).expect_err("a nanosecond too early");
                prop_assert_eq!(nanos_of(early.retry_after()), 1);
                clock.advance(Duration::from_nanos(1));
                prop_assert_eq!(limiter.try_acquire_n(permits), Ok(()), "at the instant that was told");
                prop_assert_eq!(ideal.take(now + hint, permits), 0);
            }
            clock.advance(pause.of(quota));
        }
    }

    #[test]
    fn r1_no_interval_is_shorter_than_the_nominal_one_or_longer_by_a_thousandth(quota in quota()) {
        let (kept, nominal) = (Rules::of(quota).interval * i128::from(quota.permits()), nanos(quota) * fraction::PARTS);
        prop_assert!(kept >= nominal && (kept - nominal) * 1_000 <= nominal);
        let rate = f64::from(quota.permits()) / quota.period().as_secs_f64();
        let effective = quota.effective_rate().expect("accepted");
        prop_assert!(effective <= rate * (1.0 + 1e-12) && effective >= rate * 0.999 - rate * 1e-12, "{effective} of {rate}");
    }
}

/// GCRA in exact fractions.
struct Ideal {
    rules: Rules,
    full_at: Option<i128>,
}

impl Ideal {
    fn of(quota: Quota) -> Self {
        Self { rules: Rules::of(quota), full_at: None }
    }

    /// Takes `permits`, or says how many nanoseconds are missing.
    fn take(&mut self, now: u64, permits: u32) -> u64 {
        let missing = self.rules.cost(self.rules.burst - self.rules.initial);
        let full_at = *self.full_at.get_or_insert(parts(now) + missing);
        let end = full_at.max(parts(now)) + self.rules.cost(permits);
        let wait = nanosecond(end - self.rules.capacity() - parts(now));
        if wait == 0 {
            self.full_at = Some(end);
        }
        wait
    }
}

/// What passes between two questions.
#[derive(Clone, Copy, Debug)]
enum Pause {
    Nanos(u64),
    Tenths(u8),
    Refills(u8),
}

fn ask() -> impl Strategy<Value = Pause> {
    prop_oneof![
        4 => (0..=2_u64).prop_map(Pause::Nanos),
        3 => (0..=30_u8).prop_map(Pause::Tenths),
        1 => (0..=20_u8).prop_map(Pause::Refills),
    ]
}

impl Pause {
    fn of(self, quota: Quota) -> Duration {
        let rules = Rules::of(quota);
        // Sixty refills of 4 years are too long for the clock.
        let year = parts(YEAR);
        Duration::from_nanos(match self {
            Self::Nanos(nanos) => nanos,
            Self::Tenths(tenths) => nanosecond((rules.interval * i128::from(tenths) / 10).min(year / 60)),
            Self::Refills(tenths) => nanosecond((rules.capacity() * i128::from(tenths) / 10).min(year / 60)),
        })
    }
}

fn nanos_of(hint: Option<Duration>) -> u64 {
    hint.and_then(|hint| u64::try_from(hint.as_nanos()).ok()).expect("a hint")
}

#[test]
fn the_ledger_finds_one_permit_too_many() {
    let mut ledger = Ledger::default();
    let quota = Quota::per(2, Duration::from_nanos(5)).burst(3);
    for (at, permits) in [(10, 3), (13, 1), (15, 1)] {
        ledger.enter(at, permits);
        ledger.check(quota).expect("3 at first, and one after 3 and 5 ns");
    }
    ledger.enter(17, 1);
    assert!(ledger.check(quota).is_err(), "the third after 7 ns");
}
