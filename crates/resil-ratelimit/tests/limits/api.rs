//! What can be read, changed and observed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_ratelimit::{ManualClock, Name, Policy, Quota, RateLimits};

const SECOND: Duration = Duration::from_secs(1);

/// Requests and tokens.
static OPENAI: RateLimits<2> = RateLimits::new("openai", [Quota::per_minute(500), Quota::per_minute(90_000)]);

fn limits<const N: usize>(quotas: [Quota; N]) -> (RateLimits<N, ManualClock>, ManualClock) {
    let clock = ManualClock::new();
    (RateLimits::with_clock(Name::new("search"), quotas, clock.clone()), clock)
}

#[test]
fn limits_can_be_a_static() {
    assert!(OPENAI.try_acquire_each([1, 1_500]).is_ok());
    assert_eq!((OPENAI.name(), OPENAI.quotas()[1]), (Name::new("openai"), Quota::per_minute(90_000)));
    assert_eq!(RateLimits::unnamed([Quota::per_hour(1)]).name(), Name::UNNAMED);
    assert_eq!(RateLimits::try_new("search", [Quota::per_hour(1)]).unwrap().name(), Name::new("search"));
}

#[test]
fn what_is_left_of_each_quota_can_be_read_and_reading_changes_nothing() {
    let (limits, clock) = limits([Quota::per_second(1).burst(2).initial(1), Quota::per_second(10).burst(5)]);
    clock.advance(SECOND * 10);
    // Unused, it has its initial permits, whenever one looks.
    assert_eq!((limits.available(), limits.time_until_available()), ([1, 5], Duration::ZERO));
    limits.try_acquire_each([1, 4]).unwrap();
    let peek = limits.peek();
    assert_eq!((peek[0].available, peek[0].next_in, peek[0].full_in), (0, SECOND, SECOND * 2));
    assert_eq!((peek[1].available, peek[1].next_in, peek[1].full_in), (1, Duration::ZERO, SECOND * 4 / 10));
    assert_eq!(limits.time_until_available(), SECOND);
    assert_eq!(limits.time_until_available_each([0, 3]), Some(SECOND / 5));
    assert_eq!(limits.time_until_available_each([2, 3]), Some(SECOND * 2));
    assert_eq!(limits.time_until_available_each([0, 0]), Some(Duration::ZERO));
    assert_eq!(limits.time_until_available_each([3, 0]), None);
    assert_eq!((limits.peek(), limits.stats().rejected), (peek, 0));
}

#[test]
fn the_statistics_count_each_quota_by_itself() {
    let (limits, clock) = limits([Quota::per_second(1).burst(2), Quota::per_second(1).burst(9)]);
    limits.try_acquire().unwrap();
    limits.reserve([1, 6]).unwrap().commit([1, 2]);
    assert!(limits.try_acquire_each([1, 1]).is_err());
    assert!(limits.try_acquire_each([3, 1]).is_err());
    assert!(limits.try_acquire_each([0, 0]).is_ok());
    let permit = limits.admit();
    assert!(permit.is_err());
    limits.reserve([0, 1]).unwrap().cancel();
    limits.reserve([0, 1]).unwrap().commit([0, 3]);
    clock.advance(SECOND);
    let stats = limits.stats();
    assert_eq!((stats.name, stats.acquired, stats.refunded), (Name::new("search"), [2, 11], [0, 5]));
    assert_eq!((stats.rejected, stats.waited, stats.cancelled), (3, 0, 0));
    assert_eq!((stats.available, stats.expired_bookings), ([1, 4], [0, 0]));
}

#[test]
fn what_comes_back_too_late_is_counted_as_expired() {
    let (limits, clock) = limits([Quota::per_second(1), Quota::per_hour(5)]);
    let permit = limits.admit().unwrap();
    clock.advance(SECOND);
    limits.release(permit);
    assert_eq!((limits.available(), limits.stats().expired_bookings), ([1, 5], [1, 0]));
}

#[test]
fn a_reset_begins_anew_for_all_quotas() {
    let (limits, _) = limits([Quota::per_second(1), Quota::per_day(9).initial(4)]);
    let held = limits.reserve([1, 4]).unwrap();
    assert_eq!(limits.available(), [0, 0]);
    limits.reset();
    assert_eq!(limits.available(), [1, 4]);
    held.cancel();
    assert_eq!((limits.available(), limits.stats().expired_bookings), ([1, 4], [1, 4]));
}

#[test]
fn a_change_of_quotas_keeps_the_consumed_share_of_each() {
    let (limits, clock) = limits([Quota::per_second(10), Quota::per_hour(100)]);
    limits.try_acquire_each([5, 40]).unwrap();
    limits.set_quotas([Quota::per_second(2), Quota::per_hour(50)]).unwrap();
    assert_eq!((limits.available(), limits.quotas()), ([1, 30], [Quota::per_second(2), Quota::per_hour(50)]));
    clock.advance(SECOND / 2);
    assert_eq!(limits.available(), [2, 30]);
}

#[test]
fn listeners_are_told_refusals_waits_resets_and_each_quota_that_changes() {
    let (limits, clock) = limits([Quota::per_second(1), Quota::per_hour(9), Quota::per_day(9)]);
    let texts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&texts);
    let subscription = limits.observe(move |event| log.lock().unwrap().push(event.to_string()));
    limits.try_acquire_each([1, 5, 1]).unwrap();
    let _ = limits.try_acquire();
    let mut wait = Box::pin(limits.acquire_with(clock.clone()).each([1, 3, 0]));
    assert!(poll_once(wait.as_mut()).is_pending());
    clock.advance(SECOND);
    assert!(poll_once(wait.as_mut()).is_ready());
    limits.reset();
    limits.set_quotas(limits.quotas()).unwrap();
    let to = Quota::per_second(2);
    limits.set_quotas([to, Quota::per_hour(9), to]).unwrap();
    drop(subscription);
    limits.reset();
    let expected = [
        "search: rate limited, retry after 1s",
        "search: waited 1s for 3 permits",
        "search: reset",
        "search: quota 1 per 1s, burst 1 -> 2 per 1s, burst 2",
        "search: quota 9 per 86400s, burst 9 -> 2 per 1s, burst 2",
    ];
    assert_eq!(*texts.lock().unwrap(), expected);
}

#[test]
fn a_listener_may_call_the_limits_and_one_that_panics_harms_nobody() {
    static LIMITS: RateLimits<2> = RateLimits::new("search", [Quota::per_hour(1), Quota::per_hour(9)]);
    LIMITS.observe(|_| assert_eq!(LIMITS.available(), [0, 8])).forget();
    LIMITS.observe(|_| panic!("by the test")).forget();
    LIMITS.try_acquire().unwrap();
    assert!(LIMITS.try_acquire().is_err());
    assert_eq!((LIMITS.stats().listener_panics, LIMITS.stats().events_lost), (1, 0));
}

#[test]
fn limits_tell_what_they_are() {
    let (limits, clock) = limits([Quota::per_hour(2), Quota::per_hour(9)]);
    let text = format!("{limits:?}");
    for part in ["RateLimits", "search", "Quota { permits: 2", "Quota { permits: 9", "available: [2, 9]"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let reservation = limits.reserve([2, 3]).unwrap();
    assert_eq!(format!("{reservation:?}"), "LimitsReservation { limits: \"search\", permits: [2, 3] }");
    let mut wait = Box::pin(limits.acquire_with(clock));
    assert!(poll_once(wait.as_mut()).is_pending());
    let text = format!("{wait:?}");
    for part in ["LimitsAcquire", "search", "permits: [1, 1]", "until: Some(Moment(1800000000000))"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn statistics_are_written_with_a_list_where_each_quota_counts() {
    let (limits, _) = limits([Quota::per_hour(2), Quota::per_hour(9)]);
    limits.try_acquire_each([1, 4]).unwrap();
    let text = serde_json::to_string(&limits.stats()).unwrap();
    for part in
        [r#""name":"search""#, r#""acquired":[1,4]"#, r#""available":[1,5]"#, r#""expired_bookings":[0,0]"#]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_million_calls_of_two_threads_are_all_counted_and_none_too_many_is_given() {
    let (limits, _) = limits([Quota::per_day(1_000_000), Quota::per_day(300_000)]);
    let given: u64 = std::thread::scope(|scope| {
        let ask = || (0..250_000).filter(|_| limits.try_acquire_each([2, 1]).is_ok()).count() as u64;
        let threads = [scope.spawn(ask), scope.spawn(ask)];
        threads.map(|thread| thread.join().unwrap()).iter().sum()
    });
    let stats = limits.stats();
    assert_eq!((given, stats.rejected), (300_000, 200_000));
    assert_eq!((stats.acquired, stats.available), ([600_000, 300_000], [400_000, 0]));
}
