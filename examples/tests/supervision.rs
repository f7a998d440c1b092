//! A supervisor and its worker as real processes: they are killed, stopped, deadlocked and asked to end.
//!
//! Times are asserted against hangs only; the figures themselves are printed.
#![cfg(unix)]

#[path = "supervision/scene.rs"]
mod scene;
#[path = "../supervision/service.rs"]
mod service;

use std::process::{Command, Stdio};
use std::time::Duration;

use resil::heartbeat::{Heartbeat, Status, is_alive, read};
use resil::{Clock, Moment, MonotonicClock};
use rustix::process::Signal;
use scene::{End, Folder, Scene, WATCHFUL, Worker};
use service::{Service, order};

/// The most that a beat may be old, and one look more, as the flags of these tests say.
const PROMISE: Duration = Duration::from_millis(1_050);

/// Whoever takes twenty times as long as was promised hangs.
const HANG: u32 = 20;

/// Says how long something took, for those who run the tests to know that.
fn figure(name: &str, from: Moment, to: Moment) -> Duration {
    let time = to.saturating_duration_since(from);
    println!("figure: {name}: {} us", time.as_micros());
    time
}

#[test]
fn a_killed_worker_is_seen_at_once_and_another_takes_its_place() {
    let folder = Folder::new("killed");
    let mut scene = Scene::start(&folder, "");
    let first = scene.worker();
    let killed = first.send(Signal::KILL);
    let (seen, status) = scene.expect(&format!("exited: pid {}, ", first.pid));
    assert_eq!(status, "SIGKILL");
    assert!(figure("kill -9: to the line that says so", killed, seen) < PROMISE * HANG);

    let second = scene.worker();
    let (again, _) = scene.expect(&format!("beating: pid {}", second.pid));
    figure("kill -9: to the first beat of the next worker, with a pause of 20 ms", killed, again);
    assert_ne!((first.pid, &first.instance), (second.pid, &second.instance));
    let end = scene.end_in_order();
    assert_eq!((end.count("missed"), end.count("restart: 1 in 20ms")), (0, 1), "{:#?}", end.lines);
}

#[test]
fn with_its_exit_unseen_a_killed_worker_is_found_stale() {
    let folder = Folder::new("stale");
    let mut scene = Scene::start(&folder, &format!("--ignore-exit {WATCHFUL}"));
    let first = scene.worker();
    let killed = first.send(Signal::KILL);
    let (seen, why) = scene.missed(&first);
    assert!(why.starts_with("stale, the last beat is "), "{why}");
    let after = figure("kill -9, exit unseen: to the line that says so", killed, seen);
    assert!(after < PROMISE * HANG);

    let second = scene.worker();
    assert_ne!(first.instance, second.instance);
    let end = scene.end_in_order();
    assert_eq!(end.count("exited"), 0, "{:#?}", end.lines);
}

#[test]
fn a_stopped_worker_does_not_hear_sigterm_and_is_killed() {
    let folder = Folder::new("stopped");
    let mut scene = Scene::start(&folder, WATCHFUL);
    let first = scene.worker();
    let stopped = first.send(Signal::STOP);
    let (seen, why) = scene.missed(&first);
    assert!(why.starts_with("stale, "), "{why}");
    assert!(figure("SIGSTOP: to the line that says so", stopped, seen) < PROMISE * HANG);
    is_killed_after_the_grace(&mut scene, &first);

    assert_ne!(scene.worker().instance, first.instance);
    scene.end_in_order();
}

/// SIGTERM comes first and does nothing.
fn is_killed_after_the_grace(scene: &mut Scene, worker: &Worker) {
    let (asked, _) = scene.expect(&format!("term: pid {}", worker.pid));
    let (killed, _) = scene.expect(&format!("kill: pid {}", worker.pid));
    figure("SIGTERM that is not heard: to SIGKILL, with a grace of 300 ms", asked, killed);
    let (_, status) = scene.expect(&format!("ended: pid {}, ", worker.pid));
    assert_eq!(status, "SIGKILL");
}

#[test]
fn a_deadlock_is_seen_though_the_beating_thread_lives() {
    let folder = Folder::new("deadlock");
    let mut scene = Scene::start(&folder, WATCHFUL);
    let first = scene.worker();
    scene.tell("deadlock");
    let (locked, _) = scene.expect(&format!("worker {}: deadlocked", first.pid));
    let (seen, why) = scene.missed(&first);
    assert_eq!(why, "stalled, no progress by orders");
    // It beats at least once more after its work has stood still for too long.
    assert!(figure("deadlock: to the line that says so", locked, seen) < PROMISE * HANG);
    let state = read(folder.heartbeat()).unwrap();
    assert_eq!((state.instance.as_ref(), state.status), (Some(&first.instance), Some(Status::Stalled)));
    is_killed_after_the_grace(&mut scene, &first);

    assert_ne!(scene.worker().instance, first.instance);
    scene.end_in_order();
}

#[test]
fn a_deadlocked_worker_that_hears_sigterm_ends_with_its_own_budget() {
    let folder = Folder::new("budget");
    let mut scene = Scene::start(&folder, &format!("--grace 40000 {WATCHFUL} --end-within 100"));
    let first = scene.worker();
    scene.tell("deadlock");
    scene.missed(&first);
    let (_, status) = scene.expect(&format!("ended: pid {}, ", first.pid));
    assert_eq!(status, "code 1");
    assert_ne!(scene.worker().instance, first.instance);
    scene.send(Signal::TERM);
    let end = scene.end();
    assert_eq!(end.count("kill"), 0, "{:#?}", end.lines);
}

#[test]
fn a_worker_that_ignores_sigterm_is_killed_after_the_grace() {
    let folder = Folder::new("deaf");
    let mut scene = Scene::start(&folder, &format!("--end-within 200 {WATCHFUL} --deaf"));
    let first = scene.worker();
    scene.tell("deadlock");
    scene.missed(&first);
    is_killed_after_the_grace(&mut scene, &first);

    // One that works well ignores it, too, when the supervisor is to end.
    let second = scene.worker();
    scene.send(Signal::TERM);
    let end = scene.end();
    let ended = format!("ended: pid {}, SIGKILL", second.pid);
    let order = ["stopping: SIGTERM", &format!("kill: pid {}", second.pid), &ended];
    assert!(has_in_order(&end, &order), "{:#?}", end.lines);
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("the worker did not end in order: SIGKILL"), "{}", end.stderr);
}

#[test]
fn who_is_asked_to_end_while_it_replaces_a_worker_says_that_this_one_was_killed() {
    let folder = Folder::new("both");
    let mut scene = Scene::start(&folder, &format!("--grace 1000 {WATCHFUL} --deaf"));
    let first = scene.worker();
    scene.tell("deadlock");
    scene.missed(&first);
    scene.expect(&format!("term: pid {}", first.pid));
    scene.send(Signal::TERM);
    let end = scene.end();
    let ended = format!("ended: pid {}, SIGKILL", first.pid);
    assert!(has_in_order(&end, &["stopping: SIGTERM", &ended]), "{:#?}", end.lines);
    assert_eq!((end.code, end.count("started")), (Some(1), 1), "{:#?}", end.lines);
    assert!(end.stderr.contains("the worker did not end in order: SIGKILL"), "{}", end.stderr);
}

/// Whether there are lines that end like that, one after the other.
fn has_in_order(end: &End, wanted: &[&str]) -> bool {
    let found: Vec<_> = wanted.iter().map(|text| end.position(text)).collect();
    found.iter().all(Option::is_some) && found.is_sorted()
}

#[test]
fn in_a_crash_loop_the_pauses_grow_and_the_supervisor_gives_up_at_its_limit() {
    let folder = Folder::new("crash-loop");
    let began = MonotonicClock.now();
    let flags = "--restarts 5 --backoff 25 --longest 200 -- --crash 3";
    let mut scene = Scene::start(&folder, flags);
    let (gave_up, _) = scene.expect("gave up: the worker needed too many restarts");
    let took = figure("crash loop: to giving up, with pauses of 575 ms", began, gave_up);
    assert!(took >= Duration::from_millis(25 + 50 + 100 + 200 + 200));
    let end = scene.end();
    assert_eq!(end.code, Some(75), "{}", end.stderr);
    let pauses: Vec<_> = end.lines.iter().filter_map(|line| line.strip_prefix("restart: ")).collect();
    assert_eq!(pauses, ["1 in 25ms", "2 in 50ms", "3 in 100ms", "4 in 200ms", "5 in 200ms"]);
    assert_eq!(end.lines.iter().filter(|line| line.ends_with(", code 3")).count(), 6);
}

#[test]
fn a_worker_that_was_healthy_resets_the_count() {
    // Healthy is here who was well at one look.
    for (healthy, code) in [("0", 0), ("60000", 75)] {
        let folder = Folder::new(&format!("healthy-{healthy}"));
        let mut scene = Scene::start(&folder, &format!("--restarts 1 --healthy {healthy}"));
        scene.worker().send(Signal::KILL);
        scene.worker().send(Signal::KILL);
        if code == 0 {
            scene.worker();
            scene.send(Signal::TERM);
        }
        let end = scene.end();
        assert_eq!(end.code, Some(code), "{:#?}", end.lines);
        assert_eq!(end.count("restart: 1 in 20ms"), if code == 0 { 2 } else { 1 }, "{:#?}", end.lines);
    }
}

#[test]
fn sigterm_and_sigint_end_both_in_order_and_raise_no_alarm() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT")] {
        let folder = Folder::new(name);
        let mut scene = Scene::start(&folder, "");
        let worker = scene.worker();
        let asked = MonotonicClock.now();
        scene.send(signal);
        let (ended, _) = scene.expect("stopped");
        figure(&format!("{name}: to the end of both"), asked, ended);
        let end = scene.end();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{:#?}", end.lines);

        let order = [
            &*format!("stopping: {name}"),
            "work: no more orders",
            &*format!("journal: ends after {}", folder.journal().len()),
            "heartbeat: stopped",
            &*format!("ended: pid {}, code 0", worker.pid),
        ];
        assert!(has_in_order(&end, &order), "{:#?}", end.lines);
        assert_eq!(end.lines.last().map(String::as_str), Some("stopped"));
        let alarms = ["missed", "term", "kill", "restart", "gave up", "exited"];
        assert!(alarms.iter().all(|alarm| end.count(alarm) == 0), "{:#?}", end.lines);

        let state = read(folder.heartbeat()).unwrap();
        assert_eq!((state.instance, state.status), (Some(worker.instance), Some(Status::Stopped)));
        assert!(!is_alive(folder.heartbeat()));
    }
}

#[test]
fn ctrl_c_comes_to_the_worker_once_and_cuts_no_end_short() {
    let folder = Folder::new("ctrl-c");
    let mut scene = Scene::start_in_the_foreground(&folder);
    scene.worker();
    scene.interrupt_the_foreground();
    let end = scene.end();
    assert_eq!(end.code, Some(0), "{:#?}\n{}", end.lines, end.stderr);
    assert!(has_in_order(&end, &["stopping: SIGINT", "heartbeat: stopped", ", code 0"]), "{:#?}", end.lines);
}

#[test]
fn a_supervisor_that_pauses_ends_at_once_when_asked_to() {
    let folder = Folder::new("pause");
    let flags = "--backoff 3600000 --longest 3600000 -- --crash 3";
    let mut scene = Scene::start(&folder, flags);
    scene.expect("restart: 1 in 3600s");
    let end = scene.end_in_order();
    assert!(has_in_order(&end, &["stopping: SIGTERM", "stopped"]), "{:#?}", end.lines);
    assert_eq!(end.count("started"), 1);
}

#[test]
fn a_worker_that_ends_by_itself_as_it_was_meant_to_is_not_replaced() {
    for flags in ["", "--ignore-exit"] {
        let folder = Folder::new(&format!("done{flags}"));
        let mut scene = Scene::start(&folder, flags);
        let worker = scene.worker();
        worker.send(Signal::TERM);
        scene.expect(&format!("exited: pid {}, code 0", worker.pid));
        let end = scene.end();
        assert_eq!(
            (end.code, end.count("started"), end.count("missed")),
            (Some(0), 1, 0),
            "{:#?}",
            end.lines
        );
    }
}

#[test]
fn a_hangup_is_passed_on() {
    let folder = Folder::new("hangup");
    let mut scene = Scene::start(&folder, "");
    let worker = scene.worker();
    scene.send(Signal::HUP);
    scene.expect(&format!("hangup: pid {}", worker.pid));
    scene.expect(&format!("worker {}: hangup: the breaker is reset", worker.pid));
    scene.end_in_order();
}

#[test]
fn a_worker_whose_supervisor_is_killed_ends_in_order() {
    let folder = Folder::new("orphan");
    let mut scene = Scene::start(&folder, "");
    scene.worker();
    scene.send(Signal::KILL);
    let end = scene.end();
    let order = ["stdin has ended", "work: no more orders", "heartbeat: stopped"];
    assert!(has_in_order(&end, &order), "{:#?}", end.lines);
    assert_eq!(read(folder.heartbeat()).unwrap().status, Some(Status::Stopped));
}

#[test]
fn the_beats_of_another_process_vouch_for_nobody() {
    let folder = Folder::new("another");
    let other = Heartbeat::to_file(folder.heartbeat()).interval(Duration::from_millis(50)).start().unwrap();
    let mut scene = Scene::start(&folder, "--startup 400 -- --mute");
    let (_, missed) = scene.expect("missed: pid ");
    assert!(missed.ends_with(", no beat within 400ms of its start"), "{missed}");
    scene.expect_nth("started: ", 1);
    assert!(is_alive(folder.heartbeat()), "it was fresh all the time");
    other.stop().unwrap();
    scene.send(Signal::TERM);
    scene.end();
}

#[test]
fn who_has_lost_its_place_neither_beats_nor_writes() {
    let folder = Folder::new("place");
    let mut scene = Scene::start(&folder, "");
    let worker = scene.worker();
    let mut second = Command::new(env!("CARGO_BIN_EXE_worker"));
    second.arg("--dir").arg(folder.path()).stdin(Stdio::piped());
    let output = second.output().unwrap();
    assert_eq!(output.status.code(), Some(73));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("not started: the journal is held by another process\n"), "{text}");
    assert_eq!(read(folder.heartbeat()).unwrap().instance.as_ref(), Some(&worker.instance));

    // Not even while the first one is stopped: it goes on after that.
    worker.send(Signal::STOP);
    let code = second.output().unwrap().status.code();
    worker.send(Signal::CONT);
    assert_eq!(code, Some(73));
    let end = scene.end_in_order();
    assert_eq!((end.count("missed"), end.count("started")), (0, 1), "{:#?}", end.lines);
    assert!(folder.journal().iter().all(|(_, pid)| *pid == worker.pid));
}

#[test]
fn a_service_that_is_down_makes_no_worker_stall() {
    let folder = Folder::new("down");
    let service = Service::start().unwrap();
    let flags = format!("-- --progress-limit 2500 --service {}", service.address());
    let mut scene = Scene::start(&folder, &flags);
    let worker = scene.worker();
    service.set_down(true);
    assert!(order(service.address()).is_err());
    scene.expect(&format!("worker {}: orders: closed -> open", worker.pid));
    // The circuit stays open for 500 ms each time: longer than the work may stand still, in all.
    scene.expect_nth(&format!("worker {}: orders: half_open -> open", worker.pid), 6);
    service.set_down(false);
    scene.expect(&format!("worker {}: orders: half_open -> closed", worker.pid));
    let end = scene.end_in_order();
    assert_eq!((end.count("missed"), end.count("started")), (0, 1), "{:#?}", end.lines);
}

#[test]
fn no_number_of_the_journal_is_missing_or_doubled_over_all_of_it() {
    let folder = Folder::new("all");

    let mut scene = Scene::start(&folder, WATCHFUL);
    for _ in 0..10 {
        scene.worker().send(Signal::KILL);
    }
    let stopped = scene.worker();
    stopped.send(Signal::STOP);
    scene.missed(&stopped);
    let deadlocked = scene.worker();
    scene.tell("deadlock");
    scene.missed(&deadlocked);
    let torn = scene.worker();
    scene.tell("tear");
    scene.expect(&format!("exited: pid {}, code 3", torn.pid));
    let after = scene.worker();
    let (_, found) = scene.expect(&format!("worker {}: journal: goes on after ", after.pid));
    assert!(!found.ends_with(", 0 torn bytes cut"), "{found}");
    scene.tell("exit 4");
    scene.expect(&format!("exited: pid {}, code 4", after.pid));
    scene.worker();
    scene.end_in_order();

    let mut scene = Scene::start(&folder, &format!("--ignore-exit {WATCHFUL} --deaf"));
    scene.worker().send(Signal::KILL);
    let deaf = scene.worker();
    scene.tell("deadlock");
    scene.missed(&deaf);
    scene.worker();
    scene.send(Signal::KILL);
    scene.end();

    let end = Scene::start(&folder, "--restarts 2 -- --crash 9").end();
    assert_eq!(end.code, Some(75), "{}", end.stderr);

    let mut scene = Scene::start(&folder, "");
    scene.worker();
    scene.end_in_order();

    let journal = folder.journal();
    let numbers: Vec<_> = journal.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    // Nobody has written after another had taken its place.
    let mut writers: Vec<_> = journal.iter().map(|(_, pid)| *pid).collect();
    writers.dedup();
    let turns = writers.len();
    writers.sort_unstable();
    writers.dedup();
    assert_eq!(turns, writers.len());
    assert!(turns >= 19, "{turns}");
}
