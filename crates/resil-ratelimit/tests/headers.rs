//! The values of response headers.
#![cfg(not(any(loom, shuttle)))]

use std::time::Duration;

use resil_ratelimit::{ManualClock, Name, Quota, RateLimiter, headers};

#[test]
fn a_policy_is_told_per_whole_seconds() {
    let policy = |quota| headers::rate_limit_policy(Name::new("api"), quota);
    assert_eq!(policy(Quota::per_minute(100)), r#""api";q=100;w=60"#);
    assert_eq!(policy(Quota::per(3, Duration::from_millis(250))), r#""api";q=12;w=1"#);
    assert_eq!(policy(Quota::per(1, Duration::from_millis(1_500))), r#""api";q=2;w=3"#);
    assert_eq!(policy(Quota::per(7, Duration::from_nanos(999_999_937))), r#""api";q=7"#);
    assert_eq!(policy(Quota::per(u32::MAX, Duration::from_millis(4_295))), r#""api";q=858993459000;w=859"#);
}

#[test]
fn what_is_left_is_told_with_the_time_until_there_is_more() {
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock("api".into(), Quota::per_minute(6).burst(3), clock.clone());
    let value = || headers::rate_limit(limiter.name(), limiter.peek());
    assert_eq!(value(), r#""api";r=3;t=0"#);
    assert!(limiter.try_acquire_n(2).is_ok());
    assert_eq!(value(), r#""api";r=1;t=20"#);
    assert!(limiter.try_acquire().is_ok());
    clock.advance(Duration::from_millis(500));
    assert_eq!(value(), r#""api";r=0;t=10"#);
}

#[test]
fn who_was_refused_for_good_is_not_told_to_come_again() {
    let limiter = RateLimiter::with_clock("api".into(), Quota::per_second(5), ManualClock::new());
    let never = limiter.try_acquire_n(6).unwrap_err();
    assert_eq!(headers::retry_after(&never), None);
    assert!(limiter.try_acquire_n(5).is_ok());
    let soon = limiter.try_acquire().unwrap_err();
    assert_eq!(headers::retry_after(&soon).as_deref(), Some("1"));
}

#[test]
fn names_are_quoted() {
    let policy = |name| headers::rate_limit_policy(Name::new(name), Quota::per_second(1));
    assert_eq!(policy(r#"a "b" \c"#), r#""a \"b\" \\c";q=1;w=1"#);
    assert_eq!(policy("größe\n"), r#""gr??e?";q=1;w=1"#);
}
