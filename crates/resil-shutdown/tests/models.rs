//! Models of what several threads share, under loom and shuttle: tokens, the drain, callbacks, and the report.
//!
//! Stock loom skips interleavings of the thread that built the model, so all that races runs in spawned threads, and the first one only
//! builds, joins and asserts. A wake-up that is lost shows as a deadlock. Each model names the outcomes that it has to see.
#![cfg(any(loom, shuttle))]

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use resil_shutdown::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use resil_shutdown::testing::models::{action, explore, race};
use resil_shutdown::{Config, GracefulShutdown, ManualClock, Policy, Token, Verdict};

type Shutdown = GracefulShutdown<ManualClock>;

fn shutdown() -> Arc<Shutdown> {
    let shutdown = Shutdown::with_clock(Config::new().no_progress(), ManualClock::new());
    // What is made at the first use is made before anything races.
    let _ = shutdown.stats();
    Arc::new(shutdown)
}

/// Waits until the end has been asked for: what comes long before that is of no interest.
fn until_it_begins(shutdown: &Shutdown) {
    while !shutdown.is_shutting_down() {
        #[cfg(loom)]
        loom::thread::yield_now();
        #[cfg(shuttle)]
        shuttle::thread::yield_now();
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn whoever_waits_for_a_token_is_woken_or_sees_it() {
    explore(&[(true, false), (false, true)], || {
        let token = Arc::new(Token::new());
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waits = {
            let flag = Arc::clone(&flag);
            action(move |token: &Token| look(token, &flag))
        };
        let triggers = action(|token: &Token| {
            token.trigger();
            false
        });
        let saw_it = race(&token, vec![waits, triggers])[0];
        (saw_it, flag.0.load(Ordering::SeqCst))
    });
}

/// Polls once and leaves the wait in place for good; whether it was ready.
fn look(token: &Token, flag: &Arc<Flag>) -> bool {
    let mut future = Box::pin(token.triggered());
    let waker = Waker::from(Arc::clone(flag));
    let is_ready = future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
    std::mem::forget(future);
    is_ready
}

#[test]
fn who_sees_a_token_triggered_sees_what_was_done_before() {
    let looks: [fn(&Token) -> bool; 2] =
        [Token::is_triggered, |token| look(token, &Arc::new(Flag(AtomicBool::new(false))))];
    for sees in looks {
        explore(&[true, false], move || {
            let token = Arc::new(Token::new());
            let done = Arc::new(AtomicUsize::new(0));
            let looks = {
                let done = Arc::clone(&done);
                action(move |token: &Token| {
                    let has_seen = sees(token);
                    assert!(!has_seen || done.load(Ordering::Relaxed) == 1);
                    has_seen
                })
            };
            let triggers = action(move |token: &Token| {
                done.store(1, Ordering::Relaxed);
                token.trigger();
                false
            });
            race(&token, vec![looks, triggers])[0]
        });
    }
}

#[test]
fn a_child_that_is_made_meanwhile_is_triggered() {
    explore(&[true], || {
        let token = Arc::new(Token::new());
        let child = action(|token: &Token| Some(token.child()));
        let triggers = action(|token: &Token| {
            token.trigger();
            None
        });
        race(&token, vec![child, triggers]).into_iter().flatten().all(|child| child.is_triggered())
    });
}

#[test]
fn the_last_one_in_flight_wakes_the_drain() {
    explore(&[0, 1], || {
        let shutdown = shutdown();
        let request = shutdown.in_flight();
        let leaves = action(move |shutdown: &Shutdown| {
            until_it_begins(shutdown);
            drop(request);
        });
        let triggers = action(|shutdown: &Shutdown| shutdown.trigger());
        let _ = race(&shutdown, vec![leaves, triggers]);
        let report = shutdown.completed_blocking();
        assert_eq!(report.drain().left, 0);
        report.drain().in_flight
    });
}

#[test]
fn who_is_let_in_is_waited_for() {
    explore(&[true, false], || {
        let shutdown = shutdown();
        let inside = Arc::new(AtomicUsize::new(0));
        let calls = {
            let inside = Arc::clone(&inside);
            action(move |shutdown: &Shutdown| {
                until_it_begins(shutdown);
                let is_let_in = shutdown.admit().is_ok();
                if is_let_in {
                    inside.store(1, Ordering::SeqCst);
                    inside.store(2, Ordering::SeqCst);
                    shutdown.settle((), Verdict::Success);
                }
                is_let_in
            })
        };
        let ends = {
            let inside = Arc::clone(&inside);
            action(move |shutdown: &Shutdown| {
                let _ = shutdown.trigger_blocking();
                // Whoever was let in is out again, and nobody comes any more.
                let seen = inside.load(Ordering::SeqCst);
                assert!(seen != 1);
                assert!(shutdown.admit().is_err());
                seen == 2
            })
        };
        let seen = race(&shutdown, vec![calls, ends]);
        assert_eq!(seen[0], seen[1], "let in, and not waited for");
        seen[0]
    });
}

#[test]
fn a_callback_that_was_taken_back_does_not_run_and_any_other_does() {
    explore(&[(true, false), (false, true)], || {
        let shutdown = shutdown();
        let has_run = Arc::new(AtomicBool::new(false));
        let (run, cleanup) = (Arc::clone(&has_run), Token::new());
        let began = cleanup.clone();
        shutdown.register("first").priority(1).run(move || began.trigger()).unwrap();
        shutdown.register("flush").priority(2).run(move || run.store(true, Ordering::SeqCst)).unwrap();
        let takes_back = action(move |shutdown: &Shutdown| {
            cleanup.wait();
            shutdown.unregister("flush")
        });
        let ends = action(|shutdown: &Shutdown| {
            shutdown.trigger();
            false
        });
        let was_taken_back = race(&shutdown, vec![takes_back, ends])[0];
        let _ = shutdown.completed_blocking();
        (was_taken_back, has_run.load(Ordering::SeqCst))
    });
}

#[test]
fn all_who_wait_get_the_one_report() {
    explore(&[true], || {
        let shutdown = shutdown();
        let ends = || action(|shutdown: &Shutdown| shutdown.trigger_blocking());
        let reports = race(&shutdown, vec![ends(), ends()]);
        reports[0] == reports[1]
    });
}
