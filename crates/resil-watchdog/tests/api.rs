//! The handle as users see it, on a clock that the test moves.

#[path = "scene/jobs.rs"]
mod jobs;
mod scene;

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use jobs::scene;
use resil_watchdog::{Builder, Cause, ManualClock, Pinger, Watchdog, WatchdogError};
use scene::{LIMIT, SECOND, Scene};

/// W1, W2
#[test]
fn a_silence_is_told_once_with_its_length_and_the_next_ping_arms_again() {
    let scene = scene(|builder| builder);
    scene.dog.ping();
    scene.pass(12);
    assert!(scene.dog.is_triggered());
    scene.dog.ping();
    assert!(!scene.dog.is_triggered(), "at once, not at the next look");
    scene.pass(5);
    assert_eq!(scene.dog.fired_count(), 2);
    assert_eq!(
        scene.heard(),
        ["jobs: silent for 4.0s", "jobs: no longer silent, after 12.0s", "jobs: silent for 4.0s"]
    );
}

/// W1
#[test]
fn who_pings_in_time_is_never_told() {
    let scene = scene(|builder| builder);
    for _ in 0..50 {
        scene.dog.ping();
        scene.pass(3);
    }
    assert!(scene.heard().is_empty());
}

/// W1: known exactly, not to a tick.
#[test]
fn a_ping_that_reads_the_clock_is_told_exactly_a_timeout_after_it() {
    let scene = scene(|builder| builder);
    scene.clock.advance(SECOND * 3 / 10);
    scene.dog.ping_timed();
    scene.clock.advance(SECOND * 7 / 10);
    scene.dog.look();
    scene.pass(3);
    assert_eq!(scene.dog.since_ping(), SECOND * 37 / 10);
    scene.clock.advance(SECOND * 299_999_999 / 1_000_000_000);
    scene.dog.look();
    assert_eq!(scene.dog.fired_count(), 0);
    scene.clock.advance(Duration::from_nanos(1));
    scene.dog.look();
    assert_eq!(scene.dog.fired_count(), 1);
}

/// W2
#[test]
fn a_silence_is_told_again_every_so_often_if_wanted() {
    let scene = scene(|builder| builder.repeat_every(2 * SECOND));
    scene.pass(8);
    let stats = scene.dog.stats();
    assert_eq!((stats.timeouts, stats.alarms, scene.dog.fired_count()), (1, 3, 3));
    assert_eq!(
        scene.heard(),
        [
            "jobs: silent for 4.0s",
            "jobs: silent for 6.0s, told 2 times",
            "jobs: silent for 8.0s, told 3 times"
        ]
    );
}

/// W2
#[test]
fn a_reset_begins_anew() {
    let scene = scene(|builder| builder);
    scene.pass(5);
    scene.dog.ping(); // of the time before the reset
    scene.dog.reset();
    assert!(!scene.dog.is_triggered());
    assert_eq!(scene.dog.since_ping(), Duration::ZERO);
    scene.pass(3);
    assert_eq!(scene.dog.fired_count(), 1);
    scene.pass(1);
    assert_eq!(scene.dog.fired_count(), 2);
}

/// W2
#[test]
fn the_time_since_the_last_ping_is_known() {
    let scene = scene(|builder| builder);
    scene.pass(2);
    assert_eq!(scene.dog.since_ping(), 2 * SECOND);
    assert!((scene.dog.seconds_since_ping() - 2.0).abs() < 1e-9);
    scene.dog.ping();
    assert_eq!(scene.dog.since_ping(), Duration::ZERO, "before the monitor has seen it");
    scene.dog.look();
    scene.clock.advance(SECOND / 2);
    assert_eq!(scene.dog.since_ping(), SECOND / 2);
}

/// W3
#[test]
fn of_16_pingers_the_one_that_starves_is_named_with_its_last_note() {
    let scene = scene(|builder| builder);
    let pingers: Vec<_> = (0..16).map(|number| scene.dog.pinger(format!("worker-{number}"))).collect();
    pingers[11].ping_with("row 7");
    scene.dog.look();
    for _ in 0..10 {
        let busy = pingers.iter().filter(|pinger| pinger.name() != "worker-11");
        busy.for_each(Pinger::ping);
        scene.pass(1);
    }
    let triggered: Vec<_> = scene.dog.watched().into_iter().filter(|watched| watched.is_triggered).collect();
    assert_eq!(triggered.len(), 1);
    assert_eq!((triggered[0].who.as_deref(), triggered[0].silent_for), (Some("worker-11"), 10 * SECOND));
    assert!(pingers[11].check().is_err() && pingers[12].check().is_ok());
    assert_eq!(scene.heard(), ["jobs: worker-11: silent for 4.0s, last note: row 7"]);
}

/// W3
#[test]
fn the_silence_says_who_since_when_how_long_and_why() {
    let (tell, told) = mpsc::channel();
    let scene = scene(|builder| builder.on_timeout(move |silence| _ = tell.send(silence.clone())));
    let pinger = scene.dog.pinger("worker");
    scene.pass(2);
    pinger.ping_with(String::from("row 7"));
    scene.pass(5);
    let silence = told.recv_timeout(LIMIT).unwrap();
    assert_eq!((silence.who.as_deref(), silence.note.as_deref()), (Some("worker"), Some("row 7")));
    assert_eq!((silence.lasted, silence.since.as_nanos()), (4 * SECOND, 3_000_000_000));
    assert_eq!((silence.cause, silence.times), (Cause::NoPing, 1));
}

/// W3
#[test]
fn who_uses_pingers_only_need_not_ping_the_watchdog() {
    let scene = scene(|builder| builder);
    let pinger = scene.dog.pinger("worker");
    for _ in 0..10 {
        pinger.ping();
        scene.pass(1);
    }
    drop(pinger);
    scene.pass(10);
    assert!(scene.dog.watched().is_empty());
    scene.dog.ping();
    scene.pass(5);
    assert_eq!(scene.heard(), ["jobs: silent for 4.0s"], "it is waited for from its first ping on");
}

/// W3
#[test]
fn who_has_dropped_its_pinger_is_no_longer_watched() {
    let scene = scene(|builder| builder);
    let (stays, goes) = (scene.dog.pinger("stays"), scene.dog.pinger("goes"));
    (0..3).for_each(|_| goes.ping());
    (0..4).for_each(|_| stays.ping());
    scene.pass(4);
    drop(goes);
    assert_eq!(scene.dog.stats().pings, 7, "those of the one who is gone count");
    scene.pass(3);
    assert_eq!(scene.heard(), ["jobs: stays: silent for 4.0s"]);
    drop(stays);
}

/// W3
#[test]
fn who_rests_may_be_silent_for_any_time_and_is_watched_again_afterwards() {
    let scene = scene(|builder| builder);
    let mut pinger = scene.dog.pinger("worker");
    let resting = pinger.rest();
    scene.pass(20);
    assert!(scene.dog.watched()[0].is_resting);
    drop(resting);
    scene.pass(4);
    assert_eq!(scene.dog.fired_count(), 0);
    pinger.rest_while(|| scene.pass(20));
    scene.pass(4);
    assert_eq!(scene.dog.fired_count(), 0);
    scene.pass(1);
    assert_eq!(scene.heard(), ["jobs: worker: silent for 4.0s"]);
}

/// W3
#[test]
fn a_rest_within_a_rest_does_not_end_the_longer_one() {
    let scene = scene(|builder| builder);
    let pinger = scene.dog.pinger("worker");
    pinger.rest_while(|| {
        pinger.rest_while(|| scene.pass(20));
        scene.pass(20);
        assert!(scene.dog.watched()[0].is_resting);
    });
    assert!(!scene.dog.watched()[0].is_resting);
    scene.pass(5);
    assert_eq!(scene.heard(), ["jobs: worker: silent for 4.0s"]);
}

/// W7
#[test]
fn a_stopped_watchdog_tells_nothing_and_a_new_run_is_clean() {
    let scene = scene(|builder| builder);
    let pinger = scene.dog.pinger("worker");
    scene.pass(5);
    assert!(matches!(scene.dog.restart(), Err(WatchdogError::AlreadyRunning)));
    scene.dog.stop();
    scene.dog.stop();
    assert!(!scene.dog.is_running());
    pinger.ping();
    scene.pass(20);
    assert_eq!(scene.dog.check(), Ok(()));
    assert_eq!(scene.heard(), ["jobs: worker: silent for 4.0s"]);
    scene.dog.restart().unwrap();
    assert!(scene.dog.is_running() && !scene.dog.is_triggered());
    assert_eq!((scene.dog.stats().last_ping, scene.dog.stats().uptime), (None, Duration::ZERO));
    scene.pass(3);
    assert_eq!(scene.dog.fired_count(), 1);
    scene.pass(1);
    assert_eq!(scene.heard(), ["jobs: worker: silent for 4.0s"]);
    assert_eq!(scene.dog.fired_count(), 2, "counts go on");
}

/// W7
#[test]
fn it_can_be_stopped_and_started_again_inside_its_own_callback() {
    let (tell, told) = mpsc::channel();
    let handle: Arc<Mutex<Option<Arc<Watchdog<ManualClock>>>>> = Arc::default();
    let (clock, copy) = (ManualClock::new(), Arc::clone(&handle));
    let bark = move |_: &_| {
        let dog = copy.lock().unwrap().clone().unwrap();
        dog.stop();
        let was_running = dog.is_running();
        tell.send((was_running, dog.restart().is_ok())).unwrap();
    };
    let dog = Watchdog::new(4 * SECOND).on_timeout(bark).clock(clock.clone()).start().unwrap();
    let dog = Arc::new(dog);
    *handle.lock().unwrap() = Some(Arc::clone(&dog));
    for round in 1..=3 {
        for _ in 0..4 {
            clock.advance(SECOND);
            dog.look();
        }
        assert_eq!(told.recv_timeout(LIMIT).unwrap(), (false, true));
        assert_eq!(dog.fired_count(), round);
    }
    handle.lock().unwrap().take();
}

/// W7
#[test]
fn dropping_the_handle_ends_the_watch_and_pingers_may_outlive_it() {
    let Scene { dog, .. } = scene(|builder| builder);
    let (pinger, resting) = (dog.pinger("worker"), dog.pinger("other"));
    drop(dog);
    pinger.ping();
    pinger.ping_timed();
    pinger.ping_with("alone");
    assert_eq!(pinger.check(), Ok(()));
    let debug = format!("{pinger:?}");
    assert!(debug.contains("pings: 3") && debug.contains("\"worker\""), "{debug}");
    drop((pinger, resting));
}

/// W8
#[test]
fn time_in_which_the_machine_slept_is_no_silence() {
    let scene = scene(|builder| builder);
    let pinger = scene.dog.pinger("worker");
    scene.pass(3);
    scene.clock.advance(3_600 * SECOND);
    assert_eq!(scene.dog.check(), Ok(()), "before the monitor is awake");
    scene.dog.look();
    assert_eq!((scene.dog.fired_count(), scene.dog.stats().overslept), (0, 1));
    pinger.ping();
    scene.pass(1);
    assert_eq!(scene.heard(), ["jobs: the watchdog itself was asleep for 3599.0s"]);
}

/// W9
#[test]
fn code_that_asks_gets_an_error_with_the_silence_that_was_measured() {
    let scene = scene(|builder| builder);
    scene.pass(3);
    assert_eq!(scene.dog.check(), Ok(()));
    scene.clock.advance(SECOND + SECOND / 2);
    scene.dog.look();
    let error = scene.dog.check().unwrap_err();
    assert_eq!(error.limit(), Some(SECOND * 9 / 2));
    assert_eq!(error.to_string(), "jobs: timed out after 4.5s");
    scene.dog.ping();
    assert_eq!(scene.dog.check(), Ok(()));
}

/// W9
#[test]
fn a_scope_is_watched_while_it_runs_and_an_error_if_it_was_silent_for_too_long() {
    let scene = scene(|builder| builder);
    let answer = scene.dog.scope(|pinger| {
        for _ in 0..10 {
            pinger.ping();
            scene.pass(1);
        }
        42
    });
    assert_eq!(answer, Ok(42));
    let slow = scene.dog.scope(|pinger| {
        scene.pass(5);
        pinger.ping(); // too late
        scene.pass(1);
    });
    assert_eq!(slow.unwrap_err().to_string(), "jobs: timed out after 4s");
    scene.pass(10);
    assert!(scene.dog.watched().is_empty());
    let heard = scene.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].starts_with("jobs: scope at ") && heard[0].contains("api.rs:"), "{heard:?}");
}

/// W9
#[test]
fn a_scope_that_panics_is_no_longer_watched() {
    let scene = scene(|builder| builder);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = scene.dog.scope(|_| panic!("in a scope"));
    }));
    assert!(panicked.is_err());
    assert!(scene.dog.watched().is_empty());
}

#[test]
fn the_settings_read_back_with_what_was_left_open_filled_in() {
    let scene = scene(|builder| builder.startup_grace(9 * SECOND));
    let config = scene.dog.config();
    assert_eq!((config.timeout, config.check_interval), (4 * SECOND, Some(SECOND)));
    assert_eq!((config.startup_grace, config.repeat_every, config.counted), (Some(9 * SECOND), None, false));
    assert_eq!(scene.dog.name().to_string(), "jobs");
    scene.pass(8);
    assert_eq!(scene.dog.fired_count(), 0, "its first ping may take longer");
    scene.pass(1);
    assert_eq!(scene.dog.fired_count(), 1);
}

/// W2
#[test]
fn the_statistics_tell_pings_timeouts_the_last_ping_the_start_and_the_uptime() {
    let scene = scene(Builder::counted);
    let pinger = scene.dog.pinger("worker");
    scene.dog.ping();
    scene.dog.ping_timed();
    pinger.ping();
    pinger.ping_timed();
    drop(pinger);
    scene.pass(6);
    let stats = scene.dog.stats();
    assert_eq!((stats.pings, stats.timeouts, stats.alarms), (4, 1, 1));
    assert_eq!((stats.is_running, stats.is_triggered, stats.watched), (true, true, 1));
    assert_eq!(stats.last_ping.map(|ago| ago <= 6 * SECOND && ago >= 5 * SECOND), Some(true));
    assert_eq!((stats.uptime, stats.started), (6 * SECOND, Duration::from_secs(1_700_000_000)));
    assert!(stats.looks >= 6);
    assert_eq!((stats.overslept, stats.reader_panics, stats.reading_for), (0, 0, None));
    assert_eq!((stats.callback_panics, stats.events_lost), (0, 0));
    let debug = format!("{:?}", scene.dog);
    assert!(
        debug.contains("\"jobs\"") && debug.contains("timeout: 4s") && debug.contains("pings: 4"),
        "{debug}"
    );
}

#[cfg(feature = "serde")]
#[test]
fn statistics_and_silences_can_be_sent_elsewhere() {
    let scene = scene(|builder| builder);
    let stats = serde_json::to_value(scene.dog.stats()).unwrap();
    assert_eq!((&stats["name"], &stats["timeouts"]), (&"jobs".into(), &0.into()));
    let watched = serde_json::to_value(scene.dog.watched()).unwrap();
    assert_eq!(watched[0]["is_triggered"], false);
    let dump = serde_json::to_value(resil_watchdog::ThreadDump::take()).unwrap();
    assert!(dump["threads"].is_array());
}

#[test]
fn handles_and_pingers_can_be_sent_and_handles_shared() {
    fn is_shared<T: Send + Sync>() {}
    fn is_sent<T: Send>() {}
    is_shared::<Watchdog>();
    is_sent::<Pinger>();
    is_sent::<resil_watchdog::Rest<'_>>();
    is_sent::<resil_watchdog::Watch<()>>();
}
