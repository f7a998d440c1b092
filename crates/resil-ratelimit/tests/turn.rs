//! The line of a limiter before what else is asked: breakers, and whatever refuses.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::{Spy, Told, poll_once};
use resil_ratelimit::{
    ByResult, Flat, Keyed, KeyedRateLimiter, LineExt, ManualClock, OwnedKeyed, Quota, RateLimiter, Then,
    Verdict,
};

const SECOND: Duration = Duration::from_secs(1);

fn limiter(clock: &ManualClock) -> RateLimiter<ManualClock> {
    RateLimiter::with_clock("search".into(), Quota::per_second(1), clock.clone())
}

fn host(clock: &ManualClock) -> OwnedKeyed<String, ManualClock> {
    let hosts = KeyedRateLimiter::with_clock("hosts".into(), Quota::per_second(1), clock.clone());
    Keyed::new(Arc::new(hosts), "a.example".to_owned())
}

#[test]
fn a_call_waits_its_turn_before_anybody_behind_the_limiter_is_asked() {
    let clock = ManualClock::new();
    let (limiter, spy) = (limiter(&clock), Spy::admitting("behind"));
    let turn = Then::new(limiter.waiting(5 * SECOND), &spy);
    assert_eq!(turn.call(|| Ok::<_, ()>(1)), Ok(1));
    let mut call = pin!(turn.call_async_judged(clock.clone(), Flat(ByResult), async { Ok::<_, ()>(2) }));
    assert!(poll_once(call.as_mut()).is_pending());
    assert_eq!(spy.told().len(), 2);
    clock.advance(SECOND);
    assert_eq!(poll_once(call.as_mut()), Poll::Ready(Ok(2)));
    assert_eq!(spy.told()[2..], [Told::Admitted, Told::Settled(Verdict::Success)]);
    assert_eq!((limiter.stats().acquired, limiter.stats().waited), (2, 1));
}

#[test]
fn a_permit_whose_call_is_refused_behind_the_limiter_comes_back() {
    let clock = ManualClock::new();
    let (limiter, spy) = (limiter(&clock), Spy::refusing("behind"));
    assert!(Then::new(limiter.waiting(SECOND), &spy).call(|| Ok::<_, ()>(1)).is_err());
    assert_eq!((limiter.available(), limiter.stats().refunded), (1, 1));

    let host = host(&clock);
    assert!(Then::new(host.clone().waiting(SECOND), &spy).call(|| Ok::<_, ()>(1)).is_err());
    assert_eq!(host.limiter().available("a.example"), 1);
}

// C5
#[test]
fn a_call_that_is_dropped_in_its_wait_gives_its_place_up() {
    let clock = ManualClock::new();
    let (limiter, host, spy) = (limiter(&clock), host(&clock), Spy::admitting("behind"));
    limiter.try_acquire().expect("the first");
    host.limiter().try_acquire("a.example").expect("the first");
    {
        let turn = Then::new(limiter.waiting(5 * SECOND), &spy);
        let mut call = pin!(turn.call_async_judged(clock.clone(), Flat(ByResult), async { Ok::<_, ()>(2) }));
        assert!(poll_once(call.as_mut()).is_pending());
        let turn = Then::new(host.clone().waiting(5 * SECOND), &spy);
        let mut call = pin!(turn.call_async_judged(clock.clone(), Flat(ByResult), async { Ok::<_, ()>(2) }));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    clock.advance(SECOND);
    assert_eq!((limiter.available(), host.limiter().available("a.example")), (1, 1));
    assert_eq!((limiter.stats().cancelled, host.limiter().stats().cancelled), (1, 1));
    assert_eq!(spy.told(), []);
}

#[test]
fn a_wait_that_is_too_long_is_refused_with_its_hint_and_books_nothing() {
    let clock = ManualClock::new();
    let (limiter, host) = (limiter(&clock), host(&clock));
    for _ in 0..2 {
        let _ = limiter.waiting(Duration::ZERO).call(|| Ok::<_, ()>(1));
        let _ = LineExt::call(&host.clone().waiting(Duration::ZERO), || Ok::<_, ()>(1));
    }
    let refusal = LineExt::call(&limiter.waiting(SECOND / 2), || Ok::<_, ()>(1)).expect_err("too long");
    assert_eq!(refusal.retry_after(), Some(SECOND));
    let refusal = LineExt::call(&host.clone().waiting(SECOND / 2), || Ok::<_, ()>(1)).expect_err("too long");
    assert_eq!(refusal.retry_after(), Some(SECOND));
    clock.advance(SECOND);
    assert_eq!((limiter.available(), host.limiter().available("a.example")), (1, 1));
}
