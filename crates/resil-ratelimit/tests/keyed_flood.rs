//! A flood of new keys takes no more memory than there is room for and frees no limited key; what a key costs; what calls allocate.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::time::Duration;

use allocation_counter::measure;
use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{KeyedRateLimiter, ManualClock, Name, Overflow, Policy, PolicyExt, Quota, Reason};

type Limiter<K> = KeyedRateLimiter<K, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

/// New keys of a flood.
const FLOOD: u64 = if cfg!(debug_assertions) { 300_000 } else { 10_000_000 };

/// Keys whose memory is measured.
const KEYS: u64 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

/// What 1,000,000 `u64` keys may take up each, with all that is around them.
const MOST_BYTES: u64 = 27;

fn users<K: std::hash::Hash + Eq + Send + Sync>(quota: Quota, capacity: u64) -> (Limiter<K>, ManualClock) {
    let clock = ManualClock::new();
    let limiter = Limiter::with_clock(Name::new("users"), quota, clock.clone());
    let capacity = usize::try_from(capacity).expect("a number of keys");
    (limiter.with_capacity(capacity).expect("in range"), clock)
}

/// The bytes that are held after `fill`, by the limiter that it returns.
fn bytes<T>(fill: impl FnOnce() -> T) -> u64 {
    let mut kept = None;
    let held = measure(|| kept = Some(fill())).bytes_current;
    drop(kept);
    u64::try_from(held).expect("more was allocated than freed")
}

#[test]
fn a_flood_of_busy_keys_stops_at_the_bound_and_frees_no_limited_key() {
    const CAPACITY: u64 = 10_000;
    let (users, clock) = users(Quota::per_second(1).burst(2), CAPACITY);
    assert!(users.try_acquire_n(&0, 2).is_ok());
    let mut given_to_limited = 0;
    let mut given = 0;
    let counted = measure(|| {
        for key in 1..=FLOOD {
            given += u64::from(users.try_acquire(&key).is_ok());
            clock.advance(NANO);
            given_to_limited += u64::from(key % 100 == 0 && users.try_acquire(&0).is_ok());
        }
    });
    assert_eq!((given, given_to_limited, users.len() as u64), (CAPACITY - 1, 0, CAPACITY));
    assert!(counted.bytes_max < CAPACITY * 32, "{counted:?}");
    assert_eq!(users.stats().refused, FLOOD - given);
}

#[test]
fn a_flood_over_idle_keys_stops_at_the_bound_and_frees_no_limited_key() {
    const CAPACITY: u64 = 10_000;
    // Each is busy for a second, and so are 9,000 of them at any time: the limited one and others.
    let (users, clock) = users(Quota::per_second(1).burst(2), CAPACITY);
    let mut given_to_limited = 0;
    let mut given = 0;
    let counted = measure(|| {
        for key in 1..=FLOOD {
            if key % 9_000 == 1 {
                // It spends what it has as soon as it has it.
                given_to_limited += u64::from(users.try_acquire(&0).is_ok());
                given_to_limited += u64::from(users.try_acquire(&0).is_ok());
            }
            given += u64::from(users.try_acquire(&key).is_ok());
            clock.advance(SECOND / 9_000);
        }
    });
    assert_eq!((given, users.stats().refused), (FLOOD, 0));
    let seconds = FLOOD / 9_000;
    assert!((seconds..=seconds + 2).contains(&given_to_limited), "{given_to_limited} in {seconds} s");
    assert_eq!(users.len() as u64, CAPACITY);
    assert!(counted.bytes_max < CAPACITY * 32, "{counted:?}");
    assert!(users.stats().evicted >= FLOOD - CAPACITY);
}

#[test]
fn a_flood_of_texts_leaves_nothing_behind_but_those_that_are_kept() {
    let (users, _) = users::<String>(Quota::per_second(1), 1_000);
    let text = |key: u64| format!("a user of 32 characters {key:08}");
    let flood = |keys: std::ops::Range<u64>| {
        measure(|| keys.for_each(|key| _ = users.try_acquire(text(key).as_str()))).bytes_current
    };
    let first = flood(0..1_000);
    assert!(first > 64_000, "keys and entries: {first} bytes");
    assert_eq!((flood(1_000..50_000), users.len()), (0, 1_000));
}

#[test]
fn a_million_keys_take_up_27_bytes_each_at_most() {
    // At every number of keys up to the capacity, as tables grow in steps.
    let mut most = 0;
    for keys in [KEYS / 2, KEYS * 5 / 8, KEYS * 3 / 4, KEYS] {
        let held = bytes(|| {
            let (users, clock) = users(Quota::per_second(1), KEYS);
            (0..keys).for_each(|key| assert!(users.try_acquire(&key).is_ok()));
            if keys == KEYS {
                // As many again, each in the place of one that is idle.
                clock.advance(SECOND);
                (keys..2 * keys).for_each(|key| assert!(users.try_acquire(&key).is_ok()));
            }
            assert_eq!(users.len() as u64, keys);
            users
        });
        most = most.max(held.div_ceil(keys));
    }
    assert!(most <= MOST_BYTES, "{most} bytes for each key");
}

#[test]
fn keys_on_a_few_quotas_of_their_own_take_up_34_bytes_each_at_most() {
    let held = bytes(|| {
        let (users, _) = users(Quota::per_second(1), KEYS);
        let users = users.with_quota(|key| Quota::per_second(u32::try_from(key % 3).unwrap() + 1));
        (0..KEYS).for_each(|key| assert!(users.try_acquire(&key).is_ok()));
        users
    });
    assert!(held <= KEYS * 34, "{} bytes for each key", held.div_ceil(KEYS));
}

#[test]
fn a_limiter_without_keys_is_small_however_many_there_may_be() {
    let bytes =
        [1, 1_000, 100_000, 1_000_000].map(|capacity| bytes(|| users::<u64>(Quota::per_second(1), capacity)));
    assert!(bytes.iter().zip([1_000, 40_000, 40_000, 80_000]).all(|(held, most)| *held <= most), "{bytes:?}");
}

#[test]
fn memory_is_given_back() {
    let (users, clock) = users(Quota::per_second(1), KEYS);
    let held = measure(|| {
        (0..KEYS).for_each(|key| assert!(users.try_acquire(&key).is_ok()));
        clock.advance(SECOND);
        (0..100).for_each(|key| assert!(users.try_acquire(&key).is_ok()));
        assert_eq!(users.shrink() as u64, KEYS - 100);
    });
    assert!(held.bytes_current < 100_000, "{held:?}");
    assert!((0..100).all(|key| users.try_acquire(&key).is_err()));
}

#[test]
fn calls_for_keys_that_are_kept_allocate_nothing() {
    let (users, clock) = users::<String>(Quota::per_second(10).burst(5), 100);
    let users = users.with_quota(|_| Quota::per_second(10).burst(5));
    users.try_acquire("alice").unwrap();
    let timer = |_: Duration| std::future::pending::<()>();
    let alice = users.key("alice");
    let calls: [(&str, &dyn Fn() -> bool); 7] = [
        ("try_acquire", &|| users.try_acquire("alice").is_ok()),
        ("try_acquire_n", &|| users.try_acquire_n("alice", 2).is_ok()),
        ("call", &|| alice.call(|| Ok::<_, ()>(())).is_ok()),
        ("release", &|| alice.admit().map(|permit| alice.release(permit)).is_ok()),
        ("a wait that is given up", &|| poll_once(pin!(users.acquire_with("alice", timer))).is_ready()),
        ("a look", &|| {
            users.peek("alice").available > 0 || users.time_until_available_n("alice", 3).is_none()
        }),
        ("statistics", &|| users.stats().acquired > 0),
    ];
    for (what, call) in calls {
        let mut done = 0;
        let counted = measure(|| {
            for _ in 0..1_000 {
                clock.advance(Duration::from_millis(90));
                done += u32::from(call());
            }
        });
        assert_eq!(counted.count_total, 0, "{what}");
        assert!(done > 400, "{what}: {done}");
    }
}

#[test]
fn refusals_of_new_keys_allocate_nothing() {
    for overflow in [Overflow::Refuse, Overflow::Shared] {
        let (users, _) = users::<String>(Quota::per_hour(1), 1);
        let users = users.overflow(overflow);
        users.try_acquire("alice").unwrap();
        let _ = users.try_acquire("bob");
        let counted = measure(|| {
            for _ in 0..1_000 {
                let reason = users.try_acquire("carol").unwrap_err().reason();
                let shared = overflow == Overflow::Shared;
                assert_eq!(reason, if shared { Reason::RateLimited } else { Reason::CapacityExhausted });
            }
        });
        assert_eq!(counted.count_total, 0, "{overflow:?}");
    }
}
