//! Waiting: in the order of arrival, at the instants that were told, within limits, and given up at any time.
#![cfg(not(any(loom, shuttle)))]

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{
    Acquire, Clock, Deadline, ManualClock, ManualSleep, Moment, Quota, RateLimiter, Reason, Timer,
};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

type Limiter = RateLimiter<ManualClock>;

fn limiter(quota: Quota) -> (Limiter, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock("line".into(), quota, clock.clone()), clock)
}

/// The manual clock as a timer that counts how often anybody sleeps.
struct Counting<'a>(&'a ManualClock, &'a Cell<u32>);

impl Timer for Counting<'_> {
    type Sleep = ManualSleep;

    fn sleep_until(&self, at: Moment) -> ManualSleep {
        self.1.set(self.1.get() + 1);
        self.0.sleep_until(at)
    }
}

type Wait<'a, T = ManualClock> = Pin<Box<Acquire<&'a Limiter, ManualClock, T>>>;

/// A wait that has booked its place.
fn book<'a>(limiter: &'a Limiter, clock: &ManualClock, permits: u32) -> Wait<'a> {
    let mut wait = Box::pin(limiter.acquire_with(clock.clone()).permits(permits));
    assert_eq!(poll_once(wait.as_mut()), Poll::Pending);
    wait
}

#[test]
fn ten_thousand_waiters_are_served_in_order_at_their_instants_after_one_sleep_each() {
    let (limiter, clock) = limiter(Quota::per_second(1_000).burst(3));
    let sleeps = Cell::new(0);
    let mut waits: Vec<_> =
        (0..10_000).map(|_| Box::pin(limiter.acquire_with(Counting(&clock, &sleeps)))).collect();
    let mut is_served =
        |number: usize| poll_once(waits[number].as_mut()).map(|answer| assert_eq!(answer, Ok(()))).is_ready();
    let booked = (0..10_000).filter(|number| !is_served(*number)).collect::<Vec<_>>();
    assert_eq!(booked, (3..10_000).collect::<Vec<_>>(), "three were free");
    for next in booked {
        // Of those behind it a few are asked, as all of them would take long.
        let behind = [1, 2, 10, 1_000].map(|far| next + far);
        assert!(
            [next]
                .into_iter()
                .chain(behind)
                .filter(|number| *number < 10_000)
                .all(|number| !is_served(number))
        );
        clock.advance(MILLI);
        assert!(
            behind.into_iter().filter(|number| *number < 10_000).all(|number| !is_served(number)),
            "before {next}"
        );
        assert!(is_served(next), "{next} at its instant");
    }
    assert_eq!(sleeps.get(), 10_000 - 3, "who found a permit does not sleep");
    let stats = limiter.stats();
    assert_eq!((stats.acquired, stats.waited, stats.rejected), (10_000, 10_000 - 3, 0));
}

#[test]
fn heavy_and_light_waiters_are_served_in_the_order_in_which_they_came() {
    let (limiter, clock) = limiter(Quota::per_second(1_000).burst(100));
    assert_eq!(limiter.try_acquire_n(100), Ok(()));
    let weights: Vec<u32> = (0..500).map(|number| 1 + number * 37 % 100).collect();
    let mut waits: Vec<_> = weights.iter().map(|permits| Some(book(&limiter, &clock, *permits))).collect();
    let mut last = 0;
    let mut sum = 0;
    for (number, permits) in weights.iter().enumerate() {
        // The instant at which so many have come back that all before it and it have theirs.
        sum += permits;
        let at = Moment::ZERO.saturating_add(MILLI * sum);
        clock.set(at);
        assert!(limiter.try_acquire().is_err(), "nobody overtakes");
        let wait = waits[number].as_mut().expect("not yet served");
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(())), "number {number}");
        waits[number] = None;
        let next = waits.get_mut(number + 1).and_then(Option::as_mut);
        assert!(next.is_none_or(|next| poll_once(next.as_mut()).is_pending()), "number {number}");
        last = number;
    }
    assert_eq!(last, 499);
}

proptest! {
    /// Those who wait for less than it takes are all refused, at once, with the time that it takes; nothing is booked for them.
    #[test]
    fn every_hopeless_wait_fails_at_once_with_the_right_hint(
        rate in 1_u32..=5_000_000,
        booked in 0_u32..200,
        permits in 1_u32..=8,
        share in 0.0_f64..1.0,
        form in 0..3,
    ) {
        let (limiter, clock) = limiter(Quota::per_second(rate).burst(8));
        prop_assert_eq!(limiter.try_acquire_n(8), Ok(()));
        let waits: Vec<_> = (0..booked).map(|_| book(&limiter, &clock, 1)).collect();
        let needed = limiter.time_until_available_n(permits).expect("no more than the burst");
        let before = limiter.peek();
        let short = needed.mul_f64(share).min(needed.saturating_sub(Duration::from_nanos(1)));
        let deadline = Deadline::at(clock.now().saturating_add(short));
        let ask = || limiter.acquire_with(Never).permits(permits);
        let answer = match form {
            0 => poll_once(pin!(ask().within(short))),
            1 => poll_once(pin!(ask().by(deadline))),
            _ => poll_once(pin!(deadline.scope(ask()))),
        };
        let Poll::Ready(Err(refusal)) = answer else { return Err(TestCaseError::fail("it waits in vain")) };
        prop_assert_eq!(refusal.reason(), Reason::RateLimited);
        prop_assert_eq!(refusal.retry_after(), Some(needed));
        prop_assert_eq!(limiter.peek(), before);
        prop_assert_eq!(limiter.acquire_blocking_n(9).map_err(|error| error.retry_after()), Err(None));
        // And who waits just as long as it takes is served.
        let mut wait = pin!(limiter.acquire_with(clock.clone()).permits(permits).within(needed));
        prop_assert!(poll_once(wait.as_mut()).is_pending());
        clock.advance(needed);
        prop_assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(())));
        prop_assert_eq!(limiter.stats().rejected, 2);
        drop(waits);
    }
}

/// A timer that nobody must need.
struct Never;

impl Timer for Never {
    type Sleep = std::future::Pending<()>;

    fn sleep_until(&self, at: Moment) -> Self::Sleep {
        panic!("a hopeless wait would sleep until {at:?}");
    }
}

#[test]
fn the_last_booking_that_is_given_up_is_undone() {
    let (limiter, clock) = limiter(Quota::per_second(1).burst(2));
    assert_eq!(limiter.try_acquire_n(2), Ok(()));
    let before = limiter.peek();
    let waits: Vec<_> = (0..70).map(|_| book(&limiter, &clock, 1)).collect();
    waits.into_iter().rev().for_each(drop);
    assert_eq!(limiter.peek(), before);
    assert_eq!((limiter.stats().cancelled, limiter.stats().expired_bookings), (70, 0));
}

#[test]
fn bookings_that_are_given_up_in_the_order_of_their_coming_leave_no_line_behind() {
    let (limiter, clock) = limiter(Quota::per_second(1).burst(2));
    assert_eq!(limiter.try_acquire_n(2), Ok(()));
    let before = limiter.peek();
    let waits: Vec<_> = (0..1_000).map(|_| book(&limiter, &clock, 1)).collect();
    waits.into_iter().for_each(drop);
    assert_eq!(limiter.peek(), before);
    assert_eq!((limiter.stats().cancelled, limiter.stats().expired_bookings), (1_000, 0));
}

#[test]
fn a_booking_from_the_middle_is_taken_by_the_next_who_waits_and_moves_nobody() {
    let (limiter, clock) = limiter(Quota::per_second(1));
    assert_eq!(limiter.try_acquire(), Ok(()));
    let mut waits: Vec<_> = (0..3).map(|_| book(&limiter, &clock, 1)).collect();
    drop(waits.remove(1));
    let next = book(&limiter, &clock, 1);
    waits.insert(1, next);
    let far = book(&limiter, &clock, 1);
    waits.push(far);
    for mut wait in waits {
        assert_eq!(poll_once(wait.as_mut()), Poll::Pending);
        clock.advance(SECOND);
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(())));
    }
    assert_eq!(limiter.stats().expired_bookings, 0);
}

#[test]
fn a_booking_from_the_middle_that_nobody_takes_expires_and_is_counted() {
    let (limiter, clock) = limiter(Quota::per_second(1));
    assert_eq!(limiter.try_acquire(), Ok(()));
    let waits = [(); 3].map(|()| book(&limiter, &clock, 1));
    let [_first, given_up, mut last] = waits;
    drop(given_up);
    assert_eq!(limiter.stats().expired_bookings, 0, "somebody may still take it");
    clock.advance(3 * SECOND);
    assert_eq!(limiter.stats().expired_bookings, 1);
    assert_eq!(poll_once(last.as_mut()), Poll::Ready(Ok(())), "and nobody else has noticed");
}

#[test]
fn a_wait_that_is_dropped_after_any_number_of_polls_leaves_no_trace_but_its_count() {
    for polls in 0..5 {
        let (limiter, clock) = limiter(Quota::per_second(10));
        assert_eq!(limiter.try_acquire_n(10), Ok(()));
        let before = limiter.peek();
        let mut wait = Box::pin(limiter.acquire_with(clock.clone()).permits(4));
        for _ in 0..polls {
            assert!(poll_once(wait.as_mut()).is_pending());
        }
        drop(wait);
        let stats = limiter.stats();
        assert_eq!((limiter.peek(), stats.acquired, stats.waited), (before, 10, 0));
        assert_eq!(stats.cancelled, u64::from(polls > 0));
    }
}
