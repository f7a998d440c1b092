//! What callers see: how often they are served, what they get, and how long it took.
#![cfg(not(any(loom, shuttle)))]

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use resil_core::testing::poll_once;
use resil_retry::{
    Attempt, Backoff, Clock, Config, Deadline, Decision, Error, Jitter, ManualClock, Moment, Name, Reason,
    Rejected, Retry, StopReason, TimedOut, Verdict, http_status, io_transient, timed_out,
};

const SECOND: Duration = Duration::from_secs(1);

/// 1 s, 2 s, 4 s.
const CONFIG: Config = Config::new().max_attempts(4).backoff(Backoff::exponential(SECOND));

fn retry(config: Config) -> (Retry<ManualClock>, ManualClock) {
    let clock = ManualClock::leaping();
    (Retry::with_clock(Name::new("payments"), config, clock.clone()), clock)
}

fn at(seconds: u64) -> Moment {
    Moment::ZERO.saturating_add(Duration::from_secs(seconds))
}

/// Fails `failures` times and then succeeds, with the number of the attempt.
fn flaky(failures: u32) -> impl FnMut() -> Result<u32, u32> {
    let mut attempts = 0;
    move || {
        attempts += 1;
        if attempts > failures { Ok(attempts) } else { Err(attempts) }
    }
}

fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

/// T3
#[test]
fn a_call_is_made_until_it_succeeds_or_attempts_run_out() {
    for (failures, answer, seconds) in [
        (0, Ok(1), 0),
        (1, Ok(2), 1),
        (3, Ok(4), 7),
        (4, Err(Error::Inner(4)), 7),
        (9, Err(Error::Inner(4)), 7),
    ] {
        let (threads, clock) = retry(CONFIG);
        assert_eq!(threads.call(flaky(failures)), answer);
        assert_eq!(clock.now(), at(seconds));

        let (tasks, clock) = retry(CONFIG);
        let mut operation = flaky(failures);
        let made = run(tasks.call_async_with(clock.clone(), || std::future::ready(operation())));
        assert_eq!(made, answer);
        assert_eq!(clock.now(), at(seconds));
        assert_eq!(threads.stats(), tasks.stats());
        assert_eq!(tasks.stats().waited_time, Duration::from_secs(seconds));
    }
}

/// T8
#[test]
fn an_operation_may_ask_which_attempt_it_is() {
    let seen = RefCell::new(Vec::new());
    let note = |attempt: Attempt| {
        let told =
            (attempt.number(), attempt.is_first(), attempt.is_last(), attempt.previous_delay().as_secs());
        seen.borrow_mut().push(told);
        Err::<(), _>("down")
    };
    let expected = [(1, true, false, 0), (2, false, false, 1), (3, false, false, 2), (4, false, true, 4)];
    let (retry, clock) = retry(CONFIG);
    let _ = retry.call(note);
    assert_eq!(seen.take(), expected);
    let _ = run(retry.call_async_with(clock, |attempt: Attempt| std::future::ready(note(attempt))));
    assert_eq!(seen.take(), expected);
}

/// T7
#[test]
fn a_filter_says_which_errors_are_retried_and_never_wins() {
    let (retry, _) = retry(CONFIG);
    let calls = Cell::new(0);
    let fail = |error: &'static str| {
        let calls = &calls;
        move || {
            calls.set(calls.get() + 1);
            Err::<(), _>(error)
        }
    };
    let on_busy = |error: &&str| error.starts_with("busy");
    let for_good = |error: &&str| error.ends_with("for good");

    let made = |error| {
        let filtered = retry.when(on_busy).never(for_good);
        assert_eq!(filtered.call(fail(error)), Err(Error::Inner(error)));
        calls.take()
    };
    assert_eq!(
        [made("busy"), made("declined"), made("busy for good"), made("declined for good")],
        [4, 1, 1, 1]
    );
    let _ = retry.never(for_good).call(fail("declined"));
    assert_eq!(calls.take(), 4);
    assert_eq!(retry.stats().stopped.by(StopReason::NotRetryable), 3);
}

/// An error that another one brought about.
#[derive(Debug)]
struct Outer(io::Error);
impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}
impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn ready_filters_know_what_passes_by_itself() {
    let kinds = [ErrorKind::ConnectionReset, ErrorKind::TimedOut, ErrorKind::UnexpectedEof];
    assert!(kinds.iter().all(|kind| io_transient(&io::Error::from(*kind))));
    let kinds = [ErrorKind::NotFound, ErrorKind::PermissionDenied, ErrorKind::InvalidData];
    assert!(!kinds.iter().any(|kind| io_transient(&io::Error::from(*kind))));
    let transient: Vec<_> = (100..600).filter(|status| http_status(*status)).collect();
    assert_eq!(transient, [408, 425, 429, 500, 502, 503, 504]);

    let cut = TimedOut::new(Name::new("deadline"), SECOND);
    assert!(timed_out(&cut) && timed_out(&io::Error::other(cut)));
    assert!(timed_out(&io::Error::from(ErrorKind::TimedOut)));
    assert!(!timed_out(&io::Error::other("declined")));
    assert!(timed_out(&Outer(ErrorKind::TimedOut.into())) && !timed_out(&Outer(ErrorKind::NotFound.into())));
}

#[test]
fn a_result_that_is_no_error_can_be_retried_and_the_last_one_comes_back() {
    let (retry, _) = retry(CONFIG);
    let by_status = retry.on(|answer: Result<&u16, &()>| answer.is_ok_and(|status| http_status(*status)));
    let mut statuses = [503, 500, 404].into_iter();
    assert_eq!(by_status.call(|| statuses.next().ok_or(())), Ok(404));
    assert_eq!((retry.stats().retries, retry.stats().recovered), (2, 1));
    assert_eq!(by_status.call(|| Ok(503)), Ok(503));
    assert_eq!(retry.stats().stopped.attempts_exhausted, 1);
    // The judge did not ask for more.
    assert_eq!(by_status.call(|| Err(())), Err(Error::Inner(())));
    assert_eq!(retry.stats().stopped.not_retryable, 1);

    let by_verdict = retry.on(|_: Result<&(), &&str>| Verdict::Ignored);
    assert_eq!(by_verdict.call(|| Err("declined")), Err(Error::Inner("declined")));
    assert_eq!(retry.stats().stopped.not_retryable, 2);
}

/// T4
#[test]
fn a_hint_of_the_error_is_a_floor_of_the_delay() {
    let (retry, clock) = retry(CONFIG.max_attempts(2).max_elapsed(60 * SECOND));
    let patient = retry.after(|seconds: &u64| Some(Duration::from_secs(*seconds)));
    let _ = patient.call(|| Err::<(), _>(30));
    assert_eq!(clock.now(), at(30));
    let _ = patient.call(|| Err::<(), _>(0));
    assert_eq!(clock.now(), at(31));
    // It cannot fit.
    assert_eq!(patient.call(|| Err::<(), _>(60)), Err(Error::Inner(60)));
    assert_eq!((clock.now(), retry.stats().stopped.max_elapsed), (at(31), 1));
    // The larger of two.
    let judged = retry.on(|_: Result<&(), &u64>| Decision::RetryAfter(5 * SECOND));
    let _ = judged.after(|seconds: &u64| Some(Duration::from_secs(*seconds))).call(|| Err::<(), _>(2));
    assert_eq!(clock.now(), at(36));
}

/// T7
#[test]
fn what_a_policy_refused_is_retried_if_waiting_can_help() {
    let refusal = |reason| Rejected::new(Name::new("inner"), reason);
    let hinted = |reason| refusal(reason).with_retry_after(3 * SECOND);
    let open = [Reason::CircuitOpen, Reason::CircuitHalfOpen, Reason::CircuitForcedOpen];
    let mut rows = vec![
        (hinted(Reason::RateLimited), None, 3),
        (hinted(Reason::CircuitRampUp), None, 3),
        (refusal(Reason::RateLimited), Some(StopReason::Refused), 0),
        (refusal(Reason::CapacityExhausted), Some(StopReason::Refused), 0),
        (refusal(Reason::Other("coffee")), Some(StopReason::Refused), 0),
        (hinted(Reason::ShuttingDown), Some(StopReason::ShuttingDown), 0),
    ];
    rows.extend(open.map(|reason| (hinted(reason), Some(StopReason::CircuitOpen), 0)));
    for (refusal, stop, seconds) in rows {
        let (retry, clock) = retry(CONFIG.max_attempts(2));
        let answer = retry.call_nested(|| Err::<(), _>(Error::<()>::Rejected(refusal)));
        assert_eq!(answer, Err(Error::Rejected(refusal)));
        let stop = stop.unwrap_or(StopReason::AttemptsExhausted);
        assert_eq!((retry.stats().stopped.by(stop), clock.now()), (1, at(seconds)), "{refusal}");
    }
    for reason in open {
        let (retry, clock) = retry(CONFIG.max_attempts(2).retry_open_circuit(true));
        for refusal in [hinted(reason), refusal(reason)] {
            let _ = retry.call_nested(|| Err::<(), _>(Error::<()>::Rejected(refusal)));
        }
        assert_eq!((retry.stats().retries, clock.now()), (2, at(3 + 1)));
    }
}

#[test]
fn an_attempt_that_was_cut_off_is_retried_and_judges_see_the_calls_own_errors() {
    let (retry, _) = retry(CONFIG);
    let cut = TimedOut::new(Name::new("attempt"), SECOND);
    let mut attempts = 0;
    let judged = retry.when(|error: &&str| *error != "declined");
    let answer = judged.call_nested(|| {
        attempts += 1;
        if attempts == 1 { Err::<(), _>(Error::TimedOut(cut)) } else { Err(Error::Inner("declined")) }
    });
    assert_eq!((answer, attempts), (Err(Error::Inner("declined")), 2));
}

#[test]
fn no_attempt_begins_after_the_current_deadline() {
    let (retry, clock) = retry(CONFIG);
    // 0 s, 1 s, 3 s; the next would be at 7 s.
    for (end, attempts) in [(4, 3), (7, 3), (8, 4)] {
        let start = clock.now();
        let deadline = Deadline::after_on(&clock, Duration::from_secs(end));
        let before = retry.stats();
        let answer = deadline.scope_blocking(|| retry.call(flaky(99)));
        assert_eq!(answer, Err(Error::Inner(attempts)));
        assert!(clock.now().saturating_duration_since(start) < Duration::from_secs(end));
        let stopped = retry.stats().stopped.deadline_exceeded - before.stopped.deadline_exceeded;
        assert_eq!(stopped, u64::from(attempts < 4));
    }
}

#[test]
fn after_the_deadline_the_operation_is_not_called_at_all() {
    let (retry, clock) = retry(CONFIG);
    let deadline = Deadline::after_on(&clock, SECOND);
    clock.advance(SECOND);
    let sync = deadline.scope_blocking(|| retry.call(|| -> Result<(), ()> { unreachable!() }));
    assert!(sync.is_err_and(|error| error.is_timed_out()));
    let made =
        retry.call_async_with(clock.clone(), || -> std::future::Ready<Result<(), ()>> { unreachable!() });
    assert!(run(deadline.scope(made)).is_err_and(|error| error.is_timed_out()));
    assert_eq!((retry.stats().stopped.deadline_exceeded, retry.stats().stopped.total()), (2, 2));
}

#[test]
fn a_wait_that_took_too_long_is_followed_by_no_attempt() {
    let clock = ManualClock::new();
    let retry = Retry::with_clock("payments".into(), CONFIG, clock.clone());
    let mut call =
        Box::pin(Deadline::after_on(&clock, 3 * SECOND).scope(retry.call_async_with(clock.clone(), {
            let mut operation = flaky(99);
            move || std::future::ready(operation())
        })));
    assert!(poll_once(call.as_mut()).is_pending());
    clock.advance(3 * SECOND); // the machine slept
    assert_eq!(poll_once(call.as_mut()), Poll::Ready(Err(Error::Inner(1))));
    let stats = retry.stats();
    assert_eq!((stats.retries, stats.stopped.deadline_exceeded), (0, 1));
}

#[test]
fn time_for_attempts_counts_from_the_start_of_the_call() {
    let (retry, clock) = retry(CONFIG.max_elapsed(6 * SECOND));
    let slow = || {
        clock.advance(SECOND);
        Err::<(), _>(())
    };
    // 0 to 1 s, 2 to 3 s, 5 to 6 s.
    assert_eq!(retry.call(slow), Err(Error::Inner(())));
    assert_eq!((retry.stats().retries, retry.stats().stopped.max_elapsed, clock.now()), (2, 1, at(6)));
}

#[test]
fn a_timer_that_runs_ahead_does_not_shorten_the_wait() {
    let clock = ManualClock::new();
    let retry = Retry::with_clock("payments".into(), CONFIG.max_attempts(2), clock.clone());
    let early = |_: Duration| std::future::ready(());
    let mut call = pin!(retry.call_async_with(early, {
        let mut operation = flaky(1);
        move || std::future::ready(operation())
    }));
    for _ in 0..5 {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    clock.advance(SECOND);
    assert_eq!(poll_once(call.as_mut()), Poll::Ready(Ok(2)));
}

#[test]
fn a_panic_is_counted_and_goes_on() {
    let (retry, clock) = retry(CONFIG);
    let panics = |attempt: Attempt| -> Result<(), ()> {
        assert!(attempt.number() < 2, "boom");
        Err(())
    };
    let caught = |f: &dyn Fn() -> Result<(), Error<()>>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err()
    };
    assert!(caught(&|| retry.call(panics)));
    assert!(caught(&|| run(retry.call_async_with(clock.clone(), |a: Attempt| async move { panics(a) }))));
    assert!(caught(&|| retry.call(|| -> Result<(), ()> { panic!("at once") })));
    let stats = retry.stats();
    assert_eq!((stats.stopped.panicked, stats.stopped.total(), stats.retries), (3, 3, 2));
}

#[test]
#[should_panic(expected = "polled after it had ended")]
fn a_call_that_has_ended_is_not_polled_again() {
    let (retry, clock) = retry(CONFIG);
    let mut call = pin!(retry.call_async_with(clock, || std::future::ready(Ok::<_, ()>(()))));
    assert!(poll_once(call.as_mut()).is_ready());
    let _ = poll_once(call.as_mut());
}

/// C3, C6
#[test]
fn a_handle_tells_its_name_its_settings_and_its_state() {
    static RETRY: Retry = Retry::new("payments", CONFIG);
    fn is_shared<T: Send + Sync>(_: &T) {}
    is_shared(&RETRY);
    assert_eq!((RETRY.name(), RETRY.config()), (Name::new("payments"), CONFIG));
    let text = format!("{RETRY:?} {:?}", RETRY.when(|(): &()| true));
    assert!(
        text.contains("\"payments\"") && text.contains("max_attempts: 4") && text.contains("retries: 0"),
        "{text}"
    );
    assert_eq!(Retry::unnamed(CONFIG).stats().name.as_str(), "unnamed");

    let (retry, clock) = retry(CONFIG);
    let mut call = pin!(retry.call_async_with(ManualClock::new(), || std::future::ready(Err::<(), _>(()))));
    assert!(format!("{call:?}").contains("attempt: 1"), "{call:?}");
    clock.set(at(0));
    assert!(poll_once(call.as_mut()).is_pending());
    assert!(format!("{call:?}").contains("waits_until: Some(Moment(1000000000))"), "{call:?}");
}

#[test]
fn jitter_of_the_default_spreads_between_zero_and_the_whole() {
    let (retry, clock) = retry(Config::new().max_attempts(2));
    let mut waits = Vec::new();
    for _ in 0..50 {
        let before = clock.now();
        let _ = retry.call(flaky(99));
        waits.push(clock.now().saturating_duration_since(before));
    }
    assert_eq!(
        Config::new().backoff,
        Backoff::exponential(Duration::from_millis(100)).max(10 * SECOND).jitter(Jitter::Full)
    );
    assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(100)), "{waits:?}");
    assert!(waits.windows(2).any(|pair| pair[0] != pair[1]), "{waits:?}");
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_forms_without_a_timer_wait_by_tokios() {
        let retry = Retry::with_clock("payments".into(), CONFIG, resil_retry::TokioClock);
        let start = tokio::time::Instant::now();
        let mut operation = flaky(2);
        assert_eq!(retry.call_async(|| std::future::ready(operation())).await, Ok(3));
        assert_eq!(start.elapsed(), 3 * SECOND);
        let nested = || async { Err::<(), _>(Error::Inner("down")) };
        assert_eq!(retry.call_async_nested(nested).await, Err(Error::Inner("down")));
        assert_eq!(start.elapsed(), 10 * SECOND);
        let never = retry.never(|_: &&str| true);
        assert_eq!(never.call_async(|| async { Err::<(), _>("down") }).await, Err(Error::Inner("down")));
        assert_eq!(never.call_async_nested(nested).await, Err(Error::Inner("down")));
        assert_eq!(start.elapsed(), 10 * SECOND);
    }
}
