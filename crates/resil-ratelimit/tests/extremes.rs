//! What is in range works to its end, and what is not is refused by name, value and range.
#![cfg(not(any(loom, shuttle)))]

use std::time::Duration;

use resil_ratelimit::{ManualClock, Moment, Quota, RateLimiter, Reason};

const NANO: Duration = Duration::from_nanos(1);
/// 2^57 ns: what the pages call 4 years.
const LONGEST: Duration = Duration::from_nanos(1 << 57);
const BILLION: u32 = 1_000_000_000;

fn limiter(quota: Quota) -> (RateLimiter<ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    let limiter = RateLimiter::try_with_clock("extreme".into(), quota, clock.clone());
    (limiter.unwrap_or_else(|error| panic!("{quota}: {error}")), clock)
}

#[test]
fn every_extreme_that_is_accepted_gives_its_burst_and_then_its_rate() {
    let quotas = [
        Quota::per(1, NANO),
        Quota::per(1, NANO).burst(u32::MAX),
        Quota::per(1, LONGEST),
        Quota::per_second(BILLION).burst(1),
        Quota::per_second(BILLION).burst(u32::MAX),
        Quota::per_second(1).burst(134_217_728),
        Quota::per_day(1),
        Quota::per_day(1).burst(1_667),
        Quota::per_hour(u32::MAX),
        Quota::per(u32::MAX, Duration::from_nanos(u32::MAX.into())),
        Quota::per(u32::MAX, Duration::from_nanos(u64::from(u32::MAX) * 33_554_432)),
        Quota::per(u32::MAX, LONGEST).burst(1),
        Quota::from_rate(1e9).expect("in range"),
        Quota::from_rate(1.0 / 144_115_188.0).expect("in range"),
        Quota::from_rate(std::f64::consts::PI * 1e6).expect("in range"),
    ];
    for quota in quotas {
        let (limiter, clock) = limiter(quota);
        let burst = quota.burst_size();
        assert_eq!((limiter.available(), limiter.peek().full_in), (burst, Duration::ZERO), "{quota}");
        limiter.try_acquire_n(burst).expect("the burst");
        let refusal = limiter.try_acquire().expect_err("there is no more");
        let hint = refusal.retry_after().expect("a hint");
        assert!(hint >= NANO.max(quota.interval()) && hint <= quota.interval() + NANO, "{quota}: {hint:?}");
        clock.advance(hint.saturating_sub(NANO));
        assert!(limiter.try_acquire().is_err(), "{quota}: a nanosecond early");
        clock.advance(NANO);
        limiter.try_acquire().expect("the next one");
        clock.advance(limiter.peek().full_in);
        assert_eq!(limiter.available(), burst, "{quota}");
    }
}

#[test]
fn every_quota_out_of_range_is_refused_by_field_value_and_range() {
    let refused = [
        (Quota::per_second(0), "permits: 0 is out of range, allowed is 1 or more"),
        (Quota::per(1, Duration::ZERO), "period: 0ns is out of range, allowed is 1ns to 4 years"),
        (
            Quota::per(1, LONGEST + NANO),
            "period: 144115188.075855873s is out of range, allowed is 1ns to 4 years",
        ),
        (
            Quota::per(1, Duration::MAX),
            "period: 18446744073709551615.999999999s is out of range, allowed is 1ns to 4 years",
        ),
        (Quota::per_second(5).burst(0), "burst: 0 is out of range, allowed is 1 or more"),
        (Quota::per_second(5).initial(6), "initial: 6 is out of range, allowed is 0 to the burst"),
        (
            Quota::per_second(BILLION + 1),
            "rate: 1000000001 per 1s is out of range, allowed is at most 1 permit per nanosecond",
        ),
        (
            Quota::per_second(999_999_999),
            "rate: 999999999 per 1s is out of range, allowed is an interval between permits that is within 0.1% of \
             whole 1/32 nanoseconds",
        ),
        (
            Quota::per_minute(u32::MAX),
            "rate: 4294967295 per 60s is out of range, allowed is an interval between permits that is within 0.1% of whole \
             1/32 nanoseconds",
        ),
        (
            Quota::per_second(1).burst(144_115_189),
            "time to refill the burst: 144115189s is out of range, allowed is up to 4 years",
        ),
        (
            Quota::per(1, LONGEST).burst(u32::MAX),
            "time to refill the burst: 618970019498574949s is out of range, allowed is up to 4 years",
        ),
    ];
    for (quota, text) in refused {
        let error = RateLimiter::try_new("extreme", quota).expect_err(text);
        assert_eq!(error.to_string(), text);
        assert_eq!(quota.check(), Err(error));
        assert!(text.starts_with(error.field()) && text.ends_with(error.allowed()), "{text}");
        let (good, _) = limiter(Quota::per_second(5));
        assert_eq!(good.set_quota(quota), Err(error), "and changes nothing");
        assert_eq!(good.quota(), Quota::per_second(5));
    }
}

#[test]
fn a_rate_that_is_none_is_refused_with_its_value() {
    for rate in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 1.1e9, 1e-9]
    {
        let error = Quota::from_rate(rate).expect_err("out of range");
        assert!(error.to_string().contains(&format!("{rate:?}")), "{rate}: {error}");
    }
}

#[test]
fn beyond_the_end_of_time_all_is_refused_without_a_hint() {
    // 1/32 ns reach 18 years; whole ones reach the end of the clock.
    for quota in [Quota::per_second(300), Quota::per_second(1_000)] {
        let (limiter, clock) = limiter(quota);
        clock.set(Moment::MAX);
        let refusal = limiter.try_acquire().expect_err("there is no time left");
        assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::RateLimited, None), "{quota}");
        assert!(limiter.acquire_blocking().is_err() && limiter.reserve(2).is_err(), "{quota}");
        assert_eq!(limiter.available(), 0, "{quota}");
        assert_eq!(limiter.time_until_available(), Duration::MAX, "{quota}");
        limiter.reset();
        limiter.set_quota(Quota::per_second(7)).expect("in range");
        assert!(limiter.try_acquire().is_err(), "{quota}");
    }
}

#[test]
fn a_limiter_that_was_idle_for_years_has_its_burst_and_not_more() {
    let (limiter, clock) = limiter(Quota::per_second(300).burst(7));
    for _ in 0..17 {
        clock.advance(Duration::from_secs(31_557_600));
        assert_eq!((limiter.try_acquire_n(7), limiter.available()), (Ok(()), 0));
    }
}
