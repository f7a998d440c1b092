//! Waiting for a sliding window: in order, at the promised instants, within limits, and given up at any time.
#![cfg(not(any(loom, shuttle)))]

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{
    Deadline, Limit, ManualClock, ManualSleep, Moment, Name, Reason, Rejected, SlidingAcquire, SlidingWindow,
    Timer,
};

const NANO: Duration = Duration::from_nanos(1);
const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

type Window = SlidingWindow<ManualClock>;

fn window(limit: Limit) -> (Window, ManualClock) {
    let clock = ManualClock::new();
    (SlidingWindow::with_clock(Name::new("maps"), limit, clock.clone()), clock)
}

/// A window that was filled just now.
fn full(limit: Limit) -> (Window, ManualClock) {
    let (window, clock) = window(limit);
    window.try_acquire_n(limit.permits()).expect("it is empty");
    (window, clock)
}

/// A timer that counts its sleeps.
#[derive(Clone, Debug, Default)]
struct Counting {
    clock: ManualClock,
    sleeps: Arc<AtomicUsize>,
}

impl Timer for Counting {
    type Sleep = ManualSleep;

    fn sleep_until(&self, at: Moment) -> ManualSleep {
        self.sleeps.fetch_add(1, Relaxed);
        self.clock.sleep_until(at)
    }
}

/// Polls what was woken, as a runtime does; whether it has ended.
struct Task<'a, T: Timer> {
    wait: Pin<Box<SlidingAcquire<'a, ManualClock, T>>>,
    woken: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

impl<'a, T: Timer> Task<'a, T> {
    fn new(wait: SlidingAcquire<'a, ManualClock, T>) -> Self {
        Self { wait: Box::pin(wait), woken: Arc::new(Flag(true.into())) }
    }

    fn run(&mut self) -> Poll<Result<(), Rejected>> {
        if !self.woken.0.swap(false, Relaxed) {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&self.woken));
        self.wait.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

/// Runs all tasks; the numbers of those that have got their permits now, in order.
fn run_all<T: Timer>(tasks: &mut Vec<(usize, Task<'_, T>)>) -> Vec<usize> {
    let ended = tasks.extract_if(.., |(_, task)| match task.run() {
        Poll::Ready(answer) => {
            answer.expect("nothing limits it");
            true
        }
        Poll::Pending => false,
    });
    ended.map(|(number, _)| number).collect()
}

#[test]
fn ten_thousand_waiters_are_served_in_order_at_their_instants_after_one_sleep_each() {
    for limit in [Limit::per_second(100), Limit::per_second(100).slices(10)] {
        let timer = Counting::default();
        let clock = timer.clock.clone();
        let window = SlidingWindow::with_clock(Name::new("maps"), limit, clock.clone());
        for _ in 0..10 {
            window.try_acquire_n(10).expect("free");
            clock.advance(100 * MILLI);
        }
        let mut tasks: Vec<_> =
            (0..10_000).map(|number| (number, Task::new(window.acquire_with(timer.clone())))).collect();
        let mut served = run_all(&mut tasks);
        assert_eq!(window.stats().acquired, 100 + served.len() as u64);
        for second in 1..=100 {
            for _ in 0..10 {
                clock.advance(100 * MILLI);
                served.extend(run_all(&mut tasks));
            }
            assert!(served.len() as u64 >= (second - 1) * 100, "{} at {second}", served.len());
        }
        clock.advance(SECOND);
        served.extend(run_all(&mut tasks));
        assert!(served.is_sorted() && served.len() == 10_000);
        let waited = window.stats().waited;
        assert_eq!(timer.sleeps.load(Relaxed) as u64, waited, "one sleep for each that had to wait");
    }
}

#[test]
fn a_runtime_that_was_blocked_neither_breaks_the_contract_nor_stirs_up_a_storm() {
    let timer = Counting::default();
    let clock = timer.clock.clone();
    let window = SlidingWindow::with_clock(Name::new("maps"), Limit::per(2, 10 * MILLI), clock.clone());
    let mut tasks: Vec<_> =
        (0..1_000).map(|number| (number, Task::new(window.acquire_with(timer.clone())))).collect();
    let mut served = run_all(&mut tasks);
    for blocked in [0, 700 * MILLI.as_millis(), 0, 20 * SECOND.as_millis()] {
        clock.advance(Duration::from_millis(u64::try_from(blocked).expect("short")));
        for _ in 0..50 {
            let now = run_all(&mut tasks);
            assert!(now.len() <= 2, "{} at once", now.len());
            served.extend(now);
            clock.advance(10 * MILLI);
        }
    }
    let before = served.len();
    while !tasks.is_empty() {
        clock.advance(10 * MILLI);
        let now = run_all(&mut tasks);
        assert_eq!(now.len(), 2, "no window is lost");
        served.extend(now);
    }
    assert!(served.is_sorted() && before < 1_000);
    let sleeps = timer.sleeps.load(Relaxed);
    assert!(sleeps <= 3 * 1_000, "{sleeps} sleeps: those who were late twice slept three times");
}

#[test]
fn a_hopeless_wait_fails_at_once_with_the_time_that_it_would_take_and_books_nothing() {
    let (window, clock) = full(Limit::per_second(2));
    let first = pin!(window.acquire_with(clock.clone()).permits(2));
    assert!(poll_once(first).is_pending());
    let hopeless = |wait: SlidingAcquire<'_, ManualClock, ManualClock>| {
        let Poll::Ready(Err(refusal)) = poll_once(pin!(wait)) else { panic!("it waits") };
        assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::RateLimited, Some(2 * SECOND)));
    };
    let wait = || window.acquire_with(clock.clone());
    hopeless(wait().within((2 * SECOND).saturating_sub(NANO)));
    hopeless(wait().within(Duration::ZERO));
    hopeless(wait().by(Deadline::after_on(&clock, SECOND)));
    Deadline::after_on(&clock, SECOND).scope_blocking(|| {
        hopeless(wait());
        hopeless(wait().within(9 * SECOND));
        assert_eq!(window.acquire_blocking().map_err(|refusal| refusal.retry_after()), Err(Some(2 * SECOND)));
    });
    let blocking = [
        window.acquire_blocking_timeout(SECOND),
        window.acquire_blocking_timeout_n(2, SECOND),
        window.acquire_blocking_deadline(Deadline::after_on(&clock, SECOND)),
        window.acquire_blocking_deadline_n(2, Deadline::after_on(&clock, SECOND)),
    ];
    for refused in blocking {
        assert_eq!(refused.expect_err("hopeless").retry_after(), Some(2 * SECOND));
    }
    assert_eq!(window.time_until_available(), 2 * SECOND);
    assert_eq!((window.stats().rejected, window.stats().cancelled), (10, 0));
    let just_in_time = pin!(wait().within(2 * SECOND));
    assert!(poll_once(just_in_time).is_pending());
}

#[test]
fn a_wait_that_others_make_too_long_fails_as_soon_as_that_is_known() {
    let (window, clock) = full(Limit::per_second(1));
    let mut late = pin!(window.acquire_with(clock.clone()));
    let mut limited = pin!(window.acquire_with(clock.clone()).within(2 * SECOND + SECOND / 4));
    assert!(poll_once(late.as_mut()).is_pending() && poll_once(limited.as_mut()).is_pending());
    clock.advance(SECOND + SECOND / 2);
    assert_eq!(poll_once(late), Poll::Ready(Ok(())));
    clock.advance(SECOND / 2);
    let Poll::Ready(Err(refusal)) = poll_once(limited) else { panic!("it waits on") };
    assert_eq!(refusal.retry_after(), Some(SECOND / 2));
    assert_eq!(window.time_until_available(), SECOND / 2, "its place is free");
    assert_eq!((window.stats().rejected, window.stats().waited), (1, 1));
    assert_eq!(window.stats().waited_time, SECOND + SECOND / 2);
}

#[test]
fn waits_for_nothing_and_for_more_than_the_limit_end_at_once() {
    let (window, clock) = full(Limit::per_second(2));
    assert_eq!(poll_once(pin!(window.acquire_with(clock.clone()).permits(0))), Poll::Ready(Ok(())));
    assert_eq!(window.acquire_blocking_n(0), Ok(()));
    let Poll::Ready(Err(never)) = poll_once(pin!(window.acquire_with(clock).permits(3))) else {
        panic!("it waits")
    };
    assert_eq!(never.to_string(), "maps: more permits than the limit");
    assert_eq!(window.acquire_blocking_n(3), Err(never));
    assert_eq!((window.stats().acquired, window.stats().rejected), (2, 2));
}

#[test]
fn a_wait_that_is_dropped_after_any_number_of_polls_leaves_no_trace_but_its_count() {
    for polls in 0..=4 {
        let (window, clock) = full(Limit::per_second(1));
        let mut ahead = pin!(window.acquire_with(clock.clone()));
        assert!(poll_once(ahead.as_mut()).is_pending());
        let mut dropped = Box::pin(window.acquire_with(clock.clone()));
        for poll in 1..=polls {
            assert!(poll_once(dropped.as_mut()).is_pending());
            if poll == 2 {
                clock.advance(3 * SECOND / 2);
                assert_eq!(
                    poll_once(ahead.as_mut()),
                    Poll::Ready(Ok(())),
                    "late, so that the other one waits again"
                );
                clock.advance(SECOND / 2);
            }
        }
        drop(dropped);
        let stats = window.stats();
        assert_eq!((stats.cancelled, stats.expired_bookings), (u64::from(polls > 0), 0), "{polls} polls");
        let expected = if polls < 2 { (1, 2 * SECOND) } else { (2, SECOND / 2) };
        assert_eq!((stats.acquired, window.time_until_available()), expected, "{polls} polls");
    }
}

#[test]
fn a_wait_that_is_given_up_in_the_middle_moves_nobody_and_counts_as_expired() {
    let (window, clock) = full(Limit::per_second(2));
    let mut waits: Vec<_> = (0..4).map(|_| Box::pin(window.acquire_with(clock.clone()).permits(2))).collect();
    for wait in &mut waits {
        assert!(poll_once(wait.as_mut()).is_pending());
    }
    drop(waits.remove(1));
    assert_eq!((window.stats().cancelled, window.stats().expired_bookings), (1, 2));
    assert_eq!(window.time_until_available(), 5 * SECOND);
    for (wait, second) in waits.iter_mut().zip([1, 3, 4]) {
        clock.set(Moment::ZERO.saturating_add((second * SECOND).saturating_sub(NANO)));
        assert!(poll_once(wait.as_mut()).is_pending(), "at {second}");
        clock.advance(NANO);
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(())), "at {second}");
    }
    drop(waits);
    assert_eq!(window.stats().cancelled, 1, "what has ended is not given up");
}

#[test]
fn a_timer_that_runs_ahead_of_the_clock_keeps_no_runtime_busy() {
    let (window, clock) = full(Limit::per_second(1));
    let asked = AtomicUsize::new(0);
    let hasty = |_: Duration| {
        asked.fetch_add(1, Relaxed);
        std::future::ready(())
    };
    let mut task = Task::new(window.acquire_with(hasty));
    for _ in 0..10 {
        assert!(task.run().is_pending());
        assert!(task.woken.0.load(Relaxed), "it wants to be polled again");
    }
    assert!(asked.load(Relaxed) <= 20);
    clock.advance(SECOND);
    assert_eq!(task.run(), Poll::Ready(Ok(())));
}

#[test]
fn threads_wait_in_one_line_with_futures() {
    let (window, clock) = full(Limit::per(1, 20 * MILLI));
    let mut first = pin!(window.acquire_with(clock.clone()));
    assert!(poll_once(first.as_mut()).is_pending());
    std::thread::scope(|scope| {
        let second = scope.spawn(|| window.acquire_blocking());
        while window.time_until_available() < 60 * MILLI {
            std::thread::yield_now(); // until it has booked
        }
        let mut third = pin!(window.acquire_with(clock.clone()));
        assert!(poll_once(third.as_mut()).is_pending());
        clock.advance(20 * MILLI);
        assert_eq!(poll_once(first), Poll::Ready(Ok(())));
        assert!(!second.is_finished() && poll_once(third.as_mut()).is_pending());
        clock.advance(20 * MILLI);
        assert_eq!(second.join().expect("it does not panic"), Ok(()));
        assert!(poll_once(third.as_mut()).is_pending());
        clock.advance(20 * MILLI);
        assert_eq!(poll_once(third), Poll::Ready(Ok(())));
    });
    assert_eq!((window.stats().waited, window.stats().waited_time), (3, 120 * MILLI));
}

#[test]
fn a_wait_says_what_it_waits_for_and_may_move_between_threads() {
    fn moves<T: Send>(value: T) -> T {
        value
    }
    let (window, clock) = full(Limit::per_second(2));
    let mut wait = Box::pin(moves(window.acquire_with(clock)).permits(2));
    assert!(poll_once(wait.as_mut()).is_pending());
    let text = format!("{wait:?}");
    for part in ["\"maps\"", "permits: 2", "Booked", "1000000000"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
#[should_panic(expected = "a wait was polled after it had ended")]
fn a_wait_that_has_ended_is_not_polled_again() {
    let (window, clock) = window(Limit::per_second(1));
    let mut wait = pin!(window.acquire_with(clock));
    assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(())));
    let _ = poll_once(wait);
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn on_tokio_waits_need_no_timer_of_their_own() {
    let window =
        SlidingWindow::with_clock(Name::new("maps"), Limit::per_second(2), resil_ratelimit::TokioClock);
    let start = tokio::time::Instant::now();
    for _ in 0..4 {
        window.acquire().await.expect("nothing limits it");
    }
    window.acquire_n(2).await.expect("nothing limits it");
    assert_eq!(start.elapsed(), 2 * SECOND);
    let later = Deadline::after_on(&resil_ratelimit::TokioClock, SECOND.saturating_sub(MILLI));
    let refused = [
        window.acquire_timeout(SECOND.saturating_sub(MILLI)).await,
        window.acquire_timeout_n(2, SECOND.saturating_sub(MILLI)).await,
        window.acquire_deadline(later).await,
        window.acquire_deadline_n(2, later).await,
        later.scope(window.acquire()).await,
    ];
    for refused in refused {
        assert_eq!(refused.expect_err("hopeless").retry_after(), Some(SECOND));
    }
    assert_eq!((start.elapsed(), window.acquire_timeout(SECOND).await), (2 * SECOND, Ok(())));
}
