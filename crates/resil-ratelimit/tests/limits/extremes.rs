//! The ends of every range: one quota and eight, one permit and all numbers, a nanosecond and years.

use std::time::Duration;

use resil_ratelimit::{ManualClock, Name, Quota, RateLimits, Reason};

fn limits<const N: usize>(quotas: [Quota; N]) -> (RateLimits<N, ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimits::with_clock(Name::UNNAMED, quotas, clock.clone()), clock)
}

#[test]
fn all_numbers_of_permits_can_be_asked_for() {
    let largest = Quota::per(1_000_000_000, Duration::from_secs(1)).burst(u32::MAX);
    let (limits, clock) = limits([largest, largest.burst(u32::MAX - 1)]);
    assert_eq!(limits.available(), [u32::MAX, u32::MAX - 1]);
    let refusal = limits.try_acquire_each([u32::MAX, u32::MAX]).unwrap_err();
    assert_eq!(
        (refusal.reason(), refusal.retry_after()),
        (Reason::Other("more permits than the burst"), None)
    );
    assert_eq!(limits.time_until_available_each([u32::MAX; 2]), None);
    limits.try_acquire_each([u32::MAX, u32::MAX - 1]).unwrap();
    let nanos = Duration::from_nanos(u64::from(u32::MAX));
    assert_eq!(limits.try_acquire_each([u32::MAX, 1]).unwrap_err().retry_after(), Some(nanos));
    clock.advance(nanos);
    assert!(limits.try_acquire_each([u32::MAX, u32::MAX - 1]).is_ok());
    limits.reserve([0, 0]).unwrap().commit([u32::MAX; 2]);
    assert_eq!(limits.stats().acquired, [3 * u64::from(u32::MAX), 3 * u64::from(u32::MAX) - 2]);
    assert_eq!(limits.time_until_available_each([1, 0]), Some(nanos + Duration::from_nanos(1)));
}

#[test]
fn eight_quotas_of_all_scales_are_one_decision() {
    let quotas = [
        Quota::per(1_000_000_000, Duration::from_secs(1)),
        Quota::per_second(7_000_000),
        Quota::per_second(300),
        Quota::per_minute(100),
        Quota::per_hour(10),
        Quota::per_day(3),
        Quota::per(1, Duration::from_secs(100 * 86_400)).burst(2),
        Quota::per(1, Duration::from_secs(4 * 365 * 86_400)).burst(1),
    ];
    let (limits, clock) = limits(quotas);
    limits.try_acquire().unwrap();
    assert_eq!(limits.available(), [999_999_999, 6_999_999, 299, 99, 9, 2, 1, 0]);
    let wait = limits.try_acquire().unwrap_err().retry_after().unwrap();
    assert_eq!(wait, Duration::from_secs(4 * 365 * 86_400));
    let before = limits.peek();
    assert!(limits.try_acquire_each([1_000_000_000, 1, 1, 1, 1, 1, 1, 0]).is_err());
    assert_eq!(limits.peek(), before);
    clock.advance(wait);
    assert!(limits.try_acquire().is_ok());
}

#[test]
fn one_quota_alone_is_a_limiter() {
    let (limits, clock) = limits([Quota::per(1, Duration::from_nanos(1)).burst(1)]);
    assert!(limits.try_acquire().is_ok());
    assert_eq!(limits.try_acquire().unwrap_err().retry_after(), Some(Duration::from_nanos(1)));
    clock.advance(Duration::from_nanos(1));
    assert!(limits.try_acquire().is_ok());
}

#[test]
fn every_quota_out_of_its_range_is_named_with_its_value_and_range() {
    let good = Quota::per_second(1);
    let texts = [
        ([Quota::per_second(0), good], "quotas[0].permits: 0 is out of range, allowed is 1 or more"),
        ([good, good.burst(0)], "quotas[1].burst: 0 is out of range, allowed is 1 or more"),
        ([good, good.initial(2)], "quotas[1].initial: 2 is out of range, allowed is 0 to the burst"),
        (
            [good, Quota::per(1, Duration::ZERO)],
            "quotas[1].period: 0ns is out of range, allowed is 1ns to 4 years",
        ),
    ];
    for (quotas, text) in texts {
        let error = RateLimits::try_new("search", quotas).unwrap_err();
        assert_eq!(error.to_string(), text);
        let error = RateLimits::try_with_clock(Name::UNNAMED, quotas, ManualClock::new()).unwrap_err();
        assert_eq!(error.to_string(), text);
        let (limits, _) = limits([good, good]);
        assert_eq!(limits.set_quotas(quotas).unwrap_err().to_string(), text);
        assert_eq!(limits.quotas(), [good, good]);
    }
}

#[test]
#[should_panic(expected = "burst is out of range, allowed is 1 or more")]
fn a_quota_out_of_its_range_stops_the_construction() {
    let _ = RateLimits::new("search", [Quota::per_second(1), Quota::per_second(1).burst(0)]);
}

#[test]
fn after_the_end_of_time_all_is_refused_without_a_hint() {
    let (limits, clock) = limits([Quota::per_second(1), Quota::per(31, Duration::from_micros(1))]);
    clock.advance(Duration::from_secs(20 * 365 * 86_400));
    let refusal = limits.try_acquire().unwrap_err();
    assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::RateLimited, None));
    assert_eq!(limits.time_until_available(), Duration::MAX);
    assert!(limits.try_acquire_each([1, 0]).is_ok(), "the other quota still has 564 years");
}
