//! Waiting for several quotas: in line, in time, and without a trace when given up.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_ratelimit::{Clock as _, Deadline, LimitsAcquire, ManualClock, Name, Quota, RateLimits, Rejected};

const SECOND: Duration = Duration::from_secs(1);

type Limits<const N: usize> = RateLimits<N, ManualClock>;

fn limits<const N: usize>(quotas: [Quota; N]) -> (Arc<Limits<N>>, ManualClock) {
    let clock = ManualClock::new();
    (Arc::new(Limits::with_clock(Name::new("openai"), quotas, clock.clone())), clock)
}

/// A request and so many tokens, of which there are five and ten, and one more each second.
fn requests_and_tokens() -> (Arc<Limits<2>>, ManualClock) {
    limits([Quota::per_second(1).burst(5), Quota::per_second(1).burst(10)])
}

type Waiting<const N: usize> = Pin<Box<LimitsAcquire<Limits<N>, Arc<Limits<N>>, ManualClock>>>;

/// A wait that has booked its place.
fn wait<const N: usize>(limits: &Arc<Limits<N>>, clock: &ManualClock, permits: [u32; N]) -> Waiting<N> {
    let mut wait = Box::pin(LimitsAcquire::new(Arc::clone(limits), clock.clone()).each(permits));
    assert!(poll_once(wait.as_mut()).is_pending());
    wait
}

fn is_through<F: Future<Output = Result<(), Rejected>>>(wait: &mut Pin<Box<F>>) -> bool {
    match poll_once(wait.as_mut()) {
        Poll::Ready(answer) => {
            answer.expect("a wait that has its instant is not refused");
            true
        }
        Poll::Pending => false,
    }
}

#[test]
fn a_heavy_wait_is_not_starved_by_light_ones() {
    let (limits, clock) = requests_and_tokens();
    limits.try_acquire_each([1, 10]).unwrap();
    let mut heavy = wait(&limits, &clock, [1, 10]);
    let mut light = Vec::new();
    for second in 1..=10 {
        light.push(wait(&limits, &clock, [1, 1]));
        clock.advance(SECOND);
        assert!(limits.try_acquire_each([1, 1]).is_err(), "overtaken at {second} s");
        assert!(light.iter_mut().all(|light| !is_through(light)), "overtaken at {second} s");
        assert_eq!(is_through(&mut heavy), second == 10);
        if second == 10 {
            break;
        }
    }
    clock.advance(SECOND * 10);
    assert!(light.iter_mut().all(is_through));
}

#[test]
fn waiters_are_served_in_the_order_of_their_first_polls() {
    let (limits, clock) = limits([Quota::per_second(100).burst(1), Quota::per_second(1_000).burst(50)]);
    limits.try_acquire_each([1, 50]).unwrap();
    // Now the requests are scarce, now the tokens.
    let mut line: Vec<_> = (0..300_u32).map(|i| wait(&limits, &clock, [1, 1 + i * 7 % 40])).collect();
    let mut served = 0;
    while !line.is_empty() {
        clock.advance(Duration::from_millis(7));
        let before = line.len();
        let ready: Vec<bool> = line.iter_mut().map(is_through).collect();
        let first_pending = ready.iter().position(|ready| !ready).unwrap_or(before);
        assert!(ready[first_pending..].iter().all(|ready| !ready), "overtaken: {ready:?}");
        line.drain(..first_pending);
        served += first_pending;
    }
    assert_eq!((served, limits.stats().waited), (300, 300));
}

#[test]
fn a_wait_that_cannot_end_in_time_is_refused_at_once_and_books_nothing() {
    let (limits, clock) = requests_and_tokens();
    limits.try_acquire_each([5, 10]).unwrap();
    let before = limits.peek();
    let at = |span| Deadline::at(clock.now().saturating_add(span));
    let late = (SECOND * 3).saturating_sub(Duration::from_nanos(1));
    let acquire = || limits.acquire_with(clock.clone()).each([1, 3]);
    for (how, wait) in [("within", acquire().within(late)), ("by", acquire().by(at(late)))] {
        let refusal = match poll_once(Box::pin(wait).as_mut()) {
            Poll::Ready(answer) => answer.unwrap_err(),
            Poll::Pending => panic!("{how}: it waits"),
        };
        assert_eq!(refusal.retry_after(), Some(SECOND * 3), "{how}");
    }
    let current = at(late).scope_blocking(|| poll_once(Box::pin(acquire()).as_mut()));
    assert_eq!(current.map(|answer| answer.unwrap_err().retry_after()), Poll::Ready(Some(SECOND * 3)));
    assert_eq!((limits.peek(), limits.stats().rejected, limits.stats().cancelled), (before, 3, 0));
    for wait in [acquire().within(SECOND * 3), acquire().by(at(SECOND * 3))] {
        assert!(poll_once(Box::pin(wait).as_mut()).is_pending());
    }
    // Both were dropped, the first one before the second one came.
    assert_eq!((limits.peek(), limits.stats().cancelled), (before, 2));
    let never = poll_once(Box::pin(limits.acquire_with(clock.clone()).each([1, 11])).as_mut());
    assert!(matches!(never, Poll::Ready(Err(refusal)) if refusal.retry_after().is_none()));
}

#[test]
fn what_is_there_is_given_at_once_even_after_the_deadline_and_is_no_wait() {
    let (limits, clock) = requests_and_tokens();
    clock.advance(SECOND);
    let acquire = limits
        .acquire_with(clock.clone())
        .within(Duration::ZERO)
        .by(Deadline::at(resil_ratelimit::Moment::ZERO));
    assert_eq!(poll_once(Box::pin(acquire).as_mut()), Poll::Ready(Ok(())));
    let nothing = limits.acquire_with(clock.clone()).each([0, 0]);
    assert_eq!(poll_once(Box::pin(nothing).as_mut()), Poll::Ready(Ok(())));
    let stats = limits.stats();
    assert_eq!((stats.acquired, stats.waited, stats.waited_time), ([1, 1], 0, Duration::ZERO));
}

#[test]
fn a_wait_that_is_dropped_after_any_number_of_polls_leaves_no_trace_but_its_count() {
    for polls in 0..=3 {
        let (limits, clock) = requests_and_tokens();
        limits.try_acquire_each([5, 7]).unwrap();
        let before = limits.peek();
        let mut wait = Box::pin(limits.acquire_with(clock.clone()).each([2, 9]));
        for _ in 0..polls {
            assert!(poll_once(wait.as_mut()).is_pending());
        }
        drop(wait);
        let stats = limits.stats();
        assert_eq!((limits.peek(), clock.sleepers_waiting()), (before, 0), "{polls} polls");
        assert_eq!((stats.cancelled, stats.acquired), (u64::from(polls > 0), [5, 7]), "{polls} polls");
        assert_eq!(stats.expired_bookings, [0, 0]);
    }
}

#[test]
fn waits_that_are_all_given_up_in_order_of_their_coming_leave_no_trace() {
    let (limits, clock) = requests_and_tokens();
    limits.try_acquire_each([5, 10]).unwrap();
    let before = limits.peek();
    let line: Vec<_> = (0..20).map(|i| wait(&limits, &clock, [1, i % 7])).collect();
    drop(line);
    assert_eq!((limits.peek(), limits.stats().expired_bookings), (before, [0, 0]));
}

#[test]
fn a_place_that_was_given_up_goes_to_the_next_and_moves_nobody_behind() {
    let (limits, clock) = requests_and_tokens();
    limits.try_acquire_each([5, 10]).unwrap();
    let mut line: Vec<_> = (0..3).map(|_| wait(&limits, &clock, [1, 2])).collect();
    drop(line.remove(1));
    let mut next = wait(&limits, &clock, [1, 1]);
    clock.advance((SECOND * 4).saturating_sub(Duration::from_nanos(1)));
    assert_eq!(
        (is_through(&mut line[0]), is_through(&mut next), is_through(&mut line[1])),
        (true, false, false)
    );
    clock.advance(Duration::from_nanos(1));
    assert_eq!((is_through(&mut next), is_through(&mut line[1])), (true, false));
    clock.advance(SECOND * 2);
    assert!(is_through(&mut line[1]));
    let stats = limits.stats();
    assert_eq!((stats.acquired, stats.cancelled), ([8, 15], 1));
    // The token of the place that the next one did not need was lost, as somebody waited behind it.
    assert_eq!(stats.expired_bookings, [0, 1]);
}

#[test]
fn a_wait_whose_clock_lies_behind_its_timer_goes_on_waiting_and_lets_others_run() {
    let (limits, _) = limits([Quota::per_hour(1)]);
    limits.try_acquire().unwrap();
    let ahead = |_: Duration| std::future::ready(());
    let mut wait = Box::pin(limits.acquire_with(ahead));
    for _ in 0..3 {
        assert!(poll_once(wait.as_mut()).is_pending());
    }
    drop(wait);
    assert_eq!((limits.stats().cancelled, limits.stats().acquired), (1, [1]));
}

#[test]
fn threads_wait_parked_in_one_line_with_all_others() {
    let quotas = [Quota::per(1, Duration::from_millis(2)).burst(1), Quota::per_day(1_000)];
    let limits = RateLimits::new("search", quotas);
    let each = [1, 3];
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                limits.acquire_blocking().unwrap();
                limits.acquire_blocking_each(each).unwrap();
                limits.acquire_blocking_timeout(SECOND * 60).unwrap();
                limits.acquire_blocking_timeout_each(each, SECOND * 60).unwrap();
                limits.acquire_blocking_deadline(Deadline::after(SECOND * 60)).unwrap();
                limits.acquire_blocking_deadline_each(each, Deadline::after(SECOND * 60)).unwrap();
            });
        }
    });
    assert_eq!(limits.stats().acquired, [12, 24]);
    limits.try_acquire_each([0, 976]).unwrap();
    assert!(limits.acquire_blocking_timeout(SECOND).is_err());
    assert!(limits.acquire_blocking_timeout_each([0, 1], SECOND).is_err());
    assert!(limits.acquire_blocking_deadline(Deadline::after(SECOND)).is_err());
    assert!(limits.acquire_blocking_deadline_each([0, 1], Deadline::after(SECOND)).is_err());
    assert_eq!(limits.acquire_blocking_each([2, 0]).unwrap_err().retry_after(), None);
    assert!(limits.acquire_blocking_each([0, 0]).is_ok());
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn on_tokio_each_wait_ends_at_its_instant() {
    use resil_ratelimit::TokioClock;

    let quotas = [Quota::per_second(1), Quota::per_second(10)];
    let limits = RateLimits::with_clock(Name::new("search"), quotas, TokioClock);
    let start = TokioClock.now();
    let seconds = || TokioClock.now().saturating_duration_since(start).as_secs();
    limits.acquire().await.unwrap();
    limits.acquire_each([1, 5]).await.unwrap();
    assert_eq!(seconds(), 1);
    limits.acquire_timeout(SECOND).await.unwrap();
    limits.acquire_timeout_each([1, 2], SECOND).await.unwrap();
    assert_eq!(seconds(), 3);
    let deadline = || Deadline::after_on(&TokioClock, SECOND * 3 / 2);
    limits.acquire_deadline(deadline()).await.unwrap();
    limits.acquire_deadline_each([1, 2], deadline()).await.unwrap();
    assert_eq!(seconds(), 5);
    let half = SECOND / 2;
    assert!(limits.acquire_timeout(half).await.is_err());
    assert!(limits.acquire_timeout_each([1, 1], half).await.is_err());
    assert!(limits.acquire_deadline(Deadline::after_on(&TokioClock, half)).await.is_err());
    assert!(limits.acquire_deadline_each([1, 1], Deadline::after_on(&TokioClock, half)).await.is_err());
    assert_eq!((seconds(), limits.stats().waited_time), (5, SECOND * 5));
}
