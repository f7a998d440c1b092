//! T6: what a call costs that succeeds at once: no reading of the clock, no allocation, nothing counted.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use allocation_counter::measure;
use resil_core::testing::poll_once;
use resil_retry::{Attempt, Backoff, Clock, Config, Deadline, ManualClock, Moment, Retry, RetryBudget};

/// A clock that counts its readings.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicU32>);

impl Clock for Counted {
    fn now(&self) -> Moment {
        self.0.fetch_add(1, Ordering::Relaxed);
        Moment::ZERO
    }
}

impl Counted {
    fn readings(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn succeed(retry: &Retry<Counted>) {
    assert_eq!(retry.call(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!(
        retry.call_nested(|attempt: Attempt| Ok::<_, resil_retry::Error<()>>(attempt.number())),
        Ok(1)
    );
    assert_eq!(retry.when(|(): &()| true).call(|| Ok(7)), Ok(7));
    let timer = |_: Duration| std::future::ready(());
    let call = pin!(retry.call_async_with(timer, || async { Ok::<_, ()>(7) }));
    assert_eq!(poll_once(call), Poll::Ready(Ok(7)));
    let nested = || async { Ok::<_, resil_retry::Error<()>>(7) };
    let call = pin!(retry.call_async_nested_with(timer, nested));
    assert_eq!(poll_once(call), Poll::Ready(Ok(7)));
}

#[test]
fn a_success_at_once_reads_no_clock_and_leaves_no_trace() {
    let clock = Counted::default();
    let retry = Retry::with_clock("payments".into(), Config::new(), clock.clone());
    retry.observe(|event| unreachable!("{event}")).forget();
    succeed(&retry);
    assert_eq!((clock.readings(), retry.stats().stopped.total(), retry.stats().retried), (0, 0, 0));
    // D21: one reading each.
    succeed(&Retry::with_clock(
        "payments".into(),
        Config::new().max_elapsed(Duration::from_secs(1)),
        clock.clone(),
    ));
    assert_eq!(clock.readings(), 5);
    let deadline = Deadline::at(Moment::MAX);
    deadline.scope_blocking(|| succeed(&retry));
    assert_eq!(clock.readings(), 5);
}

#[test]
fn no_call_allocates_unless_somebody_listens() {
    static BUDGET: RetryBudget = RetryBudget::new(100).floor(1_000);
    let plain = Retry::with_clock("payments".into(), Config::new(), Counted::default());
    let full = Config::new().max_elapsed(Duration::from_secs(1));
    let full = Retry::with_clock("payments".into(), full, Counted::default()).budget(&BUDGET);
    let at_once = Config::new().backoff(Backoff::exponential(Duration::ZERO));
    let failing = Retry::with_clock("payments".into(), at_once, ManualClock::new()).budget(&BUDGET);
    // The number of its thread, and the seed of the process's chance.
    let fail = || assert!(failing.call(|| Err::<(), _>(())).is_err());
    fail();
    let counted = measure(|| {
        for _ in 0..100 {
            succeed(&plain);
            succeed(&full);
            fail();
            let timer = |_: Duration| std::future::ready(());
            let call = pin!(failing.call_async_with(timer, || async { Err::<(), _>(()) }));
            assert!(poll_once(call).is_ready());
        }
    });
    assert_eq!(counted.count_total, 0);
    assert_eq!(failing.stats().retries, 2 * 201);
}
