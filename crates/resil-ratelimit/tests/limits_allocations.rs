//! No call on several quotas allocates, in whatever form it is made.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use resil_core::testing::poll_once;
use resil_ratelimit::{
    Moment, Name, Policy, PolicyExt, Quota, RateLimiter, RateLimits, Timer, try_acquire_all,
};

const ROUNDS: usize = 5_000;

fn limits() -> RateLimits<3> {
    RateLimits::unnamed([Quota::per_day(100), Quota::per_day(1_000_000), Quota::per_hour(70_000)])
}

/// Never ready, so that a wait is only booked and given up.
struct Never;

impl Timer for Never {
    type Sleep = std::future::Pending<()>;

    fn sleep_until(&self, _: Moment) -> Self::Sleep {
        std::future::pending()
    }
}

fn allocates_nothing(what: &str, call: impl Fn(&RateLimits<3>)) {
    let limits = limits();
    // Most of them are refused.
    let counted = measure(|| (0..ROUNDS).for_each(|_| call(&limits)));
    assert_eq!(counted, AllocationInfo::default(), "{what}");
}

#[test]
fn calls_allocate_nothing() {
    allocates_nothing("try_acquire", |limits| {
        let _ = limits.try_acquire();
    });
    allocates_nothing("try_acquire_each", |limits| {
        let _ = limits.try_acquire_each([0, 7, 1]);
    });
    allocates_nothing("call", |limits| {
        let _ = limits.call(|| Ok::<_, ()>(()));
    });
    allocates_nothing("release", |limits| {
        let _ = limits.admit().map(|permit| limits.release(permit));
    });
    allocates_nothing("reserve", |limits| {
        let _ = limits.reserve([1, 5, 5]).map(|reservation| reservation.commit([1, 2, 9]));
    });
    allocates_nothing("reading", |limits| {
        let _ = (limits.peek(), limits.available(), limits.stats(), limits.quotas());
        let _ = limits.time_until_available_each([1, 2, 3]);
    });
}

#[test]
fn waits_allocate_nothing() {
    allocates_nothing("a wait that is given up", |limits| {
        let _ = poll_once(pin!(limits.acquire_with(Never).each([60, 1, 1])));
    });
    allocates_nothing("a wait that would be too long", |limits| {
        let _ = poll_once(pin!(limits.acquire_with(Never).within(Duration::from_secs(1))));
    });
    allocates_nothing("a parked wait that would be too long", |limits| {
        let _ = limits.acquire_blocking_timeout(Duration::ZERO);
    });
}

#[test]
fn taking_from_several_limiters_allocates_nothing() {
    let [a, b] = [("a", 100), ("b", 100_000)].map(|(name, permits)| {
        RateLimiter::with_clock(Name::new(name), Quota::per_day(permits), resil_ratelimit::MonotonicClock)
    });
    let counted = measure(|| {
        for _ in 0..ROUNDS {
            let _ = try_acquire_all([(&a, 1), (&b, 7)]);
        }
    });
    assert_eq!((counted, a.available()), (AllocationInfo::default(), 0));
}

#[test]
fn limits_are_small() {
    // The lock, the name and the listeners, and for each quota its arithmetic, its settings and its sums.
    let bytes = [size_of::<RateLimits<1>>(), size_of::<RateLimits<2>>(), size_of::<RateLimits<8>>()];
    assert!(bytes[1] - bytes[0] <= 136, "{bytes:?}");
    assert_eq!(bytes[2] - bytes[1], 6 * (bytes[1] - bytes[0]));
    assert!(bytes[0] <= 328, "{bytes:?}");
}
