//! Places for keys: claimed by new ones, taken from idle ones, never from others.

use std::sync::Arc;
use std::time::Duration;

use resil_ratelimit::{KeyedRateLimiter, ManualClock, Name, Policy, Quota};

use resil_ratelimit::testing::models::{action, explore, race};

type Users = KeyedRateLimiter<u64, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);
const ALICE: u64 = 1;
const BOB: u64 = 2;

/// Keys with `quota`, of which one is kept.
fn users(quota: Quota) -> (Arc<Users>, ManualClock) {
    let clock = ManualClock::new();
    let users = Users::with_clock(Name::UNNAMED, quota, clock.clone()).counters(false);
    (Arc::new(users.with_capacity(1).expect("in range")), clock)
}

#[test]
fn the_last_place_goes_to_one_of_two_new_keys() {
    explore(&[(true, false, 1), (false, true, 1)], || {
        let (users, _) = users(Quota::per_second(1));
        let ask = |key: u64| action(move |users: &Users| users.try_acquire(&key).is_ok());
        let given = race(&users, vec![ask(ALICE), ask(BOB)]);
        (given[0], given[1], users.len())
    });
}

#[test]
fn a_key_that_is_used_at_the_same_time_is_not_dropped() {
    // Whoever comes first is busy, and so the other one finds no place.
    explore(&[(true, false), (false, true)], || {
        let (users, clock) = users(Quota::per_second(1));
        users.try_acquire(&ALICE).expect("a permit and a place");
        clock.advance(SECOND);
        let ask = |key: u64| action(move |users: &Users| users.try_acquire(&key).is_ok());
        let given = race(&users, vec![ask(ALICE), ask(BOB)]);
        (given[0], given[1])
    });
}

#[test]
fn who_looked_at_the_clock_before_a_key_was_dropped_gets_no_more_than_if_it_had_stayed() {
    explore(&[2], || {
        let (users, clock) = users(Quota::per_second(1));
        let mut given = vec![users.try_acquire(&ALICE).is_ok()];
        let ask = action(|users: &Users| users.try_acquire(&ALICE).is_ok());
        let drop_alice = action(move |users: &Users| {
            clock.advance(SECOND);
            // More than the burst: nobody comes in its place.
            users.try_acquire_n(&BOB, 2).is_ok()
        });
        given.extend(race(&users, vec![ask, drop_alice]));
        given.push(users.try_acquire(&ALICE).is_ok());
        given.iter().filter(|ok| **ok).count()
    });
}

#[test]
fn a_search_in_vain_does_not_hide_a_key_that_becomes_idle_meanwhile() {
    explore(&[(false, true), (true, true)], || {
        let (users, _) = users(Quota::per_second(2));
        let permit = users.key(&ALICE).admit().expect("a permit and a place");
        let release = action(move |users: &Users| {
            users.key(&ALICE).release(permit);
            true
        });
        let ask = action(|users: &Users| users.try_acquire(&BOB).is_ok());
        let meanwhile = race(&users, vec![release, ask])[1];
        (meanwhile, users.try_acquire(&BOB).is_ok())
    });
}
