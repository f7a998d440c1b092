//! C5: polled so many times and dropped, for every number: nothing is kept, and all is counted.
#![cfg(not(any(loom, shuttle)))]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_retry::{Attempt, Backoff, Config, ManualClock, Retry, RetryBudget};

const SECOND: Duration = Duration::from_secs(1);

/// Counts those who are there.
struct Held<'a>(&'a Cell<u32>);

impl<'a> Held<'a> {
    fn new(count: &'a Cell<u32>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Holds something while it runs, is pending twice, and fails but for the last attempt.
async fn attempt(attempt: Attempt, held: &Cell<u32>) -> Result<(), ()> {
    let _held = Held::new(held);
    let mut polls = 0;
    poll_fn(|_| {
        polls += 1;
        if polls > 2 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    if attempt.is_last() { Ok(()) } else { Err(()) }
}

/// T5, T8
#[test]
fn a_call_that_is_dropped_after_any_number_of_polls_keeps_nothing() {
    // Three attempts of three polls, of which the last goes on with the wait, and two waits of one more.
    let polls_of_a_call = 3 + 1 + 2 + 1 + 2;
    for polls in 0..=polls_of_a_call {
        let clock = ManualClock::new();
        let budget = Arc::new(RetryBudget::new(0).floor(10));
        let config = Config::new().backoff(Backoff::fixed(SECOND));
        let retry =
            Retry::with_clock("payments".into(), config, clock.clone()).shared_budget(Arc::clone(&budget));
        let held = Cell::new(0);
        let mut call = Box::pin(retry.call_async_with(clock.clone(), |number| attempt(number, &held)));
        let mut ended = false;
        for _ in 0..polls {
            // A sleeper is woken; an attempt that runs does not care.
            clock.advance(SECOND);
            ended = poll_once(call.as_mut()).is_ready();
        }
        assert_eq!(ended, polls == polls_of_a_call, "{polls} polls");
        drop(call);
        assert_eq!((held.get(), clock.sleepers_waiting()), (0, 0), "{polls} polls");

        let (stats, tokens) = (retry.stats(), budget.stats());
        let is_cancelled = u64::from(polls > 0 && !ended);
        assert_eq!(
            (stats.stopped.cancelled, stats.stopped.total()),
            (is_cancelled, is_cancelled),
            "{polls} polls"
        );
        assert_eq!(stats.recovered, u64::from(ended));
        assert_eq!(tokens.deposits, u64::from(polls > 0));
        assert_eq!(tokens.withdrawn - tokens.returned, stats.retries, "{polls} polls: {stats:?}, {tokens:?}");
        assert_eq!(stats.waited_time, SECOND * u32::try_from(stats.retries).unwrap());
    }
}

#[test]
fn an_attempt_has_let_go_before_the_wait_begins() {
    let clock = ManualClock::new();
    let config = Config::new().backoff(Backoff::fixed(SECOND));
    let retry = Retry::with_clock("payments".into(), config, clock.clone());
    let held = Cell::new(0);
    let mut call = Box::pin(retry.call_async_with(clock.clone(), |number| attempt(number, &held)));
    for expected in [1, 1, 0] {
        assert!(poll_once(call.as_mut()).is_pending());
        assert_eq!(held.get(), expected);
    }
    assert_eq!(clock.sleepers_waiting(), 1);
}

/// The future of a call is as large as an attempt, or as a wait and a result, and little more.
#[test]
fn a_call_is_hardly_larger_than_an_attempt() {
    fn size<F: Future>(_: &F) -> usize {
        size_of::<F>()
    }
    let retry = Retry::new("payments", Config::new());
    let large = || async {
        let bytes = [0_u8; 1_000];
        std::future::pending::<()>().await;
        Ok::<_, ()>(bytes.len())
    };
    let timer = |_: Duration| std::future::ready(());
    let call = retry.call_async_with(timer, large);
    assert!(size(&call) <= size(&large()) + 136, "{} for {}", size(&call), size(&large()));
}
