//! Real runtimes, whose workers are really blocked. Times are asserted with twenty times the promise, against hangs only.
#![cfg(feature = "tokio")]
#![expect(clippy::unwrap_used, reason = "tests, and what they share")]

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil_watchdog::{Cause, Clock, Event, ManualClock, MonotonicClock, Silence, ThreadDump, Watchdog};
use tokio::runtime::{Builder, Runtime};

/// The timeout of these watchdogs; a tick is a quarter of it.
const TIMEOUT: Duration = Duration::from_millis(400);

/// How long to wait for what has to come.
const LIMIT: Duration = Duration::from_secs(30);

/// A watchdog, and its alarms.
fn watching() -> (Watchdog, Receiver<Silence>) {
    let (tell, told) = channel();
    let tell = move |silence: &Silence| _ = tell.send(silence.clone());
    (Watchdog::new(TIMEOUT).named("api").on_timeout(tell).start().unwrap(), told)
}

fn runtime(workers: usize) -> Runtime {
    runtime_of(workers, "worker")
}

/// With threads of that name, where others in this process have workers, too.
fn runtime_of(workers: usize, name: &str) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).thread_name(name).enable_time().build().unwrap()
}

/// Blocks so many workers until what is returned is dropped; each on a task of its own.
fn block(runtime: &Runtime, workers: usize) -> Vec<Sender<()>> {
    let (begin, started) = channel();
    let block = |_| {
        let (release, hold) = channel::<()>();
        let begin = begin.clone();
        runtime.spawn(async move {
            begin.send(()).unwrap();
            _ = hold.recv();
        });
        release
    };
    let releases = (0..workers).map(block).collect();
    (0..workers).for_each(|_| started.recv_timeout(LIMIT).unwrap());
    releases
}

/// Waits until none of those who are watched is at work.
fn wait_until_parked(dog: &Watchdog) {
    while dog.watched().iter().any(|watched| !watched.silent_for.is_zero()) {
        std::thread::yield_now();
    }
}

fn index(silence: &Silence) -> (usize, usize) {
    match silence.cause {
        Cause::Worker { index, of, .. } => (index, of),
        ref other => panic!("{other:?}"),
    }
}

/// W6, W5
#[test]
fn a_runtime_whose_workers_are_all_blocked_is_noticed_and_the_dump_lists_what_every_thread_does() {
    let runtime = runtime_of(2, "blocked-worker");
    let (dog, told) = watching();
    let _watched = dog.watch_tokio(runtime.handle());
    wait_until_parked(&dog);
    let began = MonotonicClock.now();
    let blocked = block(&runtime, 2);
    let silences: Vec<_> = (0..2).map(|_| told.recv_timeout(LIMIT).unwrap()).collect();
    let after = MonotonicClock.now().saturating_duration_since(began);
    println!("figure: both workers of a runtime blocked, noticed, 400 ms + 100: {} us", after.as_micros());
    assert!(after >= TIMEOUT && after < 20 * (TIMEOUT + TIMEOUT / 4), "{after:?}");
    let workers: BTreeSet<_> = silences.iter().map(index).collect();
    assert_eq!(workers, BTreeSet::from([(0, 2), (1, 2)]));
    assert!(silences.iter().all(|silence| silence.lasted >= TIMEOUT));
    let text = silences[0].to_string();
    assert!(text.starts_with("api: tokio worker ") && text.contains(" of 2: blocked for "), "{text}");
    if cfg!(target_os = "linux") {
        let dump = ThreadDump::take();
        println!("{dump}");
        let blocked: Vec<_> = dump.threads.iter().filter(|thread| thread.name == "blocked-worker").collect();
        assert_eq!(blocked.len(), 2, "{dump}");
        assert!(blocked.iter().all(|thread| thread.state == 'S'), "{dump}");
        assert!(dump.threads.iter().any(|thread| thread.name == "resil-watchdog"), "{dump}");
    }
    drop(blocked);
}

/// W6
#[test]
fn one_blocked_worker_of_several_is_the_one_that_is_told_and_idle_ones_are_not() {
    let runtime = runtime(3);
    let (dog, told) = watching();
    let _watched = dog.watch_tokio(runtime.handle());
    wait_until_parked(&dog);
    let began = MonotonicClock.now();
    let blocked = block(&runtime, 1);
    let silence = told.recv_timeout(LIMIT).unwrap();
    let after = MonotonicClock.now().saturating_duration_since(began);
    println!("figure: one worker of three blocked, noticed, 400 ms + 100: {} us", after.as_micros());
    assert!(after >= TIMEOUT, "{after:?}");
    let (worker, of) = index(&silence);
    assert_eq!(of, 3);
    // The others go on, and some work for all of them shows that none is taken for blocked.
    runtime.block_on(async {
        for _ in 0..1_000 {
            tokio::spawn(tokio::task::yield_now()).await.unwrap();
        }
    });
    let triggered: Vec<_> = dog.watched().into_iter().filter(|watched| watched.is_triggered).collect();
    assert_eq!(triggered.len(), 1);
    assert_eq!(triggered[0].who.as_deref(), Some(format!("tokio worker {worker} of 3").as_str()));
    drop(blocked);
    // It recovers by itself.
    while dog.is_triggered() {
        std::thread::yield_now();
    }
    assert_eq!(told.try_iter().count(), 0);
}

/// W6
#[test]
fn a_runtime_of_the_current_thread_is_noticed_as_well() {
    let (dog, told) = watching();
    let runtime = Builder::new_current_thread().build().unwrap();
    let silence = runtime.block_on(async {
        let _watched = dog.watch_tokio(&tokio::runtime::Handle::current());
        // Blocks the one thread that there is.
        told.recv_timeout(LIMIT).unwrap()
    });
    assert_eq!(index(&silence), (0, 1));
}

/// W6
#[test]
fn a_runtime_that_is_idle_or_busy_with_short_work_is_not_told() {
    let clock = ManualClock::new();
    let (tell, told) = channel();
    let dog = Watchdog::new(4 * LIMIT)
        .observe(move |event: &Event| _ = tell.send(event.clone()))
        .clock(clock.clone())
        .start()
        .unwrap();
    let runtime = runtime(2);
    let _watched = dog.watch_tokio(runtime.handle());
    // Idle: whatever the time, parked workers are not silent.
    let are_parked = || dog.watched().iter().all(|watched| watched.silent_for.is_zero());
    for _ in 0..1_000 {
        while !are_parked() {
            std::thread::yield_now();
        }
        clock.advance(Duration::from_secs(1));
        dog.look();
    }
    // Busy: each look finds that some work was done, as the test does some between two looks.
    let stop = Arc::new(Mutex::new(false));
    for _ in 0..2 {
        let stop = Arc::clone(&stop);
        runtime.spawn(async move {
            while !*stop.lock().unwrap() {
                tokio::task::yield_now().await;
            }
        });
    }
    for _ in 0..300 {
        while !are_parked() {
            std::thread::yield_now();
        }
        clock.advance(Duration::from_secs(1));
        dog.look();
    }
    *stop.lock().unwrap() = true;
    dog.stop();
    let events: Vec<_> = told.iter().take_while(|event| !matches!(event, Event::Stopped { .. })).collect();
    assert!(events.iter().all(|event| matches!(event, Event::Started { .. })), "{events:?}");
}

/// W6
#[test]
fn a_runtime_that_has_ended_is_no_longer_watched_and_raises_no_alarm() {
    let runtimes = [runtime(2), Builder::new_current_thread().build().unwrap()];
    for runtime in runtimes {
        let (dog, told) = watching();
        dog.watch_tokio(runtime.handle()).forget();
        assert!(!dog.watched().is_empty());
        runtime.block_on(tokio::task::yield_now());
        drop(runtime);
        while !dog.watched().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(told.try_iter().count(), 0);
    }
}

/// W6
#[test]
fn whoever_drops_the_subscription_no_longer_watches() {
    let runtime = runtime(2);
    let (dog, _) = watching();
    let watched = dog.watch_tokio(runtime.handle());
    assert_eq!(dog.watched().len(), 2);
    drop(watched);
    assert!(dog.watched().is_empty());
}

/// W6, W5: what the monitor does needs no runtime.
#[test]
fn with_a_blocked_runtime_callbacks_run_all_the_same_async_ones_too() {
    let runtime = runtime(1);
    let (tell, told) = channel();
    let dog = Watchdog::new(TIMEOUT)
        .runtime(runtime.handle().clone())
        .on_timeout_async(move |silence| {
            let tell = tell.clone();
            async move { tell.send(silence).unwrap() }
        })
        .start()
        .unwrap();
    dog.watch_tokio(runtime.handle()).forget();
    let blocked = block(&runtime, 1);
    assert_eq!(index(&told.recv_timeout(LIMIT).unwrap()), (0, 1));
    drop(blocked);
}
