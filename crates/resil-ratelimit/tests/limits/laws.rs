//! The laws that every policy must keep, and what a policy of several quotas promises beside them.

use std::sync::Arc;

use resil_core::testing::{check_admitting, check_refusing};
use resil_ratelimit::{BoxPolicy, ManualClock, Name, Policy, PolicyExt, Quota, RateLimits, Verdict};

const HOURLY: Quota = Quota::per_hour(100);

fn limits<const N: usize>(quotas: [Quota; N]) -> RateLimits<N, ManualClock> {
    RateLimits::with_clock(Name::new("search"), quotas, ManualClock::new())
}

#[test]
fn limits_keep_the_laws_of_admission() {
    check_admitting(|| limits([HOURLY]));
    check_admitting(|| limits([HOURLY, Quota::per_day(5)]));
    check_admitting(|| limits([Quota::per_day(1), HOURLY, Quota::per_second(1_000)]));
    check_admitting(|| Arc::new(limits([HOURLY; 8])));
    check_admitting(|| BoxPolicy::new(limits([HOURLY; 2])));
    check_admitting(|| RateLimits::new("on the real clock", [HOURLY, Quota::per_day(7)]));
}

#[test]
fn limits_of_which_one_has_no_permits_keep_the_laws_of_refusal() {
    check_refusing(|| {
        let limits = limits([HOURLY, Quota::per_day(3)]);
        limits.try_acquire_each([0, 3]).expect("a full burst");
        limits
    });
    check_refusing(|| limits([HOURLY, HOURLY.initial(0)]));
}

#[test]
fn a_call_takes_one_permit_of_each_quota_whatever_becomes_of_it() {
    let limits = limits([HOURLY, Quota::per_day(5)]);
    assert_eq!(limits.call(|| Ok::<_, ()>(7)), Ok(7));
    assert!(limits.call(|| Err::<(), _>("no")).is_err());
    for verdict in [Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked] {
        limits.settle(limits.admit().expect("five a day"), verdict);
    }
    assert_eq!((limits.available(), limits.stats().refunded), ([95, 0], [0, 0]));
    assert!(limits.call(|| Ok::<_, ()>(7)).is_err_and(|error| error.is_rejected()));
    assert_eq!(limits.available(), [95, 0]);
}

#[test]
fn a_call_that_another_policy_refused_leaves_the_limits_as_they_were() {
    let first = limits([HOURLY, Quota::per_day(5)]);
    let spent = limits([HOURLY, Quota::per_day(1).initial(0)]);
    let before = first.peek();
    assert!((&first, &spent).call(|| Ok::<_, ()>(7)).is_err_and(|error| error.is_rejected()));
    assert_eq!((first.peek(), first.stats().refunded), (before, [1, 1]));
    assert_eq!((spent.available(), spent.stats().rejected), ([100, 0], 1));
}
