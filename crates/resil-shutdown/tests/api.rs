//! What users of the handle see.

use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use resil_shutdown::{Cause, Clock, Config, GracefulShutdown, ManualClock, Outcome, Phase, ShutdownError};

const SECOND: Duration = Duration::from_secs(1);

type OnManual = GracefulShutdown<ManualClock>;

fn on_manual(config: Config) -> (Arc<OnManual>, ManualClock) {
    let clock = ManualClock::new();
    (Arc::new(GracefulShutdown::with_clock(config, clock.clone())), clock)
}

/// Notes in the order in which they came.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Notes {
    fn writer(&self, note: &'static str) -> impl FnOnce() + Send + 'static + use<> {
        let notes = self.clone();
        move || notes.0.lock().expect("no panic under it").push(note)
    }

    fn read(&self) -> Vec<&'static str> {
        self.0.lock().expect("no panic under it").clone()
    }
}

/// Moves the clock once the supervisor sleeps on it, so that it cannot miss the moment.
fn advance(clock: &ManualClock, span: Duration) {
    while clock.sleepers_waiting() == 0 {
        thread::yield_now();
    }
    clock.advance(span);
}

#[test]
fn callbacks_run_by_priority_and_then_as_registered() {
    let shutdown = GracefulShutdown::new();
    let notes = Notes::default();
    shutdown.register("d").run(notes.writer("d")).unwrap();
    shutdown.register("c").priority(20).run(notes.writer("c")).unwrap();
    shutdown.register("a").priority(-5).run(notes.writer("a")).unwrap();
    let e = notes.writer("e");
    shutdown.register("e").run_async(move || async move { e() }).unwrap();
    shutdown.register("b").priority(20).run(notes.writer("b")).unwrap();
    let listed: Vec<_> = shutdown.callbacks().into_iter().map(|callback| callback.name).collect();
    let report = shutdown.trigger_blocking();
    assert_eq!(notes.read(), ["a", "c", "b", "d", "e"]);
    assert_eq!(listed, notes.read());
    assert_eq!(report.callbacks().iter().map(|c| &*c.name).collect::<Vec<_>>(), notes.read());
    assert!(report.is_clean());
    assert_eq!((report.cause(), report.exit_code()), (Cause::Triggered, 0));
}

#[test]
fn callbacks_that_fail_panic_or_hang_stop_no_other() {
    let (shutdown, clock) = on_manual(Config::new().timeout(10 * SECOND));
    let (hung, release) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    shutdown.register("fails").priority(1).run(|| Err::<(), _>("disk full")).unwrap();
    shutdown.register("panics").priority(2).run(|| -> () { panic!("no {}", "way") }).unwrap();
    shutdown
        .register("panics later")
        .priority(3)
        .run_async(|| std::future::poll_fn(|_| -> Poll<()> { panic!("async") }))
        .unwrap();
    shutdown
        .register("hangs")
        .priority(4)
        .within(3 * SECOND)
        .run({
            let (hung, release) = (Arc::clone(&hung), Arc::clone(&release));
            move || {
                hung.wait();
                release.wait();
            }
        })
        .unwrap();
    shutdown
        .register("never ready")
        .priority(5)
        .within(SECOND)
        .run_async(std::future::pending::<()>)
        .unwrap();
    shutdown.register("works").priority(6).run(|| ()).unwrap();
    shutdown.trigger();
    hung.wait();
    clock.advance(3 * SECOND);
    while shutdown.stats().waiting > 1 || shutdown.stats().running == 0 {
        thread::yield_now();
    }
    clock.advance(SECOND);
    let report = shutdown.completed_blocking();
    let outcomes: Vec<_> = report.callbacks().iter().map(|c| c.outcome.clone()).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Failed("disk full".into()),
            Outcome::Panicked("no way".into()),
            Outcome::Panicked("async".into()),
            Outcome::TimedOut,
            Outcome::TimedOut,
            Outcome::Ok
        ]
    );
    assert_eq!(report.callbacks()[3].took, 3 * SECOND);
    assert_eq!(report.slowest().map(|c| &*c.name), Some("hangs"));
    assert_eq!((report.is_exceeded(), report.exit_code(), report.took()), (false, 1, 4 * SECOND));
    release.wait();
}

#[test]
fn the_budget_is_for_all_of_them() {
    let (shutdown, clock) = on_manual(Config::new().timeout(10 * SECOND).force_exit_code(70));
    let (hung, release) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    shutdown
        .register("hangs")
        .within(60 * SECOND)
        .run({
            let (hung, release) = (Arc::clone(&hung), Arc::clone(&release));
            move || {
                hung.wait();
                release.wait();
            }
        })
        .unwrap();
    shutdown.register("too late").run(|| ()).unwrap();
    shutdown.trigger();
    hung.wait();
    advance(&clock, 10 * SECOND);
    let report = shutdown.completed_blocking();
    let outcomes: Vec<_> = report.callbacks().iter().map(|c| &c.outcome).collect();
    assert_eq!(outcomes, [&Outcome::TimedOut, &Outcome::Skipped]);
    assert_eq!((report.is_exceeded(), report.exit_code(), report.took()), (true, 70, 10 * SECOND));
    release.wait();
}

#[test]
fn a_name_is_taken_once_and_not_while_it_ends() {
    let shutdown = Arc::new(GracefulShutdown::new());
    shutdown.register("flush").run(|| ()).unwrap();
    assert!(
        matches!(shutdown.register("flush").run(|| ()), Err(ShutdownError::DuplicateName(name)) if name == "flush")
    );
    assert!(shutdown.unregister("flush"));
    assert!(!shutdown.unregister("flush"));
    let (send, receive) = mpsc::channel();
    shutdown
        .register("flush")
        .run({
            let shutdown = Arc::clone(&shutdown);
            move || {
                let late = shutdown.register("late").run(|| ());
                send.send((late.unwrap_err().to_string(), shutdown.unregister("flush"))).unwrap();
            }
        })
        .unwrap();
    let _ = shutdown.trigger_blocking();
    let (late, unregistered) = receive.recv().unwrap();
    assert_eq!(late, "late: too late to register a callback, the shutdown has begun");
    assert!(!unregistered, "it runs");
}

#[test]
fn a_callback_can_be_taken_back_while_another_runs() {
    let shutdown = Arc::new(GracefulShutdown::new());
    let notes = Notes::default();
    shutdown
        .register("first")
        .run({
            let shutdown = Arc::clone(&shutdown);
            move || assert!(shutdown.unregister("second"))
        })
        .unwrap();
    shutdown.register("second").run(notes.writer("second")).unwrap();
    shutdown.register("third").run(notes.writer("third")).unwrap();
    let report = shutdown.trigger_blocking();
    assert_eq!(notes.read(), ["third"]);
    assert_eq!(report.callbacks().len(), 2);
    assert!(report.is_clean());
}

#[test]
fn whoever_triggers_gets_the_same_report_and_callbacks_run_once() {
    let shutdown = Arc::new(GracefulShutdown::new());
    let notes = Notes::default();
    shutdown.register("once").run(notes.writer("once")).unwrap();
    let barrier = Arc::new(Barrier::new(64));
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let (shutdown, barrier) = (Arc::clone(&shutdown), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                shutdown.trigger_blocking()
            })
        })
        .collect();
    let reports: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(notes.read(), ["once"]);
    assert!(reports.iter().all(|report| *report == reports[0]));
    assert_eq!(shutdown.report(), Some(reports[0].clone()));
}

#[test]
fn the_intake_ends_after_the_delay_and_callbacks_wait_for_what_is_in_flight() {
    let (shutdown, clock) = on_manual(Config::new().timeout(30 * SECOND).drain_delay(5 * SECOND));
    let notes = Notes::default();
    shutdown.register("close").run(notes.writer("close")).unwrap();
    let request = shutdown.in_flight();
    let token = shutdown.token();
    shutdown.trigger();
    assert!(shutdown.is_shutting_down());
    assert!(!token.is_triggered());
    assert_eq!(shutdown.phase(), Phase::PreDrain);
    advance(&clock, 5 * SECOND);
    token.wait();
    let late = shutdown.in_flight();
    clock.advance(SECOND);
    drop(request);
    drop(late);
    let report = shutdown.completed_blocking();
    assert_eq!(notes.read(), ["close"]);
    assert_eq!((report.drain().in_flight, report.drain().left, report.drain().took), (1, 0, SECOND));
    assert_eq!(report.took(), 6 * SECOND);
}

#[test]
fn what_does_not_end_in_time_is_left_and_counted() {
    let (shutdown, clock) = on_manual(Config::new().timeout(30 * SECOND).drain_timeout(10 * SECOND));
    let _stuck = shutdown.in_flight();
    shutdown.trigger();
    shutdown.token().wait();
    advance(&clock, 10 * SECOND);
    let report = shutdown.completed_blocking();
    assert_eq!((report.drain().left, report.drain().took), (1, 10 * SECOND));
    assert_eq!((report.is_clean(), report.exit_code(), report.is_exceeded()), (false, 1, false));
}

#[test]
fn without_a_limit_the_drain_takes_half_of_what_is_left() {
    let (shutdown, clock) = on_manual(Config::new().timeout(30 * SECOND).drain_delay(10 * SECOND));
    let _stuck = shutdown.in_flight();
    shutdown.trigger();
    advance(&clock, 10 * SECOND);
    shutdown.token().wait();
    advance(&clock, 10 * SECOND);
    assert_eq!(shutdown.completed_blocking().drain().took, 10 * SECOND);
}

#[test]
fn callbacks_of_one_priority_run_at_once_where_that_is_wanted() {
    let shutdown = GracefulShutdown::with_config(Config::new().same_priority_at_once(true));
    let meeting = Arc::new(Barrier::new(3));
    for name in ["a", "b", "c"] {
        let meeting = Arc::clone(&meeting);
        shutdown.register(name).run(move || _ = meeting.wait()).unwrap();
    }
    let notes = Notes::default();
    shutdown.register("before").priority(1).run(notes.writer("before")).unwrap();
    shutdown.register("after").priority(200).run(notes.writer("after")).unwrap();
    let report = shutdown.trigger_blocking();
    assert!(report.is_clean(), "{report}");
    assert_eq!(notes.read(), ["before", "after"]);
    let names: Vec<_> = report.callbacks().iter().map(|c| &*c.name).collect();
    assert_eq!(names, ["before", "a", "b", "c", "after"]);
}

#[test]
fn a_program_that_ends_by_itself_is_cleaned_up_after() {
    let shutdown = GracefulShutdown::new();
    let notes = Notes::default();
    shutdown.register("close").run(notes.writer("close")).unwrap();
    let main = notes.writer("main");
    let report = shutdown.run_blocking(|| {
        main();
        Err::<(), _>("port taken")
    });
    assert_eq!(notes.read(), ["main", "close"]);
    assert_eq!(report.cause(), Cause::MainEnded);
    assert_eq!(report.main(), Some(&Outcome::Failed("port taken".into())));
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_scope_gives_its_value_and_a_panic_goes_on_after_the_cleanup() {
    let shutdown = GracefulShutdown::new();
    let (value, report) = shutdown.scope(|| 7).unwrap();
    assert_eq!((value, report.is_clean()), (7, true));

    let shutdown = GracefulShutdown::new();
    let notes = Notes::default();
    shutdown.register("close").run(notes.writer("close")).unwrap();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        shutdown.scope(|| -> () { panic!("inside") })
    }));
    assert!(panic.is_err());
    assert_eq!(notes.read(), ["close"]);
}

#[test]
fn a_clock_of_ones_own_is_the_one_that_is_read() {
    let (shutdown, clock) = on_manual(Config::new());
    clock.advance(SECOND);
    let report = shutdown.trigger_blocking();
    assert_eq!((report.took(), clock.now().as_nanos()), (Duration::ZERO, 1_000_000_000));
}
