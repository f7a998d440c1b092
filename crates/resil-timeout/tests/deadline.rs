//! The deadline that follows the work: into what it calls, to other threads and tasks, on tokio's clock (D2).
#![cfg(feature = "tokio")]

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use resil_timeout::{Clock, Config, Deadline, Error, Timeout, TokioClock};

const SECOND: Duration = Duration::from_secs(1);

static OUTER: Timeout<TokioClock> =
    Timeout::with_clock(resil_timeout::Name::new("outer"), Config::new(Duration::from_secs(5)), TokioClock);
static INNER: Timeout<TokioClock> =
    Timeout::with_clock(resil_timeout::Name::new("inner"), Config::new(Duration::from_secs(3)), TokioClock);

/// How long `work` takes by tokio's clock, which moves only when everybody waits.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begin = TokioClock.now();
    let done = work.await;
    (done, TokioClock.now().saturating_duration_since(begin))
}

#[tokio::test(start_paused = true)]
async fn calls_in_calls_end_with_the_limit_that_is_over_first() {
    let (cut, took) = timed(OUTER.call_async(INNER.run(pending::<()>()))).await;
    assert_eq!((cut.unwrap_err().to_string().as_str(), took.as_secs()), ("inner: timed out after 3s", 3));

    // Two inner ones in a row: the second one has what the first one left.
    let (cut, took) = timed(OUTER.call_async_nested(async {
        let _ = INNER.run(pending::<()>()).await;
        INNER.call_async(pending::<Result<(), String>>()).await
    }))
    .await;
    assert_eq!((cut.unwrap_err().to_string().as_str(), took.as_secs()), ("outer: timed out after 5s", 5));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_inside_says_which_limit_is_over() {
    let work = async {
        tokio::time::sleep(2 * SECOND).await;
        let current = Deadline::current().expect("set by the timeout");
        (current.name(), current.remaining_on(&TokioClock).as_secs())
    };
    assert_eq!(OUTER.run(work).await.map(|(name, left)| (name.as_str(), left)), Ok(("outer", 3)));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_goes_to_threads_and_tasks_that_it_is_handed_to() {
    let deadline = Deadline::after_on(&TokioClock, 5 * SECOND).named("checkout");
    let (in_thread, in_task, not_handed) = deadline
        .scope(async {
            let current = Deadline::current().expect("in its scope");
            let in_thread = thread::spawn(move || current.scope_blocking(Deadline::current)).join();
            let in_task = tokio::spawn(current.scope(INNER.within(9 * SECOND).run(pending::<()>()))).await;
            let not_handed = tokio::spawn(async { Deadline::current() }).await;
            (in_thread.expect("no panic"), in_task.expect("no panic"), not_handed.expect("no panic"))
        })
        .await;
    assert_eq!(in_thread, Some(deadline));
    assert_eq!(in_task.unwrap_err().to_string(), "checkout: timed out after 5s");
    assert_eq!(not_handed, None);
}

#[tokio::test(start_paused = true)]
async fn a_panic_under_a_time_out_brings_back_the_deadline_around_it() {
    let deadline = Deadline::after_on(&TokioClock, 5 * SECOND);
    deadline.scope_blocking(|| {
        let panics = || OUTER.call(|| -> Result<(), ()> { panic!("boom") });
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(Deadline::current(), Some(deadline));
    });
    let panics = OUTER.run(async { panic!("boom") });
    assert!(tokio::spawn(panics).await.is_err_and(|error| error.is_panic()));
    assert_eq!(Deadline::current(), None);
}

// In real time, as paused time stands still while somebody is busy.
#[tokio::test]
async fn a_future_that_uses_up_its_budget_in_every_poll_is_cut_off_all_the_same() {
    let busy = poll_fn(|cx| -> Poll<()> {
        while pin!(tokio::task::consume_budget()).poll(cx).is_ready() {}
        Poll::Pending
    });
    let timeout = Timeout::new(Duration::from_millis(1));
    assert!(timeout.run(busy).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn by_default_the_clock_is_the_process_clock_and_the_timer_tokios() {
    static HOUR: Timeout = Timeout::new(Duration::from_secs(3_600));
    let (cut, took) = timed(HOUR.run(pending::<()>())).await;
    assert_eq!(cut.unwrap_err().to_string(), "unnamed: timed out after 3600s");
    assert!(took >= 3_600 * SECOND);
    let nested = HOUR.call_async_nested(HOUR.within(SECOND).call_async(pending::<Result<(), String>>()));
    assert_eq!(nested.await.unwrap_err().to_string(), "unnamed: timed out after 1s");
    let nested = HOUR.within(SECOND).call_async_nested(pending::<Result<(), Error<String>>>());
    assert!(nested.await.is_err());
}
