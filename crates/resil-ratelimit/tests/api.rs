//! The limiter as users see it: every public method and every answer, under a clock that is moved by hand.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{
    Clock, Deadline, Error, Event, ManualClock, Moment, Name, Peek, PolicyExt, Quota, RateLimiter, Reason,
    Verdict, Waiting,
};

type Limiter = RateLimiter<ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

fn limiter(quota: Quota) -> (Limiter, ManualClock) {
    let clock = ManualClock::new();
    (Limiter::with_clock(Name::new("search"), quota, clock.clone()), clock)
}

fn peeked(peek: Peek) -> (u32, Duration, Duration) {
    (peek.available, peek.next_in, peek.full_in)
}

#[test]
fn a_burst_is_given_at_once_and_then_the_rate() {
    let (limiter, clock) = limiter(Quota::per_second(10).burst(3));
    assert_eq!((0..5).filter(|_| limiter.try_acquire().is_ok()).count(), 3);
    for _ in 0..20 {
        clock.advance(SECOND / 10);
        assert!(limiter.try_acquire().is_ok());
        assert!(limiter.try_acquire().is_err());
    }
}

#[test]
fn a_burst_may_be_larger_than_the_rate() {
    let (limiter, clock) = limiter(Quota::per_minute(1).burst(100));
    assert!(limiter.try_acquire_n(100).is_ok());
    clock.advance(60 * SECOND);
    assert_eq!(limiter.available(), 1);
}

#[test]
fn a_refusal_says_who_why_and_exactly_when() {
    let (limiter, clock) = limiter(Quota::per_second(3));
    assert!(limiter.try_acquire_n(3).is_ok());
    let refusal = limiter.try_acquire_n(2).unwrap_err();
    assert_eq!((refusal.name(), refusal.reason()), (Name::new("search"), Reason::RateLimited));
    // Two thirds of a second, rounded up.
    assert_eq!(refusal.retry_after(), Some(Duration::from_nanos(666_666_667)));
    assert_eq!(refusal.to_string(), "search: rate limited, retry after 666.666667ms");
    clock.advance(Duration::from_nanos(666_666_666));
    assert!(limiter.try_acquire_n(2).is_err());
    clock.advance(Duration::from_nanos(1));
    assert!(limiter.try_acquire_n(2).is_ok());
}

#[test]
fn more_permits_than_the_burst_are_refused_for_good() {
    let (limiter, _) = limiter(Quota::per_second(3));
    let refusal = limiter.try_acquire_n(4).unwrap_err();
    assert_eq!(refusal.retry_after(), None);
    assert_eq!(refusal.to_string(), "search: more permits than the burst");
    assert_eq!(limiter.time_until_available_n(4), None);
    assert_eq!(limiter.available(), 3);
}

#[test]
fn no_permits_are_always_there() {
    let (limiter, _) = limiter(Quota::per_second(1));
    assert!(limiter.try_acquire().is_ok());
    assert!(limiter.try_acquire_n(0).is_ok());
    assert!(limiter.acquire_blocking_n(0).is_ok());
    assert_eq!(limiter.stats().acquired, 1);
}

#[test]
fn looking_changes_nothing() {
    let (limiter, clock) = limiter(Quota::per_second(10).burst(2).initial(1));
    // Also before the first use, which is when the initial permits begin to count.
    clock.advance(5 * SECOND);
    for _ in 0..3 {
        assert_eq!(peeked(limiter.peek()), (1, Duration::ZERO, SECOND / 10));
        assert_eq!((limiter.available(), limiter.time_until_available()), (1, Duration::ZERO));
        clock.advance(SECOND);
    }
    assert!(limiter.try_acquire().is_ok());
    assert_eq!(peeked(limiter.peek()), (0, SECOND / 10, SECOND / 5));
    assert_eq!(limiter.time_until_available_n(2), Some(SECOND / 5));
}

#[test]
fn a_call_that_is_refused_is_not_made() {
    let (limiter, _) = limiter(Quota::per_second(1));
    assert_eq!(limiter.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
    let refused = limiter.call(|| -> Result<(), &str> { unreachable!("it was refused") });
    assert!(refused.is_err_and(|error| error.retry_after() == Some(SECOND)));
}

#[test]
fn a_permit_stays_spent_whatever_became_of_the_call() {
    for verdict in
        [Verdict::Success, Verdict::Failure, Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked]
    {
        let (limiter, _) = limiter(Quota::per_second(1));
        limiter.guard().expect("the first one").settle(verdict);
        assert_eq!(limiter.available(), 0, "{verdict:?}");
    }
}

#[test]
fn a_permit_comes_back_when_a_later_policy_refuses() {
    let (first, _) = limiter(Quota::per_hour(5));
    let (second, _) = limiter(Quota::per_hour(1));
    for _ in 0..3 {
        let _ = (&first, &second).call(|| Ok::<_, ()>(()));
    }
    assert_eq!((first.available(), second.available()), (4, 0));
    assert_eq!((first.stats().acquired, first.stats().refunded), (3, 2));
}

#[test]
fn a_reservation_costs_what_was_used() {
    let (limiter, _) = limiter(Quota::per_hour(100));
    limiter.reserve(40).expect("there are 100").commit(15);
    assert_eq!(limiter.available(), 85);
    limiter.reserve(40).expect("there are 85").commit(40);
    assert_eq!(limiter.available(), 45);
    drop(limiter.reserve(40).expect("there are 45"));
    limiter.reserve(40).expect("there are 45").cancel();
    assert_eq!(limiter.available(), 45);
    limiter.reserve(0).expect("there are 45").commit(5);
    assert_eq!(limiter.available(), 40);
    // A debt, for which the next ones wait.
    limiter.reserve(40).expect("there are 40").commit(60);
    assert_eq!((limiter.available(), limiter.time_until_available()), (0, 36 * SECOND * 21));
    assert!(limiter.reserve(101).is_err());
}

#[test]
fn a_late_commit_gives_back_what_lies_ahead() {
    let (limiter, clock) = limiter(Quota::per_second(1).burst(10));
    let reservation = limiter.reserve(10).expect("there are 10");
    clock.advance(4 * SECOND);
    reservation.commit(2);
    // Two were used at the start; two seconds of the four after them a full limiter would have lost.
    assert_eq!(limiter.available(), 10);
    clock.advance(SECOND);
    assert!(limiter.try_acquire_n(10).is_ok());
    assert!(limiter.try_acquire().is_err());
}

#[test]
fn a_reset_begins_anew() {
    let (limiter, _) = limiter(Quota::per_hour(4).initial(3));
    assert!(limiter.try_acquire_n(3).is_ok());
    limiter.reset();
    assert_eq!(limiter.available(), 3);
}

#[test]
fn a_new_quota_keeps_the_share_that_is_consumed() {
    let (limiter, _) = limiter(Quota::per_hour(100));
    assert!(limiter.try_acquire_n(75).is_ok());
    limiter.set_quota(Quota::per_minute(8)).expect("in range");
    assert_eq!((limiter.available(), limiter.quota()), (2, Quota::per_minute(8)));
    limiter.set_quota(Quota::per_second(1_000_000_000).burst(4)).expect("in range");
    assert_eq!(limiter.available(), 1);
    let error = limiter.set_quota(Quota::per_second(0)).unwrap_err();
    assert_eq!(error.to_string(), "permits: 0 is out of range, allowed is 1 or more");
    assert_eq!(limiter.quota().burst_size(), 4);
}

#[test]
fn stats_count_what_happened_unless_told_not_to() {
    for on in [true, false] {
        let (limiter, _) = limiter(Quota::per_hour(5));
        let limiter = limiter.counters(on).striped(on);
        assert!(limiter.try_acquire_n(3).is_ok());
        assert!(limiter.try_acquire_n(3).is_err());
        assert!(limiter.try_acquire().is_ok());
        let stats = limiter.stats();
        let expected = if on { (4, 1) } else { (0, 0) };
        assert_eq!((stats.acquired, stats.rejected), expected);
        assert_eq!((stats.counters, stats.available, stats.name), (on, 1, Name::new("search")));
    }
}

#[test]
fn listeners_hear_refusals_changes_and_resets_in_order() {
    let (limiter, _) = limiter(Quota::per_hour(1));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let subscription = limiter.observe({
        let heard = Arc::clone(&heard);
        move |event: &Event| heard.lock().expect("no panic").push(event.to_string())
    });
    let _ = limiter.try_acquire();
    let _ = limiter.try_acquire();
    limiter.set_quota(Quota::per_second(2)).expect("in range");
    limiter.set_quota(Quota::per_second(2)).expect("in range, and no change");
    limiter.reset();
    drop(subscription);
    let _ = limiter.try_acquire_n(9);
    let expected = [
        "search: rate limited, retry after 3600s",
        "search: quota 1 per 3600s, burst 1 -> 2 per 1s, burst 2",
        "search: reset",
    ];
    assert_eq!(*heard.lock().expect("no panic"), expected);
}

#[test]
fn a_listener_may_panic_and_call_the_limiter() {
    let limiter = Arc::new(limiter(Quota::per_hour(1)).0);
    let seen = Arc::clone(&limiter);
    limiter
        .observe(move |_| {
            seen.reset();
            panic!("a listener's own trouble");
        })
        .forget();
    let _ = limiter.try_acquire();
    assert!(limiter.try_acquire().is_err());
    assert!(limiter.try_acquire().is_ok());
    assert!(limiter.stats().listener_panics > 0);
}

#[test]
fn a_call_that_waits_comes_after_its_permit() {
    let (limiter, _) = limiter(Quota::per_hour(1));
    let waiting = limiter.waiting(SECOND);
    assert_eq!(waiting.call(|| Ok::<_, ()>(7)), Ok(7));
    let in_vain = waiting.call(|| Ok::<_, ()>(7)).unwrap_err();
    assert_eq!(in_vain.retry_after(), Some(3_600 * SECOND));
    let shared = Waiting::new(Arc::new(limiter), 2 * SECOND);
    let nested = shared.call_nested(|| Ok::<_, Error<()>>(7)).unwrap_err();
    assert_eq!(nested.retry_after(), Some(3_600 * SECOND));
}

#[test]
fn only_who_is_patient_waits_past_the_current_deadline() {
    let clock = ManualClock::leaping();
    let limiter = Limiter::with_clock(Name::new("search"), Quota::per_second(1), clock.clone());
    let waiting = limiter.waiting(Duration::MAX);
    assert_eq!(waiting.call(|| Ok::<_, ()>(7)), Ok(7));
    Deadline::after_on(&clock, SECOND / 2).scope_blocking(|| {
        assert!(waiting.call(|| Ok::<_, ()>(7)).is_err());
        assert_eq!(waiting.patient(true).call(|| Ok::<_, ()>(7)), Ok(7));
    });
    assert_eq!(clock.now(), Moment::ZERO.saturating_add(SECOND));
}

/// A clock that moves with every reading, as real ones do.
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Moment {
        Moment::from_nanos(self.0.fetch_add(1, Relaxed))
    }
}

#[test]
fn a_permit_that_is_free_is_no_wait_however_often_the_clock_is_read() {
    let limiter = RateLimiter::with_clock("search".into(), Quota::per_hour(3), Ticking(AtomicU64::new(7)));
    let never = |_: Duration| std::future::pending();
    assert!(poll_once(pin!(limiter.acquire_with(never))).is_ready());
    assert!(limiter.acquire_blocking_timeout(Duration::ZERO).is_ok());
    assert!(limiter.acquire_blocking().is_ok());
    assert_eq!((limiter.stats().acquired, limiter.stats().waited), (3, 0));
}

#[test]
fn a_handle_shows_its_name_its_quota_and_its_state() {
    let (limiter, _) = limiter(Quota::per_second(5));
    let text = format!("{limiter:?}");
    assert!(text.contains("search") && text.contains("burst: 5") && text.contains("available: 5"), "{text}");
    let unnamed = RateLimiter::unnamed(Quota::per_second(5));
    assert_eq!(unnamed.name(), Name::UNNAMED);
    assert!(RateLimiter::try_new("search", Quota::per_second(5)).is_ok());
}
