//! A watchdog of a state file, with readers that say what the test wants.

#![expect(clippy::unwrap_used, reason = "tests, and what they share")]

mod scene;

use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use resil_watchdog::{Builder, Cause, Event, ManualClock, Reading, Watchdog};
use scene::{Hand, LIMIT, SECOND, Scene};

/// What the file is from now on.
#[derive(Clone)]
struct Pen(Arc<Mutex<Result<Reading, &'static str>>>);

impl Pen {
    fn writes(&self, reading: impl Into<Reading>) {
        *self.0.lock().unwrap() = Ok(reading.into());
    }

    fn breaks(&self) {
        *self.0.lock().unwrap() = Err("torn");
    }
}

/// With a greatest age of 4 s, so a look each 2 s. At first the file is missing.
fn file(describe: impl FnOnce(Builder) -> Builder) -> (Scene, Pen) {
    let pen = Pen(Arc::new(Mutex::new(Ok(Reading::bad("missing")))));
    let copy = pen.clone();
    let reader = move |path: &Path, max_age: Duration| {
        assert_eq!((path, max_age), (Path::new("run/app.heartbeat"), 4 * SECOND));
        let reading = copy.0.lock().unwrap().clone();
        reading.unwrap_or_else(|text| panic!("{text}"))
    };
    let builder = Watchdog::from_state_file("run/app.heartbeat", reader).named("app").max_age(4 * SECOND);
    (Scene::of(describe(builder)), pen)
}

/// W4, W3
#[test]
fn a_file_that_never_was_good_is_told_of_whoever_else_is_watched() {
    let (scene, _pen) = file(|builder| builder);
    let pinger = scene.dog.pinger("worker");
    for _ in 0..5 {
        pinger.ping();
        scene.pass(1);
    }
    assert_eq!(scene.heard(), ["app: run/app.heartbeat: missing, not seen alive for 4.0s"]);
}

/// W3, W4: at the end of the greatest age, also where the file is looked at less often, and that is not looked at more often for it.
#[test]
fn a_pinger_that_starves_is_told_of_beside_a_file() {
    let (reads, clock) = (Arc::new(AtomicU32::new(0)), ManualClock::new());
    let count = Arc::clone(&reads);
    let (tell, told) = mpsc::channel();
    let dog = Watchdog::from_state_file("run/app.heartbeat", move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        true
    })
    .max_age(4 * SECOND)
    .check_interval(60 * SECOND)
    .on_timeout(move |silence| tell.send(silence.to_string()).unwrap())
    .clock(clock.clone())
    .start()
    .unwrap();
    let wait_for_look = |nth| {
        while dog.stats().looks < nth {
            thread::yield_now();
        }
    };
    wait_for_look(1);
    let _pinger = dog.pinger("worker");
    wait_for_look(2);
    clock.advance(4 * SECOND);
    assert_eq!(told.recv_timeout(LIMIT).unwrap(), "unnamed: worker: silent for 4.0s");
    assert_eq!(reads.load(Ordering::SeqCst), 1);
    // Ahead of which the file is not looked at, nor taken for silent.
    clock.advance(56 * SECOND);
    while reads.load(Ordering::SeqCst) < 2 {
        thread::yield_now();
    }
    assert_eq!(dog.fired_count(), 1);
}

/// W4
#[test]
fn a_file_that_is_bad_is_told_of_once_and_again_after_it_was_good() {
    let (scene, pen) = file(|builder| builder);
    pen.writes("alive");
    scene.pass(10);
    pen.writes("stale, 9s old");
    scene.pass(10);
    assert!(scene.dog.is_triggered());
    pen.writes(true);
    scene.pass(2);
    assert!(!scene.dog.is_triggered());
    pen.writes(false);
    scene.pass(3);
    assert_eq!(
        scene.heard(),
        [
            "app: run/app.heartbeat: stale, 9s old, not seen alive for 2.0s",
            "app: no longer silent, after 22.0s",
            "app: run/app.heartbeat: not alive, not seen alive for 2.0s"
        ]
    );
}

/// W4
#[test]
fn a_file_that_is_not_there_yet_has_its_grace() {
    let (scene, pen) = file(|builder| builder);
    scene.pass(1);
    assert_eq!(scene.dog.fired_count(), 0);
    scene.pass(1);
    assert_eq!(scene.dog.fired_count(), 1, "at the end of the 4 s");
    pen.writes("alive");
    scene.pass(1);

    let (scene, pen) = file(|builder| builder.startup_grace(60 * SECOND));
    scene.pass(10);
    pen.writes("alive");
    scene.pass(1);
    pen.writes("stale");
    scene.pass(1);
    assert_eq!(scene.dog.fired_count(), 1, "once it was good, the grace is over");

    let (scene, _) = file(|builder| builder.startup_grace(Duration::ZERO));
    assert_eq!(scene.dog.fired_count(), 1, "without one it is told at the first look");
}

/// W4
#[test]
fn a_writer_that_has_stopped_is_no_alarm() {
    let (scene, pen) = file(|builder| builder);
    pen.writes("alive");
    scene.pass(2);
    pen.writes("stopped");
    scene.pass(50);
    assert_eq!(scene.dog.check(), Ok(()));
    pen.writes("alive");
    scene.pass(2);
    assert!(scene.heard().is_empty());
}

/// W4
#[test]
fn it_looks_at_once_and_then_exactly_each_interval() {
    let looks = Arc::new(Mutex::new(Vec::new()));
    let copy = Arc::clone(&looks);
    let scene = Scene::of(
        Watchdog::from_state_file("x", move |_, _| {
            copy.lock().unwrap().push(());
            Reading::Alive
        })
        .max_age(100 * SECOND)
        .check_interval(3 * SECOND),
    );
    assert_eq!(looks.lock().unwrap().len(), 1);
    scene.pass(7);
    assert_eq!(looks.lock().unwrap().len(), 8);
}

/// W4
#[test]
fn a_reader_that_panics_is_counted_its_file_bad_and_the_monitor_goes_on() {
    let (scene, pen) = file(|builder| builder);
    pen.writes("alive");
    scene.pass(2);
    pen.breaks();
    scene.pass(3);
    pen.writes("alive");
    scene.pass(1);
    let stats = scene.dog.stats();
    assert_eq!((stats.reader_panics, stats.is_running, stats.is_triggered), (3, true, false));
    assert_eq!(
        scene.heard(),
        [
            "app: run/app.heartbeat: the reader panicked: torn, not seen alive for 2.0s",
            "app: no longer silent, after 8.0s"
        ]
    );
}

/// W4
#[test]
fn while_a_reader_hangs_a_check_is_an_error_and_the_statistics_show_it() {
    let (release, hold) = mpsc::channel::<()>();
    let hold = Mutex::new(hold);
    let (begin, started) = mpsc::channel();
    let reader = move |_: &Path, _| {
        begin.send(()).unwrap();
        hold.lock().unwrap().recv().is_ok()
    };
    let clock = ManualClock::new();
    let dog =
        Watchdog::from_state_file("fifo", reader).max_age(4 * SECOND).clock(clock.clone()).start().unwrap();
    started.recv_timeout(LIMIT).unwrap();
    clock.advance(4 * SECOND);
    assert_eq!(dog.check(), Ok(()));
    clock.advance(SECOND);
    assert_eq!(dog.check().unwrap_err().limit(), Some(5 * SECOND));
    assert_eq!(dog.stats().reading_for, Some(5 * SECOND));
    dog.stop();
    assert_eq!((dog.check(), dog.is_running()), (Ok(()), false));
    drop(release);
}

/// W4, W7
#[test]
fn a_reader_is_not_called_after_the_stop() {
    let (scene, _) = file(|builder| builder);
    let before = scene.dog.stats().looks;
    scene.dog.stop();
    scene.pass(5);
    assert_eq!(scene.dog.stats().looks, before);
}

/// Says so when the thread ends that it was made on.
struct Ends(mpsc::Sender<thread::ThreadId>);

impl Drop for Ends {
    fn drop(&mut self) {
        _ = self.0.send(thread::current().id());
    }
}

thread_local! {
    static ENDS: RefCell<Option<Ends>> = const { RefCell::new(None) };
}

/// W7
#[test]
fn a_monitor_that_comes_back_after_another_has_taken_its_place_ends() {
    let (release, hold) = mpsc::channel::<()>();
    let hold = Mutex::new(Some(hold));
    let (begin, started) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    let reader = move |_: &Path, _| {
        ENDS.set(Some(Ends(end.clone())));
        begin.send(thread::current().id()).unwrap();
        let hold = hold.lock().unwrap().take();
        _ = hold.map(|hold| hold.recv());
        Reading::Alive
    };
    let clock = Hand::default();
    let dog = Watchdog::from_state_file("fifo", reader).clock(clock).start().unwrap();
    let first = started.recv_timeout(LIMIT).unwrap();
    dog.stop();
    dog.restart().unwrap();
    let second = started.recv_timeout(LIMIT).unwrap();
    assert_ne!(first, second);
    while dog.stats().looks == 0 {
        thread::yield_now();
    }
    drop(release);
    assert_eq!(ended.recv_timeout(LIMIT).unwrap(), first);
    assert_eq!((dog.stats().looks, dog.is_running()), (1, true));
    dog.stop();
    assert_eq!(ended.recv_timeout(LIMIT).unwrap(), second);
}

/// W5
#[test]
fn the_cause_has_the_path_and_the_verdict() {
    let (scene, _) = file(|builder| builder.startup_grace(Duration::ZERO));
    assert!(matches!(scene.hear(), Event::Started { .. }));
    let Event::TimedOut(silence) = scene.hear() else { panic!("an alarm") };
    assert_eq!(silence.who, None);
    let Cause::File { path, verdict, .. } = silence.cause else { panic!("{:?}", silence.cause) };
    assert_eq!((path.as_path(), verdict.as_ref()), (Path::new("run/app.heartbeat"), "missing"));
}

/// W4: what stands in the file is the reader's business, and whatever it says is a verdict.
#[test]
fn readers_may_say_it_in_many_ways() {
    let reading = |reading: Reading| reading;
    assert_eq!(reading(true.into()), Reading::Alive);
    assert_eq!(reading("ALIVE".into()), Reading::Alive);
    assert_eq!(reading(String::from("stopped").into()), Reading::Stopped);
    assert_eq!(reading(String::from("stale").into()), Reading::bad("stale"));
    assert_eq!(reading("".into()), Reading::bad(""));
    assert_eq!(reading(Ok::<_, String>("alive").into()), Reading::Alive);
    assert_eq!(reading(Ok::<_, String>(Ok::<_, String>(true)).into()), Reading::Alive);
    assert_eq!(reading(Err::<bool, _>("permission denied").into()), Reading::bad("permission denied"));
}

/// W4: real files, which no reader needs to fear.
#[test]
fn a_reader_of_real_files_gives_verdicts() {
    let folder = std::env::temp_dir().join(format!("resil-watchdog-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("state");
    let reader = |path: &Path, _| std::fs::read_to_string(path);
    let scene = Scene::of(
        Watchdog::from_state_file(&path, reader)
            .named("app")
            .max_age(4 * SECOND)
            .startup_grace(Duration::ZERO),
    );
    for (content, is_bad) in [
        (&b"alive"[..], false),
        (b"[]", true),
        (b"stopped", false),
        (b"\xff\xfe", true),
        (b"alive", false),
        (b"", true),
    ] {
        std::fs::write(&path, content).unwrap();
        scene.pass(1);
        assert_eq!(scene.dog.is_triggered(), is_bad, "{content:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
