//! Callbacks and listeners: they hear all of it in order, and can stop nothing.

#[path = "scene/jobs.rs"]
mod jobs;
mod scene;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use jobs::scene;
use resil_watchdog::{Event, Notice, Severity};
use scene::{LIMIT, SECOND};

#[test]
fn listeners_hear_everything_in_order() {
    let scene = scene(|builder| builder);
    let pinger = scene.dog.pinger("worker");
    scene.pass(4);
    pinger.ping();
    scene.pass(1);
    scene.clock.advance(60 * SECOND);
    scene.dog.look();
    scene.dog.stop();
    let events: Vec<_> = (0..5).map(|_| scene.hear()).collect();
    let lines = events.iter().map(|event| format!("{} {:?}: {event}", event.kind(), event.severity()));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    started Info: jobs: started, with a timeout of 4s
    timed_out Warn: jobs: worker: silent for 4.0s
    recovered Info: jobs: worker: no longer silent, after 5.0s
    overslept Info: jobs: the watchdog itself was asleep for 59.0s
    stopped Info: jobs: stopped
    ");
    assert!(events.iter().all(|event| event.name().as_str() == "jobs"));
    assert_eq!(events[1].severity(), Severity::Warn);
    drop(pinger);
}

/// W5
#[test]
fn an_alert_carries_the_channel_the_message_and_its_context() {
    let (tell, told) = mpsc::channel();
    let alert = move |channel: &str, message: &str, context: &[(&str, String)]| {
        let pairs: Vec<_> = context.iter().map(|(key, value)| format!("{key}={value}")).collect();
        tell.send(format!("[{channel}] {message} | {}", pairs.join(" "))).unwrap();
    };
    let scene = scene(|builder| builder.on_alert(alert));
    let pinger = scene.dog.pinger("worker");
    pinger.ping_with("row 7");
    scene.dog.look();
    scene.pass(4);
    insta::assert_snapshot!(
        told.recv_timeout(LIMIT).unwrap(),
        @"[watchdog] jobs: worker: silent for 4.0s, last note: row 7 | watchdog=jobs who=worker seconds=4.000 times=1 note=row 7"
    );
}

/// W5
#[test]
fn a_callback_that_panics_is_counted_and_harms_nobody() {
    let scene = scene(|builder| {
        builder.on_timeout(|_| panic!("in a callback")).on_alert(|_, _, _| panic!("in an alert"))
    });
    scene.pass(4);
    scene.dog.ping();
    scene.pass(5);
    assert_eq!(scene.heard().len(), 3, "told, recovered, told");
    assert_eq!(scene.dog.stats().callback_panics, 4);
}

/// W5
#[test]
fn a_callback_that_hangs_does_not_stop_the_monitor() {
    let (release, hold) = mpsc::channel::<()>();
    let hold = Mutex::new(hold);
    let (begin, started) = mpsc::channel();
    let hang = move |_: &_| {
        begin.send(()).unwrap();
        _ = hold.lock().unwrap().recv();
    };
    let scene = scene(|builder| builder.repeat_every(SECOND).on_timeout(hang));
    scene.pass(4);
    started.recv_timeout(LIMIT).unwrap();
    scene.pass(400);
    let stats = scene.dog.stats();
    assert_eq!((stats.is_running, stats.timeouts, stats.alarms), (true, 1, 401));
    assert!(stats.events_lost > 0, "and what is lost is counted");
    drop(release);
    assert!(!scene.heard().is_empty());
}

/// C3
#[test]
fn a_listener_may_call_the_handle_and_is_gone_when_its_subscription_is() {
    let scene = scene(|builder| builder);
    let dog = Arc::new(scene.dog);
    let (copy, calls) = (Arc::downgrade(&dog), Arc::new(Mutex::new(0)));
    let counts = Arc::clone(&calls);
    let (tell, told) = mpsc::channel();
    let subscription = dog.observe(move |_| {
        let Some(dog) = copy.upgrade() else { return };
        _ = (dog.stats(), dog.watched(), dog.check(), format!("{dog:?}"));
        dog.reset();
        *counts.lock().unwrap() += 1;
        _ = tell.send(());
    });
    let pass = |ticks| {
        (0..ticks).for_each(|_| {
            scene.clock.advance(SECOND);
            dog.look();
        });
    };
    pass(4);
    told.recv_timeout(LIMIT).unwrap();
    drop(subscription);
    pass(8);
    dog.stop();
    assert_eq!(*calls.lock().unwrap(), 1);
}

/// W5, C7
#[cfg(feature = "tokio")]
#[test]
fn async_callbacks_run_with_the_runtime_that_was_found_or_given() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    for is_given in [false, true] {
        let (tell, told) = mpsc::channel();
        let tell_too = tell.clone();
        let describe = |builder: resil_watchdog::Builder| {
            let builder = if is_given { builder.runtime(runtime.handle().clone()) } else { builder };
            builder
                .on_timeout_async(move |silence| {
                    let tell = tell.clone();
                    async move {
                        tokio::task::yield_now().await;
                        let echo = tokio::spawn(async move { silence.to_string() });
                        tell.send(echo.await.unwrap()).unwrap();
                    }
                })
                .on_alert_async(move |channel, message, context| {
                    let tell = tell_too.clone();
                    async move { tell.send(format!("[{channel}] {message} {}", context.len())).unwrap() }
                })
        };
        let entered = (!is_given).then(|| runtime.enter());
        let scene = scene(describe);
        drop(entered);
        scene.pass(4);
        assert_eq!(told.recv_timeout(LIMIT).unwrap(), "jobs: silent for 4.0s");
        assert_eq!(told.recv_timeout(LIMIT).unwrap(), "[watchdog] jobs: silent for 4.0s 4");
    }
}

/// C7
#[cfg(feature = "tokio")]
#[test]
fn async_callbacks_without_a_runtime_are_an_error_at_the_start() {
    let start = resil_watchdog::Watchdog::new(4 * SECOND).on_timeout_async(|_| async {}).start();
    assert!(matches!(start, Err(resil_watchdog::WatchdogError::NoRuntime)));
    let start = resil_watchdog::Watchdog::new(4 * SECOND).on_alert_async(|_, _, _| async {}).start();
    assert!(matches!(start, Err(resil_watchdog::WatchdogError::NoRuntime)));
}

/// W5
#[cfg(feature = "tokio")]
#[test]
fn an_async_callback_that_panics_is_counted() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let scene = scene(|builder| {
        builder.runtime(runtime.handle().clone()).on_timeout_async(|_| async { panic!("in a callback") })
    });
    scene.pass(4);
    assert_eq!(scene.heard().len(), 1);
    assert_eq!(scene.dog.stats().callback_panics, 1);
}

#[cfg(feature = "tracing")]
#[test]
fn events_can_be_written_to_tracing() {
    let scene = scene(|builder| builder.observe(resil_watchdog::log()));
    scene.pass(4);
    assert_eq!(scene.heard().len(), 1);
}

/// W5: with lines and a dump on stderr, callbacks hear of it all the same, once they are there.
#[test]
fn what_goes_to_stderr_keeps_nobody_from_hearing() {
    let is_first = Arc::new(AtomicBool::new(false));
    let copy = Arc::clone(&is_first);
    let scene =
        scene(|builder| builder.log().dump_threads().on_timeout(move |_| copy.store(true, Ordering::SeqCst)));
    scene.pass(4);
    assert_eq!(scene.heard(), ["jobs: silent for 4.0s"]);
    assert!(is_first.load(Ordering::SeqCst));
}

#[test]
fn the_first_event_is_the_start_and_the_last_the_stop() {
    let scene = scene(|builder| builder);
    assert!(matches!(scene.hear(), Event::Started { .. }));
    scene.dog.stop();
    assert!(matches!(scene.hear(), Event::Stopped { .. }));
    scene.dog.restart().unwrap();
    assert!(matches!(scene.hear(), Event::Started { .. }));
}
