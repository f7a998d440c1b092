//! A limiter for each key, as users see it.
#![cfg(not(any(loom, shuttle)))]

use std::borrow::Borrow;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use resil_ratelimit::{
    Event, KeyedEvent, KeyedRateLimiter, ManualClock, Name, Notice, Peek, Quota, Reason, Severity,
};

type Limiter<K> = KeyedRateLimiter<K, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

fn users(quota: Quota) -> (Limiter<String>, ManualClock) {
    let clock = ManualClock::new();
    (Limiter::with_clock(Name::new("users"), quota, clock.clone()), clock)
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn each_key_has_the_whole_quota_for_itself() {
    let (users, clock) = users(Quota::per_second(2));
    for user in ["alice", "bob", "carol"] {
        assert!(users.try_acquire(user).is_ok() && users.try_acquire(user).is_ok());
        let refusal = users.try_acquire(user).unwrap_err();
        assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::RateLimited, Some(millis(500))));
        assert_eq!(refusal.to_string(), "users: rate limited, retry after 500ms");
    }
    clock.advance(millis(500));
    assert!(users.try_acquire("bob").is_ok() && users.try_acquire("bob").is_err());
    assert_eq!((users.len(), users.is_empty(), users.name()), (3, false, Name::new("users")));
    assert_eq!((users.quota(), users.capacity()), (Quota::per_second(2), Limiter::<u8>::DEFAULT_CAPACITY));
}

#[test]
fn several_permits_are_taken_at_once_or_not_at_all() {
    let (users, _) = users(Quota::per_second(10));
    assert!(users.try_acquire_n("alice", 7).is_ok());
    assert_eq!(users.try_acquire_n("alice", 4).unwrap_err().retry_after(), Some(millis(100)));
    assert!(users.try_acquire_n("alice", 3).is_ok());
    let never = users.try_acquire_n("alice", 11).unwrap_err();
    assert_eq!((never.reason(), never.retry_after()), (Reason::Other("more permits than the burst"), None));
}

#[test]
fn what_needs_no_entry_makes_none() {
    let (users, _) = users(Quota::per_second(10));
    assert_eq!(users.try_acquire_n("alice", 0), Ok(()));
    assert!(users.try_acquire_n("alice", 11).is_err(), "more than it will ever have");
    assert_eq!((users.available("alice"), users.time_until_available("alice")), (10, Duration::ZERO));
    users.reset("alice");
    assert!(!users.remove("alice"));
    let _ = users.key("alice");
    assert!(users.is_empty() && users.keys().is_empty() && users.report().is_empty());
}

#[test]
fn a_key_can_be_looked_at() {
    let (users, clock) = users(Quota::per_second(10).burst(4));
    assert!(users.try_acquire_n("alice", 3).is_ok());
    let peek = users.peek("alice");
    assert_eq!((peek.available, peek.next_in, peek.full_in), (1, Duration::ZERO, millis(300)));
    assert_eq!(users.time_until_available_n("alice", 3), Some(millis(200)));
    assert_eq!(users.time_until_available_n("alice", 5), None);
    assert!(users.try_acquire("alice").is_ok());
    assert_eq!((users.available("alice"), users.time_until_available("alice")), (0, millis(100)));
    clock.advance(millis(150));
    assert_eq!((users.available("alice"), users.peek("alice").full_in), (1, millis(250)));
    assert_eq!((users.available("bob"), users.time_until_available_n("bob", 4)), (4, Some(Duration::ZERO)));
}

#[test]
fn initial_permits_are_those_of_a_new_key() {
    let (users, clock) = users(Quota::per_second(10).initial(2));
    assert_eq!(users.available("alice"), 2);
    assert!(users.try_acquire_n("alice", 2).is_ok());
    assert_eq!(users.try_acquire("alice").unwrap_err().retry_after(), Some(millis(100)));
    clock.advance(SECOND);
    assert_eq!((users.available("alice"), users.available("bob")), (10, 2));
    assert!(users.try_acquire_n("bob", 3).is_err());
    clock.advance(millis(100));
    assert_eq!(users.available("bob"), 3, "time counts from the first call, also if that was refused");
}

#[test]
fn a_key_is_reset_to_its_initial_permits() {
    let (users, _) = users(Quota::per_second(10).initial(4));
    assert!(users.try_acquire_n("alice", 3).is_ok());
    users.reset("alice");
    assert_eq!((users.available("alice"), users.len()), (4, 1));
}

#[test]
fn a_removed_key_is_new() {
    let (users, _) = users(Quota::per_hour(1));
    assert!(users.try_acquire("alice").is_ok() && users.try_acquire("alice").is_err());
    assert!(users.remove("alice") && users.is_empty() && !users.remove("alice"));
    assert!(users.try_acquire("alice").is_ok());
}

#[test]
fn wrong_settings_are_refused_with_field_value_and_range() {
    let (wrong, clock) = (Quota::per_second(10).burst(0), ManualClock::new());
    let error = KeyedRateLimiter::<String>::try_new("users", wrong).unwrap_err();
    assert_eq!(error.to_string(), "burst: 0 is out of range, allowed is 1 or more");
    assert_eq!(Limiter::<u8>::try_with_clock(Name::UNNAMED, wrong, clock).unwrap_err(), error);
    for capacity in [0, (1 << 27) + 1, usize::MAX] {
        let error = users(Quota::per_second(1)).0.with_capacity(capacity).unwrap_err();
        let expected = format!("capacity: {capacity} is out of range, allowed is 1 to 134,217,728");
        assert_eq!((error.field(), error.to_string()), ("capacity", expected));
    }
    for capacity in [1, 1 << 27] {
        assert_eq!(users(Quota::per_second(1)).0.with_capacity(capacity).unwrap().capacity(), capacity);
    }
    let (users, _) = users(Quota::per_second(1));
    assert_eq!(users.set_quota(wrong), Err(error));
    assert_eq!(users.quota(), Quota::per_second(1));
}

#[test]
#[should_panic(expected = "burst: 0 is out of range, allowed is 1 or more")]
fn a_wrong_quota_makes_no_limiter() {
    let _ = KeyedRateLimiter::<String>::new("users", Quota::per_second(10).burst(0));
}

#[test]
fn each_key_may_have_a_quota_of_its_own() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (users, _) = users(Quota::per_second(1));
    let users = users.with_quota({
        let asked = Arc::clone(&asked);
        move |user| {
            asked.fetch_add(1, Relaxed);
            Quota::per_second(if user.starts_with("gold-") { 100 } else { 10 }).initial(5)
        }
    });
    assert_eq!((users.available("gold-alice"), users.available("bob")), (5, 5));
    asked.store(0, Relaxed);
    for _ in 0..3 {
        assert!(users.try_acquire("gold-alice").is_ok() && users.try_acquire("bob").is_ok());
    }
    assert_eq!(asked.load(Relaxed), 2, "once for each key");
    assert_eq!((users.peek("gold-alice").full_in, users.peek("bob").full_in), (millis(980), millis(800)));
    users.reset("gold-alice");
    assert_eq!((users.available("gold-alice"), users.peek("gold-alice").full_in), (5, millis(950)));
    users.set_quota(Quota::per_second(9)).unwrap();
    assert_eq!((users.peek("bob").full_in, users.quota()), (millis(800), Quota::per_second(9)));
}

#[test]
fn a_key_whose_own_quota_is_wrong_is_refused_for_it() {
    let (users, _) = users(Quota::per_second(1));
    let users = users.with_quota(|user| Quota::per_second(1).burst(u32::from(user != "wrong")));
    let refusal = users.try_acquire("wrong").unwrap_err();
    let expected = "users: burst is out of range, allowed is 1 or more";
    assert_eq!((refusal.to_string().as_str(), refusal.retry_after()), (expected, None));
    assert_eq!(users.refresh_quota("wrong").unwrap_err().field(), "burst");
    let Peek { available, next_in, full_in, .. } = users.peek("wrong");
    assert_eq!((available, next_in, full_in), (0, Duration::MAX, Duration::MAX));
    assert_eq!(users.time_until_available_n("wrong", 1), None);
    assert!(users.is_empty() && users.try_acquire("right").is_ok());
}

#[test]
fn a_refreshed_quota_keeps_the_consumed_share() {
    let burst = Arc::new(AtomicU32::new(10));
    let (users, clock) = users(Quota::per_second(1));
    let users = users.with_quota({
        let burst = Arc::clone(&burst);
        move |_| Quota::per_second(burst.load(Relaxed))
    });
    assert!(users.try_acquire_n("alice", 4).is_ok() && users.try_acquire_n("bob", 4).is_ok());
    burst.store(100, Relaxed);
    assert_eq!(users.refresh_quota("alice"), Ok(()));
    assert_eq!((users.available("alice"), users.available("bob")), (60, 6));
    clock.advance(millis(200));
    assert_eq!((users.available("alice"), users.available("bob")), (80, 8));
    assert_eq!((users.refresh_quota("carol"), users.len()), (Ok(()), 2));
}

#[test]
fn another_quota_reaches_all_keys_and_keeps_the_consumed_share() {
    let (users, clock) = users(Quota::per_second(10));
    for n in 0..1_000 {
        assert!(users.try_acquire_n(format!("user {n}").as_str(), n % 10 + 1).is_ok());
    }
    users.set_quota(Quota::per_second(100)).unwrap();
    assert_eq!(users.quota(), Quota::per_second(100));
    for n in 0..1_000 {
        assert_eq!(users.available(format!("user {n}").as_str()), 90 - n % 10 * 10);
    }
    assert_eq!(users.available("somebody new"), 100);
    clock.advance(millis(50));
    assert_eq!(users.available("user 9"), 5);
}

/// A key that tells how often it was copied.
#[derive(PartialEq, Eq, Hash)]
struct Counted(String);

static CLONES: AtomicUsize = AtomicUsize::new(0);

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONES.fetch_add(1, Relaxed);
        Self(self.0.clone())
    }
}

impl Borrow<str> for Counted {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[test]
fn a_key_is_copied_once_when_it_is_new_and_never_again() {
    let users = KeyedRateLimiter::<Counted>::new("users", Quota::per_hour(5));
    let alice = Counted("alice".to_owned());
    for _ in 0..10 {
        let _ = users.try_acquire(&alice);
        let _ = (users.peek(&alice), users.time_until_available_n(&alice, 2));
    }
    assert_eq!(CLONES.load(Relaxed), 1);
    assert!(users.remove("alice"), "also by what it borrows as");
}

#[test]
fn keys_are_listed_with_what_they_have() {
    let (users, clock) = users(Quota::per_second(10));
    assert!(users.try_acquire_n("alice", 4).is_ok() && users.try_acquire("bob").is_ok());
    clock.advance(millis(150));
    let mut report = users.report();
    report.sort_by(|a, b| a.key.cmp(&b.key));
    let report: Vec<_> = report.iter().map(|user| (&*user.key, user.available, user.full_in)).collect();
    assert_eq!(report, [("alice", 7, millis(250)), ("bob", 10, Duration::ZERO)]);
    let mut keys = users.keys();
    keys.sort();
    assert_eq!(keys, ["alice", "bob"]);
}

#[test]
fn what_happens_is_counted_unless_told_otherwise() {
    for on in [true, false] {
        let (users, _) = users(Quota::per_hour(2));
        let users = users.counters(on);
        let given = ["alice", "alice", "alice", "bob"].map(|user| users.try_acquire(user).is_ok());
        assert_eq!(given, [true, true, false, true]);
        let stats = users.stats();
        let expected = if on { (3, 1) } else { (0, 0) };
        assert_eq!((stats.acquired, stats.rejected, stats.counters), (expected.0, expected.1, on));
        assert_eq!((stats.name, stats.keys, stats.capacity), (Name::new("users"), 2, 100_000));
        assert_eq!((stats.evicted, stats.refused, stats.shared), (0, 0, 0));
    }
}

#[test]
fn listeners_are_told_which_key() {
    let (users, _) = users(Quota::per_hour(1));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let subscription = users.observe({
        let heard = Arc::clone(&heard);
        move |news: &KeyedEvent<String>| heard.lock().unwrap().push(news.clone())
    });
    let _ = (users.try_acquire("alice"), users.try_acquire("alice"));
    users.reset("alice");
    users.set_quota(Quota::per_hour(2)).unwrap();
    users.set_quota(Quota::per_hour(2)).unwrap();
    drop(subscription);
    let _ = users.try_acquire_n("alice", 3);
    let heard = heard.lock().unwrap();
    let [rejected, reset, changed] = &heard[..] else { panic!("{heard:?}") };
    assert!(rejected.key.as_deref() == Some("alice") && matches!(rejected.event, Event::Rejected(_)));
    assert!(rejected.to_string().ends_with("retry after 3600s (key \"alice\")"), "{rejected}");
    assert_eq!(
        (reset.kind(), reset.severity(), reset.key.as_deref()),
        ("reset", Severity::Info, Some("alice"))
    );
    assert_eq!((changed.key.as_ref(), changed.name()), (None, Name::new("users")));
    assert_eq!(changed.to_string(), "users: quota 1 per 3600s, burst 1 -> 2 per 3600s, burst 2");
}

#[test]
fn printing_shows_name_quota_and_numbers() {
    let (users, _) = users(Quota::per_hour(7));
    let _ = users.try_acquire("alice");
    let text = format!("{users:?} {:?}", users.key("alice"));
    for part in ["\"users\"", "permits: 7", "keys: 1", "acquired: 1", "key: \"alice\""] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_limiter_is_shared_among_threads() {
    static USERS: LazyLock<KeyedRateLimiter<String>> =
        LazyLock::new(|| KeyedRateLimiter::new("users", Quota::per_hour(1)));
    assert!(std::thread::spawn(|| USERS.try_acquire("alice")).join().unwrap().is_ok());
    assert!(USERS.try_acquire("alice").is_err());
}

#[cfg(feature = "serde")]
#[test]
fn statistics_reports_and_events_are_written_as_json() {
    let (users, _) = users(Quota::per_second(1));
    let _ = users.try_acquire("alice");
    let stats = serde_json::to_value(users.stats()).unwrap();
    assert_eq!((&stats["name"], &stats["keys"], &stats["acquired"]), (&"users".into(), &1.into(), &1.into()));
    let report = serde_json::to_value(users.report()).unwrap();
    assert_eq!((&report[0]["key"], &report[0]["available"]), (&"alice".into(), &0.into()));
}
