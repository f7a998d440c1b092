//! Streams, tower layers and tokio's timer: the limiter where other crates' traits meet it.
#![cfg(all(not(any(loom, shuttle)), feature = "stream", feature = "tokio", feature = "tower"))]

use std::future::{Ready, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::{FusedStream, Stream};
use resil_ratelimit::testing::poll_once;
use resil_ratelimit::tower::PolicyLayer;
use resil_ratelimit::{
    Clock, Deadline, Error, InLine, LimitLayer, ManualClock, Quota, RateLimiter, TokioClock, TokioTimer,
};
use tower_layer::Layer;
use tower_service::Service;

const SECOND: Duration = Duration::from_secs(1);

/// The numbers from one to `last`, ready one by one.
struct Numbers {
    next: u32,
    last: u32,
}

impl Stream for Numbers {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
        let next = self.next;
        self.next += 1;
        Poll::Ready((next <= self.last).then_some(next))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.last + 1).saturating_sub(self.next) as usize;
        (left, Some(left))
    }
}

fn next<S: Stream>(stream: Pin<&mut S>) -> Poll<Option<S::Item>> {
    stream.poll_next(&mut Context::from_waker(std::task::Waker::noop()))
}

fn limiter(quota: Quota) -> (Arc<RateLimiter<ManualClock>>, ManualClock) {
    let clock = ManualClock::new();
    (Arc::new(RateLimiter::with_clock("pages".into(), quota, clock.clone())), clock)
}

#[test]
fn each_item_of_a_stream_waits_for_its_permit() {
    let (limiter, clock) = limiter(Quota::per_second(1).burst(2));
    let mut stream = pin!(limiter.throttle_with(Numbers { next: 1, last: 4 }, clock.clone()));
    assert_eq!(stream.size_hint(), (4, Some(4)));
    assert_eq!([next(stream.as_mut()), next(stream.as_mut())], [Poll::Ready(Some(1)), Poll::Ready(Some(2))]);
    for item in [3, 4] {
        assert_eq!(next(stream.as_mut()), Poll::Pending);
        // The one that waits is counted too.
        assert_eq!(stream.size_hint(), (5 - item as usize, Some(5 - item as usize)));
        clock.advance(SECOND);
        assert_eq!(next(stream.as_mut()), Poll::Ready(Some(item)));
    }
    // The end needs no permit, and is the end.
    assert_eq!([next(stream.as_mut()), next(stream.as_mut())], [Poll::Ready(None), Poll::Ready(None)]);
    assert!(stream.is_terminated());
    assert_eq!((stream.size_hint(), limiter.stats().acquired), ((0, Some(0)), 4));
}

#[test]
fn a_stream_waits_past_a_deadline_and_gives_up_its_place_when_dropped() {
    let (limiter, clock) = limiter(Quota::per_second(1));
    let mut stream = Box::pin(limiter.throttle_with(Numbers { next: 1, last: 4 }, clock.clone()));
    Deadline::after_on(&clock, SECOND / 10).scope_blocking(|| {
        assert_eq!(next(stream.as_mut()), Poll::Ready(Some(1)));
        assert_eq!(next(stream.as_mut()), Poll::Pending);
    });
    assert_eq!(limiter.time_until_available(), 2 * SECOND);
    drop(stream);
    assert_eq!((limiter.time_until_available(), limiter.stats().cancelled), (SECOND, 1));
}

/// A service that answers with the request.
#[derive(Clone)]
struct Echo;

impl Service<u32> for Echo {
    type Response = u32;
    type Error = &'static str;
    type Future = Ready<Result<u32, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        ready(Ok(request))
    }
}

#[test]
fn a_layer_refuses_what_is_too_much() {
    let (limiter, _) = limiter(Quota::per_second(2));
    let mut service = LimitLayer::new(limiter).layer(Echo);
    let mut ask = |n| poll_once(pin!(service.call(n)));
    assert_eq!([ask(1), ask(2)], [Poll::Ready(Ok(1)), Poll::Ready(Ok(2))]);
    assert!(
        matches!(ask(3), Poll::Ready(Err(Error::Rejected(refusal))) if refusal.retry_after() == Some(SECOND / 2))
    );
}

#[test]
fn a_waiting_layer_serves_in_turn_and_refuses_what_is_in_vain() {
    let (limiter, clock) = limiter(Quota::per_second(1));
    let in_line = InLine::new(Arc::clone(&limiter), 2 * SECOND, clock.clone());
    let mut service = PolicyLayer::new(in_line).waiting().layer(Echo);
    let mut asked: Vec<_> = (1..=4).map(|n| Box::pin(service.call(n))).collect();
    let mut answers = |clock: &ManualClock| {
        let answers: Vec<_> = asked.iter_mut().map(|call| poll_once(call.as_mut())).collect();
        clock.advance(SECOND);
        answers
    };
    let first = answers(&clock);
    assert!(matches!(
        first[..],
        [Poll::Ready(Ok(1)), Poll::Pending, Poll::Pending, Poll::Ready(Err(Error::Rejected(_)))]
    ));
    let mut rest = asked.drain(1..3).collect::<Vec<_>>();
    assert_eq!(poll_once(rest[0].as_mut()), Poll::Ready(Ok(2)));
    assert_eq!(poll_once(rest[1].as_mut()), Poll::Pending);
    drop(rest);
    assert_eq!(limiter.stats().cancelled, 1);
}

#[test]
fn tokios_timer_and_its_paused_time_serve_as_well() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let limiter = RateLimiter::with_clock("pages".into(), Quota::per_second(10), TokioClock);
        let start = TokioClock.now();
        let since = || TokioClock.now().saturating_duration_since(start);
        limiter.acquire_n(10).await.expect("the burst");
        limiter.acquire().await.expect("after a tenth");
        assert_eq!(since(), SECOND / 10);
        limiter.acquire_timeout_n(2, SECOND).await.expect("after two more");
        let in_vain = limiter.acquire_timeout(SECOND / 20).await.unwrap_err();
        assert_eq!(in_vain.retry_after(), Some(SECOND / 10));
        let soon = Deadline::after_on(&TokioClock, SECOND / 10);
        limiter.acquire_deadline(soon).await.expect("just in time");
        assert!(limiter.acquire_deadline_n(2, soon).await.is_err());
        assert_eq!(since(), 4 * SECOND / 10);
        let called = limiter.waiting(SECOND).call_async(async { Ok::<_, ()>(7) }).await;
        assert_eq!((called, since()), (Ok(7), SECOND / 2));
        let waiting = limiter.waiting(SECOND);
        let nested = waiting.call_async_nested(async { Err::<(), _>(Error::Inner("down")) });
        assert_eq!(nested.await, Err(Error::Inner("down")));
        let mut paced = pin!(limiter.throttle(Numbers { next: 1, last: 1 }));
        let item = std::future::poll_fn(|cx| paced.as_mut().poll_next(cx)).await;
        assert_eq!((item, since()), (Some(1), 7 * SECOND / 10));
        let _ = TokioTimer::new();
    });
}
