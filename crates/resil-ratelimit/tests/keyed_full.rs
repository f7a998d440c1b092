//! More keys than there is room for: who goes, who stays, who is refused.
#![cfg(not(any(loom, shuttle)))]

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use resil_ratelimit::{KeyedRateLimiter, ManualClock, Name, Overflow, Policy, Quota, Reason, Rejected};

type Limiter<K> = KeyedRateLimiter<K, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

/// Room for `capacity` keys, each of which is busy for a second after each permit.
fn users(capacity: usize) -> (Limiter<u64>, ManualClock) {
    let clock = ManualClock::new();
    let users = Limiter::with_clock(Name::new("users"), Quota::per_second(1).burst(2), clock.clone());
    (users.with_capacity(capacity).expect("in range"), clock)
}

fn full_until(refusal: Rejected) -> Option<Duration> {
    assert_eq!(refusal.reason(), Reason::CapacityExhausted);
    refusal.retry_after()
}

#[test]
fn a_new_key_takes_the_place_of_an_idle_one() {
    let (users, clock) = users(4);
    (0..4).for_each(|key| assert!(users.try_acquire(&key).is_ok()));
    clock.advance(SECOND);
    (4..100).for_each(|key| {
        assert!(users.try_acquire(&key).is_ok());
        assert!(users.len() <= 4);
        clock.advance(SECOND);
    });
    assert_eq!((users.stats().evicted, users.stats().refused), (96, 0));
}

#[test]
fn a_busy_key_never_goes() {
    let (users, clock) = users(4);
    (0..4).for_each(|key| assert!(users.try_acquire_n(&key, 2).is_ok()));
    for key in 100..1_100 {
        let refusal = users.try_acquire(&key).unwrap_err();
        assert_eq!(full_until(refusal), Some(2 * SECOND));
        assert_eq!(refusal.to_string(), "users: capacity exhausted, retry after 2s");
    }
    assert!((0..4).all(|key| users.try_acquire(&key).is_err_and(|e| e.reason() == Reason::RateLimited)));
    clock.advance(SECOND);
    assert!((0..4).all(|key| users.try_acquire(&key).is_ok()), "they do not notice");
    let stats = users.stats();
    assert_eq!((stats.evicted, stats.refused, stats.shared, stats.rejected), (0, 1_000, 0, 4));
}

#[test]
fn the_hint_of_a_refusal_is_when_the_first_key_becomes_idle() {
    let (users, clock) = users(3);
    for key in 0..3 {
        assert!(users.try_acquire(&key).is_ok());
        clock.advance(SECOND / 4);
    }
    assert_eq!(full_until(users.try_acquire(&7).unwrap_err()), Some(SECOND / 4));
    // Used again, the first is no longer the first to become idle; the hint may say so only when its time has come.
    assert!(users.try_acquire(&0).is_ok());
    clock.advance(SECOND / 4);
    assert_eq!(full_until(users.try_acquire(&7).unwrap_err()), Some(SECOND / 4));
    clock.advance(SECOND / 4);
    assert!(users.try_acquire(&7).is_ok());
    assert!(!users.keys().contains(&1));
}

#[test]
fn what_frees_a_key_early_makes_room_at_once() {
    type Free = fn(&Limiter<u64>);
    let ways: [(&str, Free); 5] = [
        ("reset", |users| users.reset(&1)),
        ("remove", |users| assert!(users.remove(&1))),
        ("another quota", |users| users.set_quota(Quota::per_second(1_000_000_000).burst(2)).unwrap()),
        ("permits given back", |users| {
            users.reset(&1);
            let one = users.key(&1);
            let permits = [one.admit().unwrap(), one.admit().unwrap()];
            assert!(users.try_acquire(&8).is_err());
            permits.into_iter().rev().for_each(|permit| one.release(permit));
        }),
        ("nothing left that is busy", |users| assert_eq!(users.shrink(), 0)),
    ];
    for (way, free) in ways {
        let (users, clock) = users(3);
        (0..3).for_each(|key| assert!(users.try_acquire_n(&key, 2).is_ok()));
        assert!(users.try_acquire(&7).is_err(), "{way}");
        free(&users);
        clock.advance(Duration::from_nanos(4));
        assert_eq!(users.try_acquire(&7).is_ok(), way != "nothing left that is busy", "{way}");
    }
}

#[test]
fn keys_without_room_may_share_one_entry() {
    let (users, clock) = users(1);
    let users = users.overflow(Overflow::Shared);
    assert!(users.try_acquire(&0).is_ok());
    let given: Vec<_> = (1..=3).map(|key| users.try_acquire(&key).map_err(|e| e.reason())).collect();
    assert_eq!(given, [Ok(()), Ok(()), Err(Reason::RateLimited)], "two of the shared entry");
    let stats = users.stats();
    assert_eq!((stats.keys, stats.refused, stats.shared), (1, 3, 3));
    assert_eq!((stats.acquired, stats.rejected), (3, 1));
    assert!(users.try_acquire(&0).is_ok(), "the one that is kept does not notice");
    users.set_quota(Quota::per_second(1).burst(10)).unwrap();
    assert_eq!(
        users.try_acquire(&9).unwrap_err().retry_after(),
        Some(SECOND),
        "all of its burst was consumed"
    );
    clock.advance(SECOND);
    assert!(users.try_acquire(&9).is_ok());
    clock.advance(10 * SECOND);
    assert!(users.try_acquire(&9).is_ok() && users.keys() == [9], "room again");
}

#[test]
fn a_permit_of_the_shared_entry_comes_back_to_it() {
    let (users, _) = users(1);
    let users = users.overflow(Overflow::Shared);
    assert!(users.try_acquire(&0).is_ok());
    let (one, two) = (users.key(&1), users.key(&2));
    let permits = [one.admit().unwrap(), two.admit().unwrap()];
    assert!(two.admit().is_err());
    let [first, second] = permits;
    two.release(second);
    one.release(first);
    assert!(users.try_acquire_n(&3, 2).is_ok());
    assert_eq!((users.stats().refunded, users.stats().expired_bookings), (2, 0));
}

#[test]
fn a_key_that_comes_back_begins_with_its_initial_permits() {
    let clock = ManualClock::new();
    let users = Limiter::with_clock(Name::new("users"), Quota::per_second(10).initial(4), clock.clone());
    let users = users.with_capacity(1).unwrap();
    assert!(users.try_acquire_n(&0, 4).is_ok());
    clock.advance(SECOND / 2);
    assert!(users.try_acquire(&1).is_err(), "it has more than at the start, but not all");
    clock.advance(SECOND / 2);
    assert_eq!(users.available(&0), 10);
    assert!(users.try_acquire(&1).is_ok());
    assert_eq!(users.available(&0), 4, "never more than if it had stayed");
}

#[test]
fn each_key_becomes_idle_by_its_own_quota() {
    let (users, clock) = users(2);
    let users = users.with_quota(|key| Quota::per_second(if key % 2 == 0 { 7 } else { 1 }));
    assert!(users.try_acquire(&0).is_ok() && users.try_acquire(&1).is_ok());
    let seventh = Duration::from_nanos(142_857_143);
    assert_eq!(full_until(users.try_acquire(&3).unwrap_err()), Some(seventh), "rounded up");
    clock.advance(seventh);
    assert!(users.try_acquire(&3).is_ok());
    let mut keys = users.keys();
    keys.sort_unstable();
    assert_eq!(keys, [1, 3]);
}

#[test]
fn a_quota_that_is_wrong_keeps_no_place() {
    let (users, _) = users(1);
    let users = users.with_quota(|key| Quota::per_second(1).burst(u32::from(*key > 0)));
    (0..10).for_each(|_| assert!(users.try_acquire(&0).is_err()));
    assert!(users.try_acquire(&1).is_ok());
}

#[test]
fn idle_keys_can_be_let_go_at_once() {
    let (users, clock) = users(1_000);
    (0..1_000).for_each(|key| assert!(users.try_acquire_n(&key, u32::from(key % 4 == 0) + 1).is_ok()));
    assert_eq!((users.shrink(), users.len()), (0, 1_000));
    clock.advance(SECOND);
    assert_eq!((users.shrink(), users.len()), (750, 250));
    assert_eq!(users.stats().evicted, 750);
    assert!((0..1_000).all(|key| users.available(&key) == if key % 4 == 0 { 1 } else { 2 }));
    clock.advance(SECOND);
    assert_eq!((users.shrink(), users.is_empty()), (250, true));
}

#[test]
fn to_bound_the_keys_later_loses_none() {
    let (users, clock) = users(100);
    (0..50).for_each(|key| assert!(users.try_acquire_n(&key, 2).is_ok()));
    let users = users.with_capacity(10).unwrap();
    assert_eq!((users.len(), users.capacity(), users.stats().acquired), (50, 10, 100));
    assert!((0..50).all(|key| users.available(&key) == 0) && users.try_acquire(&50).is_err());
    clock.advance(2 * SECOND);
    assert!(users.try_acquire(&50).is_ok(), "in the place of one of the others");
}

#[test]
fn keys_whose_hashes_are_equal_are_told_apart() {
    #[derive(Clone, PartialEq, Eq)]
    struct Poor(u32);
    impl std::hash::Hash for Poor {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            state.write_u32(7);
        }
    }
    let users = KeyedRateLimiter::<Poor>::new("users", Quota::per_hour(1)).with_capacity(500).unwrap();
    (0..500).for_each(|key| assert!(users.try_acquire(&Poor(key)).is_ok()));
    assert!((0..500).all(|key| users.try_acquire(&Poor(key)).is_err()));
    (0..500).step_by(3).for_each(|key| assert!(users.remove(&Poor(key))));
    (0..500).for_each(|key| assert_eq!(users.try_acquire(&Poor(key)).is_ok(), key % 3 == 0));
}

#[test]
fn a_thousand_threads_that_bring_one_new_key_make_one_entry() {
    let (users, _) = users(2);
    let start = Barrier::new(1_000);
    let given = thread::scope(|scope| {
        let ask = || {
            start.wait();
            users.try_acquire(&7).is_ok()
        };
        let threads: Vec<_> = (0..1_000).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| u32::from(thread.join().unwrap())).sum::<u32>()
    });
    assert_eq!((given, users.len()), (2, 1));
}

#[test]
fn threads_that_bring_new_keys_never_get_more_places_than_there_are() {
    let (users, clock) = users(64);
    let users = Arc::new(users);
    for round in 0..20 {
        let start = Barrier::new(8);
        let given: u32 = thread::scope(|scope| {
            let bring = |thread: u64| {
                let (users, start) = (&users, &start);
                move || {
                    start.wait();
                    let keys = (0..100).map(|n| round * 1_000 + thread * 100 + n);
                    keys.map(|key| u32::from(users.try_acquire(&key).is_ok())).sum::<u32>()
                }
            };
            let threads: Vec<_> = (0..8).map(|thread| scope.spawn(bring(thread))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        // All that were there before are idle by now.
        assert_eq!((given, users.len()), (64, 64), "round {round}");
        clock.advance(SECOND);
    }
    let stats = users.stats();
    assert_eq!((stats.acquired, stats.evicted, stats.refused), (64 * 20, 64 * 19, 20 * 800 - 64 * 20));
}
