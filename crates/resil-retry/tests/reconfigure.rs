//! A handle goes over to other settings while calls are made.
#![cfg(not(any(loom, shuttle)))]

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_retry::{
    Attempt, Backoff, Clock, Config, Error, ManualClock, Moment, Name, Reason, Rejected, Retry, RetryBudget,
};

const SECOND: Duration = Duration::from_secs(1);

/// 3 attempts, a second apart.
const BEFORE: Config = Config::new().backoff(Backoff::fixed(SECOND));

/// 5 attempts, a minute apart.
const AFTER: Config = Config::new().max_attempts(5).backoff(Backoff::fixed(Duration::from_secs(60)));

fn retry(config: Config) -> (Retry<ManualClock>, ManualClock) {
    let clock = ManualClock::leaping();
    (Retry::with_clock(Name::new("payments"), config, clock.clone()), clock)
}

fn at(seconds: u64) -> Moment {
    Moment::ZERO.saturating_add(Duration::from_secs(seconds))
}

fn fail(retry: &Retry<ManualClock>) {
    assert_eq!(retry.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
}

#[test]
fn later_calls_go_by_the_new_settings() {
    let (retry, clock) = retry(BEFORE);
    fail(&retry);
    assert_eq!((retry.stats().retries, clock.now()), (2, at(2)));
    assert_eq!(retry.reconfigure(AFTER), Ok(()));
    assert_eq!(retry.config(), AFTER);
    fail(&retry);
    assert_eq!((retry.stats().retries, clock.now()), (2 + 4, at(2 + 240)));
    // And again, and back.
    assert_eq!(retry.reconfigure(BEFORE.max_attempts(1)), Ok(()));
    fail(&retry);
    assert_eq!(retry.stats().retries, 6);
    assert_eq!(retry.reconfigure(BEFORE), Ok(()));
    assert_eq!((retry.config(), format!("{retry:?}").contains("max_attempts: 3")), (BEFORE, true));
}

#[test]
fn a_bad_setting_changes_nothing() {
    let (retry, _) = retry(BEFORE);
    let error = retry.reconfigure(AFTER.max_elapsed(Duration::ZERO)).expect_err("out of range");
    assert_eq!(error.to_string(), "max_elapsed: 0ns is out of range, allowed is 1ns to 100 years");
    assert_eq!(retry.config(), BEFORE);
    fail(&retry);
    assert_eq!(retry.stats().retries, 2);
}

#[test]
fn statistics_budget_and_listeners_stay() {
    let clock = ManualClock::leaping();
    let budget = Arc::new(RetryBudget::new(0).floor(3));
    let retry = Retry::with_clock("payments".into(), BEFORE, clock).shared_budget(Arc::clone(&budget));
    let told = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&told);
    let _subscription = retry.observe(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    fail(&retry);
    let before = retry.stats();
    retry.reconfigure(AFTER).expect("sound settings");
    assert_eq!(retry.stats(), before);
    assert_eq!(retry.retry_budget().map(|budget| budget.stats().withdrawn), Some(2));
    fail(&retry);
    assert_eq!((retry.stats().retries, retry.stats().retried), (6, 2));
    assert_eq!(budget.stats().withdrawn, 6);
    assert_eq!(told.load(Ordering::Relaxed), 3 + 5);
}

#[test]
fn a_call_that_waits_keeps_its_settings() {
    let (retry, clock) = retry(BEFORE);
    // Not its timer, which leaps: it stays in its first wait.
    let timer = ManualClock::new();
    let last = Cell::new((0, 0));
    let mut call = pin!(retry.call_async_with(timer.clone(), |attempt: Attempt| {
        last.set((attempt.number(), u32::from(attempt.is_last())));
        std::future::ready(Err::<(), _>("down"))
    }));
    assert!(poll_once(call.as_mut()).is_pending());
    retry.reconfigure(AFTER).expect("sound settings");
    for seconds in [1, 2] {
        clock.set(at(seconds));
        timer.set(at(seconds));
        let polled = poll_once(call.as_mut());
        assert_eq!(polled.is_ready(), seconds == 2, "second {seconds}");
    }
    assert_eq!((last.get(), retry.stats().stopped.attempts_exhausted), ((3, 1), 1));
}

#[test]
fn a_call_in_its_first_attempt_goes_on_by_the_new_settings() {
    let (retry, clock) = retry(BEFORE);
    let limits = Cell::new((0, 0));
    let result = retry.call(|attempt: Attempt| {
        if attempt.number() == 1 {
            retry.reconfigure(AFTER.max_elapsed(SECOND)).expect("sound settings");
        }
        limits.set((attempt.number(), u32::from(attempt.is_last())));
        Err::<(), _>("down")
    });
    assert_eq!(result, Err(Error::Inner("down")));
    // Not by the limit of time, whose beginning it does not know.
    assert_eq!((limits.get(), clock.now()), ((5, 1), at(240)));
    fail(&retry);
    assert_eq!((retry.stats().stopped.max_elapsed, clock.now()), (1, at(240)));
}

#[test]
fn every_setting_can_change() {
    let (retry, clock) = retry(BEFORE);
    let refused =
        || Err::<(), _>(Error::<()>::Rejected(Rejected::new(Name::new("api"), Reason::CircuitOpen)));
    assert!(retry.call_nested(refused).is_err());
    assert_eq!((retry.stats().retries, retry.stats().stopped.circuit_open), (0, 1));
    retry.reconfigure(BEFORE.retry_open_circuit(true)).expect("sound settings");
    assert!(retry.call_nested(refused).is_err());
    assert_eq!((retry.stats().retries, retry.stats().stopped.circuit_open), (2, 1));
    let mut call = pin!(retry.call_async_nested_with(clock.clone(), || std::future::ready(refused())));
    retry.reconfigure(BEFORE).expect("sound settings");
    assert!(matches!(poll_once(call.as_mut()), Poll::Ready(Err(Error::Rejected(_)))));
    assert_eq!(retry.stats().stopped.circuit_open, 2);
}

/// T6
#[test]
fn a_success_at_once_still_reads_no_clock() {
    #[derive(Clone, Default)]
    struct Counted(Arc<AtomicU32>);
    impl Clock for Counted {
        fn now(&self) -> Moment {
            self.0.fetch_add(1, Ordering::Relaxed);
            Moment::ZERO
        }
    }
    let clock = Counted::default();
    let retry = Retry::with_clock("payments".into(), BEFORE, clock.clone());
    for (config, readings) in [(AFTER, 0), (AFTER.max_elapsed(SECOND), 1), (BEFORE, 0)] {
        retry.reconfigure(config).expect("sound settings");
        assert_eq!(retry.call(|| Ok::<_, ()>(7)), Ok(7));
        assert_eq!(clock.0.swap(0, Ordering::Relaxed), readings);
    }
}
