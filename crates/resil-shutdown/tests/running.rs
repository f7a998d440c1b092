//! Programs under `run`, and futures that are dropped.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use resil_shutdown::{Cause, Config, GracefulShutdown, ManualClock, Outcome, Phase, ShutdownError};

const SECOND: Duration = Duration::from_secs(1);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(future)
}

#[test]
fn a_program_that_ends_by_itself_is_cleaned_up_after() {
    let shutdown = GracefulShutdown::new();
    let count = Arc::new(AtomicUsize::new(0));
    let copy = Arc::clone(&count);
    shutdown.register("count").run(move || copy.store(1, Ordering::SeqCst)).unwrap();
    let report = block_on(shutdown.run(async { Err::<(), _>("port taken") }));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!((report.cause(), report.exit_code()), (Cause::MainEnded, 1));
    assert_eq!(report.main(), Some(&Outcome::Failed("port taken".into())));
}

#[test]
fn a_program_that_panics_is_cleaned_up_after() {
    let shutdown = GracefulShutdown::new();
    let report = block_on(shutdown.run(poll_fn(|_| -> Poll<()> { panic!("no way") })));
    assert_eq!(report.main(), Some(&Outcome::Panicked("no way".into())));
    let shutdown = GracefulShutdown::new();
    let report = shutdown.run_blocking(|| -> () { panic!("no way") });
    assert_eq!(report.main(), Some(&Outcome::Panicked("no way".into())));
}

#[test]
fn callbacks_wait_for_the_program_and_it_is_dropped_if_it_does_not_end() {
    let clock = ManualClock::new();
    let config = Config::new().timeout(30 * SECOND).drain_timeout(10 * SECOND);
    let shutdown = Arc::new(GracefulShutdown::with_clock(config, clock.clone()));
    let (tell, told) = mpsc::channel();
    let dropped = Guard(tell.clone(), "main dropped");
    shutdown.register("flush").run(move || tell.send("flushed")).unwrap();
    let runs = thread::spawn({
        let shutdown = Arc::clone(&shutdown);
        move || {
            block_on(shutdown.run(async move {
                let _dropped = dropped;
                pending::<()>().await;
            }))
        }
    });
    while shutdown.stats().in_flight == 0 {
        thread::yield_now();
    }
    shutdown.trigger();
    shutdown.token().wait();
    assert_eq!(shutdown.phase(), Phase::Draining);
    while clock.sleepers_waiting() == 0 {
        thread::yield_now();
    }
    clock.advance(10 * SECOND);
    let report = runs.join().unwrap();
    assert_eq!([told.recv().unwrap(), told.recv().unwrap()], ["flushed", "main dropped"]);
    assert_eq!(report.main(), Some(&Outcome::TimedOut));
    assert_eq!((report.exit_code(), report.is_exceeded(), report.drain().left), (1, false, 1));
}

/// Tells when it is dropped.
struct Guard(mpsc::Sender<&'static str>, &'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(self.1);
    }
}

#[test]
fn a_program_that_was_told_to_end_before_it_began_begins_and_sees_it() {
    let shutdown = GracefulShutdown::new();
    let before = shutdown.in_flight();
    shutdown.trigger();
    let report = block_on(shutdown.run(async {
        shutdown.token().triggered().await;
        drop(before);
    }));
    assert_eq!((report.cause(), report.main()), (Cause::Triggered, Some(&Outcome::Ok)));
}

#[test]
fn a_run_that_is_dropped_gives_back_what_it_held_at_every_point() {
    for polls in 0..3 {
        let shutdown = GracefulShutdown::new();
        {
            let mut run = pin!(shutdown.run(pending::<()>()));
            for _ in 0..polls {
                assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            assert_eq!(shutdown.stats().in_flight, usize::from(polls > 0));
        }
        let stats = shutdown.stats();
        assert_eq!((stats.in_flight, stats.is_installed, stats.phase), (0, false, Phase::Running));
        // And the handle works on, as if there had been no program.
        let report = shutdown.trigger_blocking();
        assert_eq!((report.main(), report.is_clean()), (None, true));
    }
}

#[test]
fn waits_that_are_dropped_leave_the_end_to_run_on() {
    let shutdown = Arc::new(GracefulShutdown::new());
    for future in [true, false] {
        let mut completed = pin!(shutdown.completed());
        let mut requested = pin!(shutdown.requested());
        let mut cx = Context::from_waker(Waker::noop());
        let _ = if future {
            completed.as_mut().poll(&mut cx).map(drop)
        } else {
            requested.as_mut().poll(&mut cx)
        };
    }
    assert_eq!(shutdown.phase(), Phase::Running, "to wait is not to ask");
    {
        let mut wait = pin!(shutdown.trigger_and_wait());
        let _ = wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    assert!(shutdown.completed_blocking().is_clean());
}

#[test]
fn a_callback_that_is_given_up_is_dropped_and_may_look_at_the_handle_meanwhile() {
    let clock = ManualClock::new();
    let shutdown = Arc::new(GracefulShutdown::with_clock(Config::new(), clock.clone()));
    let (tell, told) = mpsc::channel();
    let guard = Guard(tell, "dropped");
    let copy = Arc::clone(&shutdown);
    shutdown
        .register("never ready")
        .within(SECOND)
        .run_async(move || async move {
            let _guard = guard;
            let _stats = copy.stats();
            pending::<()>().await;
        })
        .unwrap();
    shutdown.trigger();
    while shutdown.stats().running == 0 || clock.sleepers_waiting() == 0 {
        thread::yield_now();
    }
    clock.advance(SECOND);
    let report = shutdown.completed_blocking();
    assert_eq!(report.callbacks()[0].outcome, Outcome::TimedOut);
    assert_eq!(told.recv_timeout(30 * SECOND), Ok("dropped"));
}

#[cfg(feature = "tokio")]
#[test]
fn async_callbacks_run_with_the_runtime_that_was_found_or_given() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    // Needs the timer of a runtime.
    let waits = || async { _ = tokio::time::timeout(Duration::from_millis(1), pending::<()>()).await };
    let shutdown = GracefulShutdown::new();
    // Given.
    shutdown.register("given").on(runtime.handle().clone()).run_async(waits).unwrap();
    // Found where it was registered.
    runtime.block_on(async { shutdown.register("found").run_async(waits) }).unwrap();
    // Found where the end was waited for.
    shutdown.register("found later").run_async(waits).unwrap();
    let report = runtime.block_on(shutdown.trigger_and_wait());
    assert!(report.is_clean(), "{report}");

    let shutdown = GracefulShutdown::new();
    shutdown.register("nowhere").run_async(waits).unwrap();
    let report = shutdown.trigger_blocking();
    assert!(
        matches!(&report.callbacks()[0].outcome, Outcome::Panicked(text) if text.contains("reactor")),
        "{report}"
    );
}

#[cfg(feature = "signal")]
#[test]
fn a_second_install_is_an_error_until_the_first_is_gone() {
    let shutdown = GracefulShutdown::new();
    let installed = shutdown.install().unwrap();
    assert!(matches!(shutdown.install(), Err(ShutdownError::AlreadyInstalled)));
    assert!(block_on(shutdown.run(async {})).is_clean(), "it goes on with what is installed");
    assert!(shutdown.is_installed());
    drop(installed);
    assert!(!shutdown.is_installed());
    let _again = shutdown.install().unwrap();
}

#[cfg(not(feature = "signal"))]
#[test]
fn without_the_feature_a_late_callback_is_still_an_error() {
    let shutdown = GracefulShutdown::new();
    let _ = shutdown.trigger_blocking();
    assert!(matches!(shutdown.register("late").run(|| ()), Err(ShutdownError::ShuttingDown(_))));
}

#[test]
fn the_end_may_be_waited_for_by_blocking_with_a_limit() {
    let shutdown = Arc::new(GracefulShutdown::new());
    assert!(!shutdown.requested_timeout(Duration::from_millis(1)));
    let waits = thread::spawn({
        let shutdown = Arc::clone(&shutdown);
        move || shutdown.requested_timeout(Duration::from_secs(3_600))
    });
    shutdown.trigger();
    assert!(waits.join().unwrap());
}

/// An error that cannot be shown.
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no words")
    }
}

/// Something whose end panics.
struct Unending;

impl Drop for Unending {
    fn drop(&mut self) {
        panic!("no end");
    }
}

#[test]
fn a_program_whose_error_or_end_panics_is_cleaned_up_after() {
    let no_words = Some(Outcome::Panicked("no words".into()));
    let report = GracefulShutdown::new().run_blocking(|| Err::<(), _>(Unspeakable));
    assert_eq!(report.main(), no_words.as_ref());
    let report = block_on(GracefulShutdown::new().run(async { Err::<(), _>(Unspeakable) }));
    assert_eq!(report.main(), no_words.as_ref());

    let held = Unending;
    let main = poll_fn(move |_| {
        let _held = &held;
        Poll::Ready(())
    });
    let report = block_on(GracefulShutdown::new().run(main));
    assert_eq!(report.main(), Some(&Outcome::Panicked("no end".into())));
}

#[test]
fn where_all_is_done_no_program_begins() {
    let shutdown = GracefulShutdown::new();
    let done = shutdown.trigger_blocking();
    assert_eq!(shutdown.run_blocking(|| -> () { unreachable!() }), done);
    assert_eq!(block_on(shutdown.run(poll_fn(|_| -> Poll<()> { unreachable!() }))), done);
}
