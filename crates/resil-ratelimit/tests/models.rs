//! Models of the limiter's shared words under loom and shuttle: every promise that several threads could break.
//!
//! Stock loom skips interleavings in which the thread that built the model loads before a spawned one stores, so all that races runs in
//! spawned threads, and the first one only builds, joins and asserts. Each model names the outcomes that it has to see.
#![cfg(any(loom, shuttle))]

#[path = "models/keyed.rs"]
mod keyed;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use resil_ratelimit::testing::models::{action, explore, race};
use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{Acquire, Leased, ManualClock, Name, Policy, Quota, RateLimiter};

type Limiter = RateLimiter<ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

fn limiter(quota: Quota) -> (Arc<Limiter>, ManualClock) {
    let clock = ManualClock::new();
    (Arc::new(Limiter::with_clock(Name::UNNAMED, quota, clock.clone()).striped(false)), clock)
}

/// The seconds until one permit is free.
fn wait(limiter: &Limiter) -> u64 {
    limiter.time_until_available().as_secs()
}

#[test]
fn the_last_permit_goes_to_one_of_all_who_ask_at_once() {
    explore(&[(1, 1)], || {
        let (limiter, _) = limiter(Quota::per_second(1));
        let ask = || action(|l: &Limiter| l.try_acquire().is_ok());
        let given = race(&limiter, vec![ask(), ask()]);
        (given.iter().filter(|ok| **ok).count(), limiter.stats().rejected)
    });
}

/// Books one permit and keeps the place.
fn book(limiter: &Arc<Limiter>, clock: &ManualClock) -> Booked {
    let mut wait = Box::pin(Acquire::new(Arc::clone(limiter), clock.clone()));
    assert!(poll_once(wait.as_mut()).is_pending());
    wait
}

type Booked = Pin<Box<Acquire<Arc<Limiter>, ManualClock, ManualClock>>>;

/// How many waits end in the next second.
fn arrivals(waits: &mut Vec<Booked>, clock: &ManualClock) -> usize {
    clock.advance(SECOND);
    let before = waits.len();
    waits.retain_mut(|wait| poll_once(wait.as_mut()).is_pending());
    before - waits.len()
}

#[test]
fn those_who_book_at_once_get_instants_of_their_own() {
    explore(&[(1, 1)], || {
        let (limiter, clock) = limiter(Quota::per_second(1));
        limiter.try_acquire().expect("the first permit");
        let book = || {
            let (limiter, clock) = (Arc::clone(&limiter), clock.clone());
            action(move |_: &Limiter| book(&limiter, &clock))
        };
        let mut waits = race(&limiter, vec![book(), book()]);
        (arrivals(&mut waits, &clock), arrivals(&mut waits, &clock))
    });
}

#[test]
fn a_permit_that_comes_back_takes_none_that_is_given_meanwhile_with_it() {
    explore(&[(true, 1)], || {
        let (limiter, _) = limiter(Quota::per_second(2));
        let permit = limiter.admit().expect("two permits");
        let asked = race(
            &limiter,
            vec![
                action(move |l: &Limiter| {
                    l.release(permit);
                    true
                }),
                action(|l: &Limiter| l.try_acquire().is_ok()),
            ],
        )[1];
        (asked, limiter.available())
    });
}

#[test]
fn permits_that_come_back_at_once_are_all_free() {
    explore(&[2], || {
        let (limiter, _) = limiter(Quota::per_second(2));
        let permits = [(); 2].map(|()| limiter.admit().expect("two permits"));
        let release = |permit| action(move |l: &Limiter| l.release(permit));
        race(&limiter, permits.into_iter().map(release).collect());
        limiter.available()
    });
}

#[test]
fn who_gives_up_a_place_does_not_move_those_behind() {
    // The place is the last one and undone, or it is kept for the next; never do two have one instant.
    explore(&[(2, 1, 1), (3, 1, 1)], || {
        let (limiter, clock) = limiter(Quota::per_second(1));
        limiter.try_acquire().expect("the first permit");
        let given_up = book(&limiter, &clock);
        let (behind, line) = (Arc::clone(&limiter), clock.clone());
        let waits = race(
            &limiter,
            vec![
                action(move |_: &Limiter| {
                    drop(given_up);
                    None
                }),
                action(move |_: &Limiter| Some(book(&behind, &line))),
            ],
        );
        let mut waits: Vec<_> = waits.into_iter().flatten().collect();
        let length = wait(&limiter);
        waits.push(book(&limiter, &clock));
        (length, arrivals(&mut waits, &clock), arrivals(&mut waits, &clock))
    });
}

#[test]
fn nobody_is_admitted_by_a_quota_that_was_changed_before() {
    // Half of the burst is consumed, whether the permit was taken before the change or after it.
    explore(&[1_000_000_000], || {
        let (limiter, clock) = limiter(Quota::per_second(2));
        // The word is the present instant, which no change of quota would have to move.
        limiter.try_acquire().expect("two permits");
        clock.advance(SECOND / 2);
        race(
            &limiter,
            vec![
                action(|l: &Limiter| l.set_quota(Quota::per_second(1).burst(2)).expect("in range")),
                action(|l: &Limiter| l.try_acquire().expect("there is one all the time")),
            ],
        );
        limiter.peek().full_in.as_nanos()
    });
}

#[test]
fn a_refusal_says_when_to_come_by_one_quota() {
    // Two of which one is there: by the old quota or by the new one, of which half is consumed. A mixture of both would be some other time.
    explore(&[SECOND, Duration::from_nanos(6_171_428_571_429)], || {
        let (limiter, clock) = limiter(Quota::per_second(1).burst(2));
        clock.advance(10 * SECOND);
        limiter.try_acquire().expect("the first permit");
        let hints = race(
            &limiter,
            vec![
                action(|l: &Limiter| {
                    l.set_quota(Quota::per_day(7).burst(3)).expect("in range");
                    Duration::ZERO
                }),
                action(|l: &Limiter| {
                    l.try_acquire_n(2).expect_err("there is one").retry_after().unwrap_or_default()
                }),
            ],
        );
        hints[1]
    });
}

#[test]
fn a_quota_that_was_changed_before_the_first_call_holds_from_it_on() {
    // Two of four are taken at two a second, or a third one, if the first was taken of three.
    explore(&[1_000_000_000, 1_500_000_000], || {
        let (limiter, clock) = limiter(Quota::per_second(4).initial(3));
        clock.advance(SECOND);
        race(
            &limiter,
            vec![
                action(|l: &Limiter| {
                    l.set_quota(Quota::per_second(2).burst(4)).expect("in range");
                    l.try_acquire().expect("one of three");
                }),
                action(|l: &Limiter| l.try_acquire().expect("one of three")),
            ],
        );
        limiter.peek().full_in.as_nanos()
    });
}

#[test]
fn the_initial_permits_are_given_once() {
    explore(&[(1, 0)], || {
        let (limiter, clock) = limiter(Quota::per_second(2).initial(1));
        clock.advance(SECOND);
        let ask = || action(|l: &Limiter| l.try_acquire().is_ok());
        let given = race(&limiter, vec![ask(), ask()]);
        (given.iter().filter(|ok| **ok).count(), limiter.available())
    });
}

#[test]
fn two_threads_of_one_slot_never_hold_more_than_a_batch() {
    explore(&[(2, 2, 0), (2, 2, 1)], || {
        let (limiter, _) = limiter(Quota::per_second(4));
        let leased = Arc::new(Leased::new(Arc::clone(&limiter), 2).expect("in range"));
        let ask = || {
            let leased = Arc::clone(&leased);
            action(move |_: &Limiter| leased.try_acquire().is_ok())
        };
        let given = race(&limiter, vec![ask(), ask()]);
        let given = given.iter().filter(|ok| **ok).count();
        let stats = leased.stats();
        assert!(leased.leased() < 2);
        // None is lost: what is neither given nor leased is with the limiter.
        assert_eq!(u64::from(limiter.available()) + leased.leased() + 2, 4);
        (given, stats.acquired - stats.refunded, leased.leased())
    });
}
