//! Real processes, signals, limits and clocks.
//!
//! In release, writers are killed 1,000 times; otherwise 200 times.
#![cfg(all(unix, not(any(loom, shuttle))))]
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "process/clocks.rs"]
#[cfg(target_os = "linux")]
mod clocks;
mod folder;
#[path = "process/programs.rs"]
mod programs;
#[path = "process/systemd.rs"]
#[cfg(all(feature = "systemd", target_os = "linux"))]
mod systemd;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use folder::Folder;
use resil_heartbeat::testing::child::{self, Child};
use resil_heartbeat::{
    Clock, Heartbeat, Liveness, Moment, MonotonicClock, Reader, State, Status, liveness, read,
};
use rustix::process::{Pid, Signal, kill_process};

const MAX_AGE: Duration = Duration::from_secs(600);

/// Runs the program that the environment names, in a child; in the parent there is none to run.
#[test]
fn a_child_runs_its_program_here() {
    child::run(|name| programs::run(name));
}

/// Starts the program of that name, which writes or reads that file.
fn start(program: &str, file: &Path) -> Child {
    start_by(child::program(program), file).unwrap()
}

fn start_by(mut command: Command, file: &Path) -> std::io::Result<Child> {
    Child::start(command.env(programs::FILE, file))
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child.process()), signal).unwrap();
}

/// Says how long something took, for those who run the tests to know that.
fn figure(name: &str, since: Moment) {
    let time = MonotonicClock.now().saturating_duration_since(since);
    println!("figure: {name}: {} us", time.as_micros());
}

/// Looks until `is_so`, for no longer than what is a hang.
fn until(look: impl Fn() -> Liveness, is_so: impl Fn(&Liveness) -> bool) {
    let began = MonotonicClock.now();
    loop {
        let liveness = look();
        if is_so(&liveness) {
            return;
        }
        assert!(
            MonotonicClock.now().saturating_duration_since(began) < child::LIMIT,
            "it is still {liveness}"
        );
        thread::yield_now();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Reads a beat of the program `storms`, which must be whole.
fn whole(path: &Path) -> State {
    let state = read(path).unwrap();
    let length = state.metadata.get::<usize>("length").unwrap_or_default();
    assert_eq!(state.metadata.get::<String>("long").unwrap().len(), length);
    state
}

/// H2, H5: kill -9 in the middle of a write, many times: the file is whole each time, and its process dead.
#[test]
fn a_writer_that_is_killed_leaves_a_whole_file() {
    let kills = if cfg!(debug_assertions) { 200 } else { 1_000 };
    let folder = Folder::new("killed");
    let began = MonotonicClock.now();
    let mut left_behind = 0;
    for round in 0..kills {
        let mut writer = start("storms", &folder.file());
        writer.expect("ready");
        // Into the middle of its writes, sooner or later.
        for _ in 0..round % 20 {
            whole(&folder.file());
        }
        let before = whole(&folder.file()).sequence;
        send(&writer, Signal::KILL);
        assert_eq!(writer.end().signal, Some(9));
        let state = whole(&folder.file());
        assert!(state.sequence >= before);
        assert!(matches!(state.liveness(MAX_AGE), Liveness::Dead { .. }));
        left_behind += usize::from(names(&folder).len() > 1);
    }
    let all = MonotonicClock.now().saturating_duration_since(began);
    println!(
        "{kills} kills in mid-write in {all:.1?}: 0 torn; {left_behind} left a temporary file, which the next start removed"
    );
    let _heartbeat = Heartbeat::to_file(folder.file()).start().unwrap();
    assert_eq!(names(&folder), ["app.heartbeat"]);
}

/// H2: the same with eight processes that write and four threads that read.
#[test]
fn eight_processes_that_write_one_file_tear_nothing() {
    let folder = Folder::new("storm");
    let path = folder.file();
    let mut writers: Vec<_> = (0..8).map(|_| start("beats_400_times", &path)).collect();
    for writer in &mut writers {
        writer.expect("ready");
    }
    let (is_over, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert!(read(&path).unwrap().sequence.is_some());
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for writer in &mut writers {
            writer.say("go");
        }
        for writer in &mut writers {
            writer.expect("done");
        }
        is_over.store(true, Ordering::Relaxed);
    });
    println!("8 processes x 400 beats, {} reads by 4 readers: 0 errors, 0 torn", reads.into_inner());
    assert_eq!(names(&folder), ["app.heartbeat"]);
}

/// H5: a process that was killed is dead at once, also before its parent has noticed, and however fresh its beat is.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_process_is_dead_at_once() {
    let folder = Folder::new("dead");
    let mut writer = start("obeys", &folder.file());
    writer.expect("ready");
    let id = writer.id();
    assert!(liveness(folder.file(), MAX_AGE).is_alive());
    let began = MonotonicClock.now();
    send(&writer, Signal::KILL);
    let is_dead = |liveness: &Liveness| matches!(liveness, Liveness::Dead { pid, .. } if *pid == id);
    until(|| liveness(folder.file(), MAX_AGE), is_dead);
    figure("kill -9: until its heartbeat is dead, before its parent knows", began);
    assert_eq!(writer.end().signal, Some(9));
    until(|| liveness(folder.file(), MAX_AGE), is_dead);
}

/// A process that is stopped by SIGSTOP goes stale though its number lives, and beats again when it goes on.
#[test]
fn a_process_that_is_frozen_goes_stale_and_comes_back() {
    let folder = Folder::new("frozen");
    let mut writer = start("beats_fast", &folder.file());
    writer.expect("ready");
    let reader = Reader::new(folder.file()).max_age(Duration::from_millis(400));
    until(|| reader.check(), Liveness::is_alive);
    send(&writer, Signal::STOP);
    let began = MonotonicClock.now();
    until(|| reader.check(), |liveness| matches!(liveness, Liveness::Stale { .. }));
    figure("SIGSTOP: until its heartbeat is stale, max age 400 ms", began);
    send(&writer, Signal::CONT);
    until(|| reader.check(), Liveness::is_alive);
    writer.expect("skipped");
}

/// H4: the work is locked up, and the beating thread is fine.
#[test]
fn a_process_whose_work_is_locked_up_is_stalled() {
    let folder = Folder::new("locked");
    let mut writer = start("freezes", &folder.file());
    writer.expect("ready");
    let began = MonotonicClock.now();
    let reader = Reader::new(folder.file()).max_age(MAX_AGE);
    let is_stalled = |liveness: &Liveness| matches!(liveness, Liveness::Stalled { workers, .. } if workers == &["work loop"]);
    until(|| reader.check(), is_stalled);
    figure("a deadlock: until its heartbeat is stalled, limit 200 ms, interval 20 ms", began);
    let number = reader.last().unwrap().sequence;
    until(|| reader.check(), |liveness| is_stalled(liveness) && reader.last().unwrap().sequence > number);
    assert_eq!(reader.last().unwrap().progress[0].advances, 100);
}

/// H3, H9: who returns has stopped, and who panics has not.
#[test]
fn a_process_that_returns_has_stopped_and_one_that_panics_has_not() {
    let folder = Folder::new("ends");
    let end = start("returns", &folder.file()).end();
    assert_eq!(
        (end.code, read(folder.file()).unwrap().status),
        (Some(0), Some(Status::Stopped)),
        "{}",
        end.stderr
    );
    assert!(liveness(folder.file(), Duration::ZERO).is_stopped());
    let end = start("panics", &folder.file()).end();
    assert_eq!((end.code, read(folder.file()).unwrap().status), (Some(101), Some(Status::Starting)));
    if cfg!(target_os = "linux") {
        assert!(matches!(liveness(folder.file(), MAX_AGE), Liveness::Dead { .. }));
    }
}

/// H2, H7: with no room for the file, `on_missed_beat` is called, the old file stays, and nothing is left behind.
#[test]
fn with_no_room_the_old_beat_stays_and_the_missed_one_is_told() {
    let folder = Folder::new("full");
    // As a child of a shell that ignores SIGXFSZ, which children inherit.
    let shell = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];
    let mut writer = start_by(child::program_through(&shell, "has_no_room"), &folder.file()).unwrap();
    writer.expect("ready");
    writer.say("fill");
    writer.expect("no room");
    let old = read(folder.file()).unwrap();
    writer.expect("missed: File too large (os error 27)");
    assert_eq!(read(folder.file()).unwrap(), old);
    assert_eq!(names(&folder).len(), 1, "{:?}", names(&folder));
    writer.say("make room");
    writer.expect("stopped");
    assert_eq!(writer.end().code, Some(0));
    assert_eq!(read(folder.file()).unwrap().status, Some(Status::Stopped));
    assert_eq!(names(&folder), ["app.heartbeat"]);
}

#[test]
fn a_relative_path_stays_where_it_was() {
    let folder = Folder::new("moves");
    start("moves", &folder.file()).expect("moved");
    assert_eq!(names(&folder), ["app.heartbeat"]);
    until(|| liveness(folder.file(), MAX_AGE), Liveness::is_stopped);
}

/// H5: who may not read it is told so, and that this says nothing of the process.
#[test]
fn who_has_no_permission_is_told_so() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let folder = Folder::new("permission");
    std::fs::write(folder.file(), "{}").unwrap();
    std::fs::set_permissions(folder.file(), PermissionsExt::from_mode(0o000)).unwrap();
    let mut command = child::program("reads");
    if rustix::process::geteuid().is_root() {
        // Root may read everything.
        command.uid(65_534);
    }
    let Ok(mut reader) = start_by(command, &folder.file()) else {
        return println!("skipped: the user nobody cannot run this test");
    };
    let path = folder.file();
    reader.expect(&format!("{}: no permission to read it", path.display()));
    reader.expect("unreadable, no permission to read it");
    assert_eq!(reader.end().code, Some(0));
}

/// H: Python reads our files as it reads kstlib's, and we read what it writes.
#[test]
fn python_reads_our_files_and_we_read_its() {
    const SCRIPT: &str = r#"
import datetime, json, os, socket, sys
path = sys.argv[1]
data = json.load(open(path))
assert list(data)[:4] == ["timestamp", "pid", "hostname", "metadata"], list(data)
assert data["timestamp"].endswith("+00:00"), data["timestamp"]
age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(data["timestamp"])
assert datetime.timedelta(0) <= age < datetime.timedelta(seconds=600), age
assert isinstance(data["pid"], int) and data["hostname"] == socket.gethostname() and data["metadata"] == {"a": 1}
stamp = datetime.datetime.now(datetime.timezone.utc).isoformat()
state = {"timestamp": stamp, "pid": os.getpid(), "hostname": socket.gethostname(), "metadata": {"b": [1, None, "\u00fc"]}}
open(path, "w").write(json.dumps(state))
"#;
    let folder = Folder::new("python");
    let heartbeat = Heartbeat::to_file(folder.file()).metadata("a", 1).start().unwrap();
    let python = Command::new("python3").args(["-c", SCRIPT]).arg(folder.file()).output();
    let Ok(output) = python else { return println!("skipped: there is no python3") };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(resil_heartbeat::is_alive(folder.file()));
    let state = read(folder.file()).unwrap();
    assert_eq!(state.hostname, heartbeat.state().hostname);
    assert_eq!(state.metadata.to_string(), "{\"b\":[1,null,\"ü\"]}");
}
