//! Listeners and callbacks: they hear of everything in order, off the schedule, and can stop nothing.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::unwrap_used, reason = "a test")]

mod scene;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

#[cfg(feature = "tokio")]
use resil_heartbeat::Heartbeat;
use resil_heartbeat::{Builder, Event, Notice, Severity};
use scene::{FORMS, LIMIT, SECOND, Scene};

/// Everything that the listeners of a heartbeat hear from its beginning on.
fn hearing(builder: Builder) -> (Builder, Receiver<String>) {
    let (tell, heard) = channel();
    let alerts = tell.clone();
    let builder = builder
        .on_beat({
            let tell = tell.clone();
            move |state| tell.send(format!("beat {}", state.sequence.unwrap())).unwrap()
        })
        .on_missed_beat({
            let tell = tell.clone();
            move |error| tell.send(format!("missed: {error}")).unwrap()
        })
        .on_target_dead(move || tell.send("dead".into()).unwrap())
        .on_alert(move |channel, message, event| {
            assert_eq!((channel, message), (event.kind(), &*event.to_string()));
            alerts.send(format!("{channel}: {message}")).unwrap();
        });
    (builder, heard)
}

fn expect(heard: &Receiver<String>, wanted: &[&str]) {
    for line in wanted {
        assert_eq!(heard.recv_timeout(LIMIT).as_deref(), Ok(*line));
    }
}

/// H7: `on_beat`, `on_missed_beat`, `on_target_dead` and `on_alert`, in the order of what happened.
#[test]
fn callbacks_hear_what_they_are_for_in_order() {
    for form in FORMS {
        let is_dead = Arc::new(AtomicBool::new(false));
        let fails = Arc::new(AtomicBool::new(false));
        let (dead, failing) = (Arc::clone(&is_dead), Arc::clone(&fails));
        let mut heard = None;
        let scene = Scene::set(form, |builder| {
            let (builder, receiver) = hearing(builder.name("api"));
            heard = Some(receiver);
            builder.target(move || dead.load(Ordering::SeqCst)).sink(move |_| {
                if failing.load(Ordering::SeqCst) { Err(std::io::Error::other("no network")) } else { Ok(()) }
            })
        });
        let heard = heard.unwrap();
        expect(&heard, &["beat 1"]);
        scene.advance(10 * SECOND);
        expect(&heard, &["beat 2"]);
        scene.until_asleep();
        fails.store(true, Ordering::SeqCst);
        is_dead.store(true, Ordering::SeqCst);
        scene.advance(30 * SECOND);
        expect(
            &heard,
            &[
                "skipped: api: beats left out: 2",
                "missed: a sink did not take the beat",
                "missed_beat: api: a sink did not take the beat: no network, missed 1 in a row",
                "dead",
                "target_dead: api: the target is dead",
            ],
        );
        scene.until_asleep();
        fails.store(false, Ordering::SeqCst);
        scene.advance(10 * SECOND);
        expect(&heard, &["beat 4"]);
        let _ticket = scene.heartbeat.progress_within("indexer", 10 * SECOND).unwrap();
        scene.advance(10 * SECOND);
        expect(&heard, &["status_changed: api: running, now stalled, no progress by indexer", "beat 5"]);
        scene.heartbeat.stop().unwrap();
        drop(scene);
        assert!(heard.recv_timeout(LIMIT).is_err(), "a stop raises no alarm");
    }
}

/// H7: the death of a target is told once, and again after it has lived.
#[test]
fn a_target_is_told_dead_once_for_each_death() {
    for form in FORMS {
        let is_dead = Arc::new(AtomicBool::new(true));
        let dead = Arc::clone(&is_dead);
        let deaths = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&deaths);
        let scene = Scene::set(form, |builder| {
            builder
                .target(move || dead.load(Ordering::SeqCst))
                .on_target_dead(move || _ = count.fetch_add(1, Ordering::SeqCst))
        });
        while deaths.load(Ordering::SeqCst) == 0 {
            // It is asked as soon as it begins.
            std::thread::yield_now();
        }
        let (tell, told) = channel();
        scene.heartbeat.observe(move |event| tell.send(event.to_string()).unwrap()).forget();
        for is_dead_now in [true, true, true, false, false, true, true] {
            scene.until_asleep();
            is_dead.store(is_dead_now, Ordering::SeqCst);
            scene.advance(10 * SECOND);
            while !told.recv_timeout(LIMIT).unwrap().contains("beat") {}
        }
        scene.until_asleep();
        assert_eq!(scene.heartbeat.stats().target_deaths, 2);
        scene.heartbeat.stop().unwrap();
        while told.recv_timeout(LIMIT).unwrap() != "unnamed: stopped" {}
        assert_eq!(deaths.load(Ordering::SeqCst), 2);
    }
}

/// H7: the optional repeat, with backoff.
#[test]
fn a_death_is_told_again_where_that_was_asked_for() {
    let (tell, told) = channel();
    let scene = Scene::set(FORMS[0], |builder| {
        builder
            .target(|| true)
            .target_repeat(20 * SECOND, 40 * SECOND)
            .on_target_dead({
                let tell = tell.clone();
                move || tell.send("dead").unwrap()
            })
            .on_beat(move |_| tell.send("beat").unwrap())
    });
    let mut heard = Vec::new();
    for _ in 0..13 {
        scene.advance(10 * SECOND);
        scene.until_asleep();
    }
    while heard.iter().filter(|word| **word == "beat").count() < 14 {
        heard.push(told.recv_timeout(LIMIT).unwrap());
    }
    let beats_before: Vec<_> = (0..heard.len())
        .filter(|at| heard[*at] == "dead")
        .map(|at| heard[..at].iter().filter(|word| **word == "beat").count() - 1)
        .collect();
    assert_eq!(beats_before, [0, 2, 6, 10], "at 0, 20, 60 and 100 s");
}

/// H7: panics are contained and counted, of callbacks and of the target.
#[test]
fn panics_of_callbacks_are_counted_and_harm_nobody() {
    for form in FORMS {
        let (tell, told) = channel();
        let scene = Scene::set(form, |builder| {
            builder
                .target(|| -> bool { std::panic::resume_unwind(Box::new("in a target")) })
                .on_beat(|_| std::panic::resume_unwind(Box::new("in a callback")))
                .on_beat(move |state| tell.send(state.sequence).unwrap())
        });
        assert_eq!(told.recv_timeout(LIMIT), Ok(Some(1)));
        scene.advance(10 * SECOND);
        assert_eq!(told.recv_timeout(LIMIT), Ok(Some(2)));
        scene.until_asleep();
        while scene.heartbeat.stats().callback_panics < 4 {
            std::thread::yield_now();
        }
        assert_eq!((scene.heartbeat.stats().target_deaths, scene.heartbeat.is_running()), (0, true));
    }
}

/// H7: callbacks never overlap, and one that hangs holds up no beat.
#[test]
fn a_slow_callback_delays_no_beat_and_never_runs_beside_itself() {
    for form in FORMS {
        let (release, hold) = channel::<()>();
        let (hold, running) = (Mutex::new(hold), Arc::new(AtomicUsize::new(0)));
        let (busy, (tell, told)) = (Arc::clone(&running), channel());
        let scene = Scene::set(form, |builder| {
            builder.on_beat(move |state| {
                assert_eq!(busy.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                hold.lock().unwrap().recv().unwrap();
                busy.fetch_sub(1, Ordering::SeqCst);
                tell.send(state.sequence.unwrap()).unwrap();
            })
        });
        for number in 2..6 {
            scene.advance(10 * SECOND);
            while scene.next().0 < number {}
        }
        while running.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        for number in 1..6 {
            release.send(()).unwrap();
            assert_eq!(told.recv_timeout(LIMIT), Ok(number));
        }
        assert_eq!(scene.heartbeat.stats().callback_panics, 0);
    }
}

/// C3: a subscription that is dropped hears no more, and what is lost is counted.
#[test]
fn a_listener_may_go_and_one_that_hangs_loses_the_oldest_events() {
    let scene = Scene::set(FORMS[0], |builder| builder);
    let (tell, told) = channel();
    let copy = tell.clone();
    let subscription = scene.heartbeat.observe(move |event| copy.send(event.kind()).unwrap());
    scene.advance(10 * SECOND);
    assert_eq!((told.recv_timeout(LIMIT), told.recv_timeout(LIMIT)), (Ok("status_changed"), Ok("beat")));
    drop(subscription);
    scene.advance(10 * SECOND);
    while scene.next().0 < 3 {}
    scene.until_asleep();
    let ((release, hold), (begin, has_begun)) = (channel::<()>(), channel());
    let hold = Mutex::new(hold);
    scene
        .heartbeat
        .observe(move |event| {
            begin.send(()).unwrap();
            let _ = hold.lock().unwrap().recv();
            tell.send(event.kind()).unwrap();
        })
        .forget();
    for number in 4..304 {
        scene.advance(10 * SECOND);
        while scene.next().0 < number {}
        if number == 4 {
            has_begun.recv_timeout(LIMIT).unwrap();
        }
    }
    scene.until_asleep();
    // One is being told, 256 wait.
    assert_eq!(scene.heartbeat.stats().events_lost, 300 - 257);
    drop(release);
    for _ in 0..257 {
        assert_eq!(told.recv_timeout(LIMIT), Ok("beat"));
    }
}

/// What each event says.
#[test]
fn events_read_as_sentences() {
    let is_dead = Arc::new(AtomicBool::new(false));
    let dead = Arc::clone(&is_dead);
    let (tell, told) = channel();
    let scene = Scene::set(FORMS[0], |builder| {
        builder
            .name("api")
            .target(move || dead.load(Ordering::SeqCst))
            .target_repeat(10 * SECOND, 10 * SECOND)
            .sink(|state| {
                let fails = state.sequence == Some(3);
                if fails { Err(std::io::Error::other("no network")) } else { Ok(()) }
            })
    });
    let observed = scene.heartbeat.observe(move |event: &Event| {
        let severity = match event.severity() {
            Severity::Debug => "debug",
            Severity::Info => "info ",
            Severity::Warn => "warn ",
        };
        tell.send(format!("{severity} {:<14} {event}", event.kind())).unwrap();
        assert_eq!(event.name().as_str(), "api");
        assert!(!format!("{event:?}").is_empty());
    });
    scene.until_asleep();
    is_dead.store(true, Ordering::SeqCst);
    scene.advance(10 * SECOND);
    scene.until_asleep();
    let ticket = scene.heartbeat.progress_within("indexer", 10 * SECOND).unwrap();
    scene.advance(30 * SECOND);
    scene.until_asleep();
    is_dead.store(false, Ordering::SeqCst);
    ticket.advance();
    scene.advance(10 * SECOND);
    scene.until_asleep();
    scene.heartbeat.stop().unwrap();
    drop(ticket);
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line: &String| !line.ends_with("stopped")) {
        lines.push(told.recv_timeout(LIMIT).unwrap());
    }
    drop(observed);
    insta::assert_snapshot!(lines.join("\n"), @r"
    info  status_changed api: starting, now running
    debug beat           api: beat 2
    warn  target_dead    api: the target is dead
    warn  skipped        api: beats left out: 2
    warn  status_changed api: running, now stalled, no progress by indexer
    warn  missed_beat    api: a sink did not take the beat: no network, missed 1 in a row
    warn  target_dead    api: the target is still dead, for 30.0s
    info  status_changed api: stalled, now running
    debug beat           api: beat 4
    info  target_revived api: the target lives again, after 40.0s
    info  stopped        api: stopped
    ");
}

/// C7: async callbacks do what the others do.
#[test]
fn async_callbacks_hear_the_same() {
    async fn later<T>(value: T) -> T {
        #[cfg(feature = "tokio")]
        tokio::task::yield_now().await;
        #[cfg(not(feature = "tokio"))]
        std::future::ready(()).await;
        value
    }
    #[cfg(feature = "tokio")]
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (tell, told) = channel();
    let scene =
        Scene::set(FORMS[0], |builder| {
            #[cfg(feature = "tokio")]
            let builder = builder.runtime(runtime.handle().clone());
            let (beat, missed, dead, alert) = (tell.clone(), tell.clone(), tell.clone(), tell);
            builder
                .target(|| true)
                .sink(|state| {
                    if state.sequence == Some(2) { Err(std::io::Error::other("no network")) } else { Ok(()) }
                })
                .on_beat_async(async move |state| {
                    beat.send(format!("beat {:?}", later(state).await.sequence)).unwrap();
                })
                .on_missed_beat_async(async move |error| missed.send(later(error).await.to_string()).unwrap())
                .on_target_dead_async(async move || dead.send(later("dead").await.to_owned()).unwrap())
                .on_alert_async(async move |channel, message, event| {
                    assert_eq!(later(event).await.to_string(), message);
                    alert.send(channel.to_owned()).unwrap();
                })
        });
    let next = || told.recv_timeout(LIMIT).unwrap();
    assert_eq!([next(), next(), next()], ["beat Some(1)", "dead", "target_dead"]);
    scene.advance(10 * SECOND);
    assert_eq!([next(), next()], ["a sink did not take the beat", "missed_beat"]);
}

/// C7: with tokio and without a runtime, async callbacks are an error and no silent skip.
#[cfg(feature = "tokio")]
#[test]
fn async_callbacks_without_a_runtime_are_an_error() {
    use resil_heartbeat::HeartbeatError;

    let described = || Heartbeat::builder().on_beat_async(async |_| ());
    assert!(matches!(described().start(), Err(HeartbeatError::NoRuntime)));
    assert!(matches!(
        described().start_task(resil_heartbeat::ManualClock::new()),
        Err(HeartbeatError::NoRuntime)
    ));
    assert!(matches!(described().spawn(), Err(HeartbeatError::NoRuntime)));
    assert!(matches!(Heartbeat::builder().spawn(), Err(HeartbeatError::NoRuntime)));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let entered = runtime.enter();
    assert!(described().start().is_ok(), "found");
    drop(entered);
    assert!(described().runtime(runtime.handle().clone()).start().is_ok(), "given");
}

/// What reaches serde is whole.
#[cfg(feature = "serde")]
#[test]
fn events_stats_and_verdicts_can_be_written() {
    let (tell, told) = channel();
    let scene = Scene::set(FORMS[0], |builder| builder.name("api"));
    scene.heartbeat.observe(move |event| tell.send(serde_json::to_value(event).unwrap()).unwrap()).forget();
    scene.advance(10 * SECOND);
    let changed = told.recv_timeout(LIMIT).unwrap();
    assert_eq!(changed["status_changed"]["to"], "running");
    let beat = told.recv_timeout(LIMIT).unwrap();
    assert_eq!((&beat["beat"]["name"], &beat["beat"]["state"]["sequence"]), (&"api".into(), &2.into()));
    let stats = serde_json::to_value(scene.heartbeat.stats()).unwrap();
    assert_eq!((&stats["status"], &stats["beats"]), (&"running".into(), &2.into()));
    let config = serde_json::to_value(scene.heartbeat.config()).unwrap();
    assert_eq!(config["interval"], "10s");
    let verdict = scene.heartbeat.state().liveness(SECOND);
    assert!(serde_json::to_string(&verdict).unwrap().contains("age"));
}
