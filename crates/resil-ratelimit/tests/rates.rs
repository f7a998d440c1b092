//! The long-run rate is the nominal one, within 0.1 %, however callers come.
#![cfg(not(any(loom, shuttle)))]

use std::time::Duration;

use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{Clock, ManualClock, Moment, Quota, RateLimiter, Timer};

const SECOND: u64 = 1_000_000_000;

/// Quotas whose interval is a whole number of nanoseconds, a fraction of one, and rounded up.
const QUOTAS: [Quota; 6] = [
    Quota::per(1, Duration::from_millis(1)),
    Quota::per_second(300),
    Quota::per_second(7_000_000),
    Quota::per_second(999_983),
    Quota::per(1_000_003, Duration::from_secs(7)),
    Quota::per_second(1_000_000_000),
];

fn limiter(quota: Quota) -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    clock.advance(Duration::from_secs(3));
    (RateLimiter::with_clock("rate".into(), quota.burst(1), clock.clone()), clock)
}

/// Permits of `nanos` at the nominal rate.
fn nominal(quota: Quota, nanos: u64) -> f64 {
    f64::from(quota.permits()) / quota.period().as_secs_f64() * Duration::from_nanos(nanos).as_secs_f64()
}

fn is_nominal(quota: Quota, given: u64, nanos: u64) -> bool {
    let ideal = nominal(quota, nanos);
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousands")]
    let given = given as f64;
    given >= ideal * 0.999 - 1.0 && given <= ideal + 1.0
}

#[test]
fn who_comes_when_told_gets_the_nominal_rate() {
    for quota in QUOTAS {
        let (limiter, clock) = limiter(quota);
        let start = clock.now();
        let mut given = 0;
        while given < 200_000 {
            match limiter.try_acquire() {
                Ok(()) => given += 1,
                Err(refusal) => clock.advance(refusal.retry_after().expect("a hint")),
            }
        }
        let nanos = clock.now().saturating_duration_since(start).as_nanos();
        let nanos = u64::try_from(nanos).expect("some minutes");
        assert!(is_nominal(quota, given - 1, nanos), "{quota}: {given} in {nanos} ns");
    }
}

#[test]
fn who_asks_all_the_time_gets_the_nominal_rate() {
    for quota in QUOTAS {
        // A burst bridges the pauses between the questions, which fit neither into the interval nor into the second.
        let clock = ManualClock::new();
        let limiter = RateLimiter::with_clock("rate".into(), quota.burst(1_000_000), clock.clone());
        limiter.try_acquire_n(1_000_000).expect("the burst");
        let mut given = 0_u64;
        while clock.now() < Moment::from_nanos(SECOND) {
            clock.advance(Duration::from_nanos(999_983));
            let free = limiter.available();
            limiter.try_acquire_n(free).expect("they are free");
            given += u64::from(free);
        }
        assert!(is_nominal(quota, given, clock.now().as_nanos()), "{quota}: {given} in {:?}", clock.now());
    }
}

#[test]
fn waiters_get_the_nominal_rate() {
    for quota in QUOTAS {
        let (limiter, clock) = limiter(quota);
        let start = clock.now();
        for _ in 0..50_000 {
            let wait = std::pin::pin!(limiter.acquire_with(Jump(clock.clone())));
            assert!(poll_once(wait).is_ready());
        }
        let nanos = clock.now().saturating_duration_since(start).as_nanos();
        let nanos = u64::try_from(nanos).expect("some minutes");
        assert!(is_nominal(quota, 49_999, nanos), "{quota}: 50,000 in {nanos} ns");
    }
}

/// Lets time pass instead of waiting for it.
struct Jump(ManualClock);

impl Timer for Jump {
    type Sleep = std::future::Ready<()>;

    fn sleep_until(&self, at: Moment) -> Self::Sleep {
        self.0.set(at);
        std::future::ready(())
    }
}
