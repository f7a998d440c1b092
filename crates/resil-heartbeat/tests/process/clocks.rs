//! Wall clocks that are stepped, boots, and containers.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use resil_heartbeat::testing::child::{self, Child};
use resil_heartbeat::{Heartbeat, Liveness, liveness, read};

use crate::folder::Folder;

/// Where Debian and others put it.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

const MAX_AGE: Duration = Duration::from_secs(600);

/// A child whose wall clock can be stepped while it runs, and nothing else of it.
struct Stepped {
    child: Child,
    by: PathBuf,
}

impl Stepped {
    fn start(program: &str, file: &Path, folder: &Folder) -> Option<Self> {
        let library = FAKETIME.iter().find(|path| Path::new(path).exists())?;
        let by = folder.join(format!("{program}.step"));
        std::fs::write(&by, "+0").unwrap();
        let environment = [
            ("LD_PRELOAD", OsStr::new(library)),
            ("FAKETIME_TIMESTAMP_FILE", by.as_os_str()),
            ("FAKETIME_NO_CACHE", OsStr::new("1")),
            ("DONT_FAKE_MONOTONIC", OsStr::new("1")),
        ];
        let mut command = child::program(program);
        command.envs(environment);
        let mut child = crate::start_by(command, file).unwrap();
        child.expect("ready");
        Some(Self { child, by })
    }

    fn step(&self, by: &str) {
        let temporary = self.by.with_extension("new");
        std::fs::write(&temporary, by).unwrap();
        std::fs::rename(temporary, &self.by).unwrap();
    }
}

fn skipped() {
    println!("skipped: there is no libfaketime; install it with: apt-get install libfaketime");
}

/// The same beat as from another boot, so that only the wall clock is left.
fn from_another_boot(path: &Path) -> Liveness {
    let mut state = read(path).unwrap();
    state.boot_id = Some("another boot".into());
    state.liveness(MAX_AGE)
}

/// H6: the writer's wall clock is stepped by an hour, back and forth.
#[test]
fn a_writer_whose_wall_clock_is_stepped_lives_on() {
    let folder = Folder::new("stepped-writer");
    let Some(mut writer) = Stepped::start("obeys", &folder.file(), &folder) else { return skipped() };
    for (step, is_ahead) in [("+1h", Some(true)), ("-1h", Some(false)), ("+0", None)] {
        writer.step(step);
        writer.child.say("beat");
        writer.child.expect("done");
        let verdict = liveness(folder.file(), MAX_AGE);
        assert!(verdict.is_alive(), "{step}: {verdict}");
        // It was stepped indeed, and whoever has only the wall clock cannot know better.
        match (is_ahead, from_another_boot(&folder.file())) {
            (Some(true), Liveness::FromFuture { .. })
            | (Some(false), Liveness::Stale { .. })
            | (None, Liveness::Alive { .. }) => {}
            (_, other) => panic!("{step}: {other}"),
        }
    }
    writer.child.say("stop");
    writer.child.expect("done");
    assert!(liveness(folder.file(), MAX_AGE).is_stopped());
}

/// H6: the reader's wall clock is stepped by an hour, back and forth; it revives nobody either.
#[test]
fn a_reader_whose_wall_clock_is_stepped_is_not_misled() {
    let folder = Folder::new("stepped-reader");
    let mut writer = crate::start("obeys", &folder.file());
    writer.expect("ready");
    let Some(mut reader) = Stepped::start("judges", &folder.file(), &folder) else { return skipped() };
    let mut ask = |step: &str, wanted: &str| {
        reader.step(step);
        reader.child.say("?");
        reader.child.expect(wanted);
    };
    for step in ["+1h", "-1h", "+0"] {
        ask(step, "it lives");
    }
    // A beat that is old by the time since the boot, which the reader believes.
    let mut state = read(folder.file()).unwrap();
    state.monotonic = state.monotonic.map(|time| time.saturating_sub(2 * MAX_AGE));
    std::fs::write(folder.file(), serde_json::to_vec(&state).unwrap()).unwrap();
    for step in ["+1h", "-1h", "+0"] {
        ask(step, "more than 600s");
    }
    state.boot_id = Some("another boot".into());
    std::fs::write(folder.file(), serde_json::to_vec(&state).unwrap()).unwrap();
    ask("+0", "it lives");
    ask("+1h", "more than 600s");
    ask("-1h", " ahead");
}

/// A child in namespaces of its own, or why there is none.
fn in_namespaces(options: &[&str], folder: &Folder) -> Option<Child> {
    let is_possible = Command::new("unshare").args(options).arg("true").output();
    if !is_possible.is_ok_and(|output| output.status.success()) {
        println!("skipped: this user cannot make a namespace with unshare");
        return None;
    }
    let mut child =
        crate::start_by(child::program_through(&[&["unshare"], options].concat(), "obeys"), &folder.file())
            .unwrap();
    child.expect("ready");
    Some(child)
}

/// H5: a number of a process means nothing in another container, so that nobody there is declared dead.
#[test]
fn a_process_in_another_container_is_not_taken_for_dead() {
    let folder = Folder::new("container");
    let Some(_child) = in_namespaces(&["--pid", "--fork", "--kill-child"], &folder) else { return };
    let mut state = read(folder.file()).unwrap();
    assert!(state.pid < Some(100), "it is the first process there, or the second: {:?}", state.pid);
    let own = Heartbeat::builder().start().unwrap().state();
    assert_eq!((&state.boot_id, &state.hostname), (&own.boot_id, &own.hostname));
    let verdict = liveness(folder.file(), MAX_AGE);
    assert!(verdict.is_alive(), "{verdict}");
    // Nor is one whose number is that of nobody here.
    state.pid = Some(1 << 30);
    assert!(state.liveness(MAX_AGE).is_alive());
}

/// H6: nor is the time since the boot one that was counted from another moment.
#[test]
fn a_process_with_another_time_since_the_boot_is_judged_by_the_wall_clock() {
    let folder = Folder::new("time");
    let options = ["--time", "--boottime", "1000000", "--fork", "--kill-child"];
    let Some(_child) = in_namespaces(&options, &folder) else { return };
    let (state, own) = (read(folder.file()).unwrap(), Heartbeat::builder().start().unwrap().state());
    assert_eq!(state.boot_id, own.boot_id);
    assert!(state.monotonic > own.monotonic.map(|time| time + Duration::from_secs(900_000)));
    let verdict = liveness(folder.file(), MAX_AGE);
    assert!(verdict.is_alive(), "{verdict}");
}
