//! The limiter keeps the laws of policies, whether it admits or refuses, also in batches and by key.
#![cfg(not(any(loom, shuttle)))]

use resil_ratelimit::testing::{check_admitting, check_refusing};
use resil_ratelimit::{KeyedRateLimiter, Leased, ManualClock, Quota, RateLimiter};

fn limiter(quota: Quota) -> RateLimiter<ManualClock> {
    RateLimiter::with_clock("laws".into(), quota, ManualClock::new())
}

#[test]
fn a_limiter_keeps_the_laws_of_admission() {
    for quota in [Quota::per_second(1), Quota::per_second(300), Quota::per_day(1).burst(100)] {
        check_admitting(|| limiter(quota));
        check_admitting(|| limiter(quota).counters(false));
    }
}

#[test]
fn an_empty_limiter_keeps_the_laws_of_refusal() {
    for quota in [Quota::per_second(1), Quota::per_second(300), Quota::per_second(5).initial(0)] {
        check_refusing(|| {
            let limiter = limiter(quota);
            assert_eq!(limiter.try_acquire_n(quota.initial_permits()), Ok(()));
            limiter
        });
    }
}

#[test]
fn a_lease_keeps_the_laws_of_admission() {
    check_admitting(|| {
        Leased::new(std::sync::Arc::new(limiter(Quota::per_second(64))), 8).expect("in range")
    });
}

#[test]
fn a_key_keeps_the_laws_of_admission_and_of_refusal() {
    let users = |quota| {
        let users = KeyedRateLimiter::<u64, _>::with_clock("laws".into(), quota, ManualClock::new());
        std::sync::Arc::new(users)
    };
    let key = |users| resil_ratelimit::Keyed::<_, u64, u64, _>::new(users, 7);
    check_admitting(|| key(users(Quota::per_second(5))));
    check_refusing(|| key(users(Quota::per_second(5).initial(0))));
}
