//! Listeners: they hear all of it in order, and can stop nothing.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use resil_shutdown::{Clock, Config, Event, GracefulShutdown, ManualClock, Notice, Phase, Severity};

const SECOND: Duration = Duration::from_secs(1);

fn hearing<C: Clock + Clone + 'static>(shutdown: &GracefulShutdown<C>) -> Arc<Mutex<Vec<String>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let copy = Arc::clone(&heard);
    shutdown
        .observe(move |event| {
            let text = match event {
                Event::Requested { cause, .. } => format!("requested: {cause}"),
                Event::Entered { phase, .. } => phase.to_string(),
                Event::Ended { callback, .. } => format!("{}: {}", callback.name, callback.outcome),
                Event::Completed(report) => format!("completed: {}", report.exit_code()),
                other => other.kind().to_owned(),
            };
            copy.lock().expect("no panic under it").push(text);
        })
        .forget();
    heard
}

#[test]
fn listeners_hear_everything_in_order_before_anybody_has_the_report() {
    let shutdown = GracefulShutdown::with_clock(Config::new(), ManualClock::new()).named("api");
    let heard = hearing(&shutdown);
    shutdown.register("flush").run(|| ()).unwrap();
    shutdown.register("close").run(|| Err::<(), _>("gone")).unwrap();
    let _ = shutdown.trigger_blocking();
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "requested: triggered",
            "draining",
            "cleaning up",
            "flush: ok",
            "close: failed: gone",
            "completed: 1"
        ]
    );
}

#[test]
fn a_listener_that_panics_or_calls_the_handle_harms_nobody() {
    let shutdown = Arc::new(GracefulShutdown::with_clock(Config::new(), ManualClock::new()));
    shutdown.observe(|_| panic!("in a listener")).forget();
    let copy = Arc::clone(&shutdown);
    shutdown
        .observe(move |_| {
            copy.trigger();
            let _ = (copy.stats(), copy.callbacks(), copy.unregister("nobody"), format!("{copy:?}"));
        })
        .forget();
    let heard = hearing(&shutdown);
    shutdown.register("flush").run(|| ()).unwrap();
    assert!(shutdown.trigger_blocking().is_clean());
    assert_eq!(heard.lock().unwrap().len(), 5);
    assert_eq!(shutdown.stats().listener_panics, 5);
}

#[test]
fn a_listener_that_hangs_holds_up_no_callback_and_the_end_for_a_second_only() {
    let clock = ManualClock::new();
    let shutdown = GracefulShutdown::with_clock(Config::new(), clock.clone());
    let (release, hold) = mpsc::channel::<()>();
    let hold = Mutex::new(hold);
    shutdown.observe(move |_| _ = hold.lock().unwrap().recv()).forget();
    let (done, ran) = mpsc::channel();
    shutdown.register("flush").run(move || done.send(())).unwrap();
    shutdown.trigger();
    ran.recv_timeout(30 * SECOND).expect("the listener hangs, the callback runs");
    assert!(shutdown.report().is_none());
    while shutdown.phase() != Phase::Done || clock.sleepers_waiting() == 0 {
        thread::yield_now();
    }
    clock.advance(SECOND);
    assert!(shutdown.completed_blocking().is_clean());
    drop(release);
}

#[test]
fn who_is_still_running_is_told_now_and_then() {
    let clock = ManualClock::new();
    let config = Config::new().timeout(30 * SECOND).progress_every(5 * SECOND);
    let shutdown = GracefulShutdown::with_clock(config, clock.clone()).named("api");
    let (tell, told) = mpsc::channel();
    shutdown
        .observe(move |event| {
            if let Event::StillRunning { .. } = event {
                assert_eq!(event.severity(), Severity::Warn);
                tell.send(event.to_string()).unwrap();
            }
        })
        .forget();
    let (release, hold) = mpsc::channel::<()>();
    let (begin, is_running) = mpsc::channel();
    shutdown
        .register("flush orders")
        .run(move || {
            begin.send(()).unwrap();
            let _ = hold.recv();
        })
        .unwrap();
    let request = shutdown.in_flight();
    shutdown.trigger();
    shutdown.token().wait();
    let tick = || {
        while clock.sleepers_waiting() == 0 {
            thread::yield_now();
        }
        clock.advance(5 * SECOND);
        told.recv_timeout(30 * SECOND).unwrap()
    };
    assert_eq!(tick(), "api: draining, 25.0s left, in flight: 1");
    drop(request);
    is_running.recv_timeout(30 * SECOND).unwrap();
    assert_eq!(tick(), "api: cleaning up, 20.0s left, still running: flush orders");
    drop(release);
    assert!(shutdown.completed_blocking().is_clean());
}
