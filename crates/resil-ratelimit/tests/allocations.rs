//! No call allocates, in whatever form it is made.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use allocation_counter::measure;
use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{Leased, ManualClock, Policy, PolicyExt, Quota, RateLimiter};

fn allocates_nothing(what: &str, call: impl Fn(&RateLimiter<ManualClock>)) {
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock("search".into(), Quota::per_second(10).burst(5), clock.clone());
    let counted = measure(|| {
        for _ in 0..1_000 {
            clock.advance(Duration::from_millis(90));
            call(&limiter);
        }
    });
    assert_eq!(counted.count_total, 0, "{what}");
    assert!(limiter.stats().acquired > 800, "{what}: {:?}", limiter.stats());
}

#[test]
fn given_refused_or_given_back_nothing_is_allocated() {
    allocates_nothing("try_acquire", |limiter| _ = limiter.try_acquire());
    allocates_nothing("call", |limiter| _ = limiter.call(|| Ok::<_, ()>(())));
    allocates_nothing("release", |limiter| _ = limiter.admit().map(|permit| limiter.release(permit)));
    allocates_nothing("reserve", |limiter| _ = limiter.reserve(2).map(|reservation| reservation.commit(1)));
    allocates_nothing("async", |limiter| {
        let call = pin!(limiter.call_async(std::future::ready(Ok::<_, ()>(()))));
        assert!(poll_once(call).is_ready());
    });
}

#[test]
fn a_wait_allocates_nothing_of_its_own() {
    let timer = |_: Duration| std::future::pending::<()>();
    allocates_nothing("a wait that is given up", |limiter| {
        let _ = limiter.try_acquire();
        let wait = pin!(limiter.acquire_with(timer));
        assert!(matches!(poll_once(wait), Poll::Pending | Poll::Ready(Ok(()))));
    });
}

#[test]
fn a_lease_allocates_nothing() {
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock("search".into(), Quota::per_second(1_000), clock.clone());
    let leased = Leased::new(&limiter, 16).expect("in range");
    let counted = measure(|| (0..5_000).for_each(|_| _ = leased.try_acquire()));
    assert_eq!((counted.count_total, leased.stats().acquired), (0, 1_000));
}
