//! T5: what a budget allows, exactly, whoever asks.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_retry::{Backoff, Config, Deadline, ManualClock, Moment, Retry, RetryBudget};

const SECOND: Duration = Duration::from_secs(1);
const AT_ONCE: Config = Config::new().max_attempts(u32::MAX).backoff(Backoff::fixed(Duration::ZERO));

const THREADS: u32 = 8;
const CALLS: u32 = 10_000;

/// Attempts that are made when 10,000 calls on 8 threads all fail at one instant.
fn storm(budget: RetryBudget) -> (u64, Arc<RetryBudget>) {
    let budget = Arc::new(budget);
    let (attempts, barrier) = (AtomicU64::new(0), Barrier::new(THREADS as usize));
    // Each thread has a handle of its own; what they share is the budget.
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let retry = Retry::with_clock("payments".into(), AT_ONCE, ManualClock::new())
                    .shared_budget(Arc::clone(&budget));
                barrier.wait();
                for _ in 0..CALLS / THREADS {
                    let failed = retry.call(|| {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        Err::<(), _>(())
                    });
                    assert!(failed.is_err());
                }
            });
        }
    });
    (attempts.into_inner(), budget)
}

#[test]
fn when_everything_fails_attempts_are_bounded_by_the_share_and_the_floor() {
    for (share, floor, cap) in
        [(20, 10, 100), (10, 0, 1), (0, 7, 1), (0, 0, 1), (100, 3, 1_000_000), (33, 1, 50)]
    {
        let share_percent = u8::try_from(share).unwrap();
        let (attempts, budget) = storm(RetryBudget::new(share_percent).floor(floor).cap(cap));
        let most = u64::from(CALLS + CALLS * share / 100 + floor);
        assert!(attempts <= most, "{attempts} attempts of {most}");
        let stats = budget.stats();
        let calls = u64::from(CALLS);
        assert_eq!((stats.deposits, stats.withdrawn), (calls, attempts - calls));
        // Each call asked until it was refused, the last one after all had deposited; where the cap is not in the way, nothing is left.
        if cap >= 50 {
            assert_eq!(attempts + stats.balance, most, "{stats:?}");
        }
    }
}

#[test]
fn the_bound_is_reached_to_the_token() {
    // One thread: nothing is in doubt.
    for (share, floor) in [(20, 10), (33, 1), (100, 0), (0, 5)] {
        let budget = Arc::new(RetryBudget::new(share).floor(floor));
        let retry = Retry::with_clock("payments".into(), AT_ONCE, ManualClock::new())
            .shared_budget(Arc::clone(&budget));
        for _ in 0..1_000 {
            let _ = retry.call(|| Err::<(), _>(()));
        }
        assert_eq!(retry.stats().retries, 1_000 * u64::from(share) / 100 + u64::from(floor));
        assert_eq!(retry.stats().stopped.budget_exhausted, 1_000);
    }
    // Eight threads, for whom all has been deposited before.
    let budget = RetryBudget::new(20).floor(10).cap(1_000_000);
    (0..CALLS).for_each(|_| budget.deposit());
    let taken = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(token) = budget.withdraw(Moment::ZERO) {
                    taken.fetch_add(1, Ordering::Relaxed);
                    token.spend();
                }
            });
        }
    });
    assert_eq!(taken.into_inner(), 2_000 + 10);
    assert_eq!((budget.stats().balance, budget.stats().refused), (0, u64::from(THREADS)));
}

#[test]
fn no_more_than_the_cap_is_banked_while_calls_succeed() {
    let budget = Arc::new(RetryBudget::new(50).floor(0).cap(4));
    let retry =
        Retry::with_clock("payments".into(), AT_ONCE, ManualClock::new()).shared_budget(Arc::clone(&budget));
    for _ in 0..1_000 {
        let _ = retry.call(|| Ok::<_, ()>(()));
    }
    assert_eq!(budget.stats().balance, 4);
    let _ = retry.call(|| Err::<(), _>(()));
    assert_eq!((retry.stats().retries, budget.stats().balance), (4, 0));
}

#[test]
fn the_floor_comes_back_with_time() {
    let budget = RetryBudget::new(0).floor(2);
    let take = |nanos| budget.withdraw(Moment::from_nanos(nanos)).map(resil_retry::Token::spend).is_some();
    assert_eq!([0, 0, 0].map(take), [true, true, false]);
    assert_eq!([499_999_999, 500_000_000, 500_000_000].map(take), [false, true, false]);
    assert_eq!([9_000_000_000; 3].map(take), [true, true, false]);
}

#[test]
fn a_cancelled_wait_gives_its_token_back() {
    let clock = ManualClock::new();
    let budget = Arc::new(RetryBudget::new(0).floor(1));
    let config = Config::new().backoff(Backoff::fixed(SECOND));
    let retry =
        Retry::with_clock("payments".into(), config, clock.clone()).shared_budget(Arc::clone(&budget));
    for cancelled in 1..=3 {
        let mut call = Box::pin(retry.call_async_with(clock.clone(), || async { Err::<(), _>(()) }));
        assert!(poll_once(call.as_mut()).is_pending());
        assert_eq!((budget.stats().balance, budget.stats().withdrawn), (0, cancelled));
        drop(call);
        assert_eq!((budget.stats().balance, budget.stats().returned), (1, cancelled));
    }
    assert_eq!((retry.stats().stopped.cancelled, retry.stats().retries), (3, 0));
}

#[test]
fn a_wait_that_no_attempt_follows_gives_its_token_back() {
    let clock = ManualClock::new();
    let budget = Arc::new(RetryBudget::new(0).floor(1));
    let config = Config::new().backoff(Backoff::fixed(SECOND));
    let retry =
        Retry::with_clock("payments".into(), config, clock.clone()).shared_budget(Arc::clone(&budget));
    let deadline = Deadline::after_on(&clock, 2 * SECOND);
    let mut call = pin!(deadline.scope(retry.call_async_with(clock.clone(), || async { Err::<(), _>(()) })));
    assert!(poll_once(call.as_mut()).is_pending());
    clock.advance(5 * SECOND);
    assert!(poll_once(call.as_mut()).is_ready());
    assert_eq!((budget.stats().returned, retry.stats().stopped.deadline_exceeded), (1, 1));
}

/// T3: the budget is asked last.
#[test]
fn who_would_not_try_again_takes_no_token() {
    let budget = Arc::new(RetryBudget::new(0).floor(100));
    let config = Config::new().max_attempts(2).backoff(Backoff::fixed(SECOND));
    let clock = ManualClock::leaping();
    let retry =
        Retry::with_clock("payments".into(), config, clock.clone()).shared_budget(Arc::clone(&budget));
    let _ = retry.never(|(): &()| true).call(|| Err::<(), _>(()));
    let _ = Deadline::after_on(&clock, SECOND).scope_blocking(|| retry.call(|| Err::<(), _>(())));
    assert_eq!(budget.stats().withdrawn, 0);
    let _ = retry.call(|| Err::<(), _>(()));
    assert_eq!((budget.stats().withdrawn, budget.stats().deposits), (1, 3));
}

#[test]
fn a_call_that_is_never_made_deposits_nothing() {
    let budget = Arc::new(RetryBudget::new(100));
    let clock = ManualClock::new();
    let retry =
        Retry::with_clock("payments".into(), AT_ONCE, clock.clone()).shared_budget(Arc::clone(&budget));
    let over = Deadline::after_on(&clock, Duration::ZERO);
    assert!(over.scope_blocking(|| retry.call(|| Ok::<_, ()>(()))).is_err());
    assert_eq!(budget.stats().deposits, 0);
    assert!(format!("{budget:?}").contains("share_percent: 100"), "{budget:?}");
}
