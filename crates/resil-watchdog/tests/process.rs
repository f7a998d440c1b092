//! Real processes: aborted, and stopped by signals.
//!
//! Times that are promised are asserted with twenty times the promise, against hangs only; the figures themselves are printed.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "process/programs.rs"]
mod programs;

use std::time::Duration;

use resil_watchdog::testing::child::{self, Child, Stderr};
use resil_watchdog::{Clock, MonotonicClock};
use rustix::process::{Pid, Signal, kill_process};

/// Twenty times the second that an abort may take.
const PROMPT: Duration = Duration::from_secs(20);

const SIGABRT: i32 = 6;

/// Runs the program that the environment names, in a child; in the parent there is none to run.
#[test]
fn a_child_runs_its_program_here() {
    child::run(|name| programs::run(name));
}

/// Waits until the kernel has stopped it.
#[cfg(target_os = "linux")]
fn wait_until_stopped(child: &Child) {
    let path = format!("/proc/{}/stat", child.id());
    while !std::fs::read_to_string(&path).unwrap().contains(") T ") {
        std::thread::yield_now();
    }
}

fn start(program: &str) -> Child {
    Child::start(&mut child::program(program)).unwrap()
}

/// The end of a child that is aborted, and what it has written to stderr.
fn aborted(program: &str) -> String {
    let mut child = start(program);
    child.expect("ready");
    let began = MonotonicClock.now();
    let end = child.end();
    let after = end.at.saturating_duration_since(began);
    println!(
        "figure: {}, from the last sign of life to the abort, 200 ms + 50: {} us",
        program.replace('_', " "),
        after.as_micros()
    );
    assert_eq!((end.code, end.signal), (None, Some(SIGABRT)), "{}", end.stderr);
    assert!(after < PROMPT, "{after:?}");
    end.stderr
}

/// Whether the reason stands there, and then what every thread was doing.
fn assert_explains(stderr: &str, reason: &str) {
    let place = |text: &str| stderr.find(text).unwrap_or_else(|| panic!("no {text:?} in {stderr}"));
    assert!(place(reason) < place("the process is aborted"));
    if cfg!(target_os = "linux") {
        assert!(place(reason) < place(" threads:\n"));
        assert!(stderr.contains("  resil-watchdog "), "{stderr}");
    }
}

/// W5
#[test]
fn a_process_that_hangs_is_aborted_with_the_reason_and_its_threads_on_stderr() {
    let stderr = aborted("hangs");
    assert_explains(&stderr, "job: worker-3: silent for 2");
    assert!(stderr.contains("ms, last note: row 7\n"), "{stderr}");
}

/// W5
#[test]
fn an_abort_comes_though_a_listener_hangs() {
    assert_explains(&aborted("hangs_with_a_hung_listener"), "job: worker-3: silent for ");
    assert_explains(&aborted("hangs_with_a_listener_that_hung_before"), "job: worker-3: silent for ");
}

/// W5
#[test]
fn listeners_hear_of_the_alarm_before_the_abort() {
    let mut child = start("hangs_with_a_listener");
    child.expect("ready");
    let passed = child.expect("last note: row 7");
    assert!(passed.is_empty(), "{passed:?}");
    assert_eq!(child.end().signal, Some(SIGABRT));
}

/// W5
#[test]
fn an_abort_comes_though_nobody_reads_stderr() {
    let mut child = Child::start_with(&mut child::program("hangs_with_stderr_full"), Stderr::Unread).unwrap();
    child.expect("ready");
    let began = MonotonicClock.now();
    let end = child.end();
    assert_eq!(end.signal, Some(SIGABRT));
    assert!(end.at.saturating_duration_since(began) < PROMPT);
}

/// W5, W6
#[cfg(feature = "tokio")]
#[test]
fn an_abort_comes_though_the_runtime_is_blocked() {
    let stderr = aborted("blocks_its_runtime");
    // One of the two is noticed first.
    assert_explains(&stderr, "job: tokio worker ");
    assert!(stderr.contains(" of 2: blocked for "), "{stderr}");
    if cfg!(target_os = "linux") {
        assert_eq!(stderr.matches("  blocked-worker ").count(), 2, "{stderr}");
    }
}

/// W5: what goes to stderr is there before a callback can end the process.
#[test]
fn the_dump_is_written_before_callbacks_run() {
    let mut child = start("aborts_by_itself");
    child.expect("ready");
    let end = child.end();
    assert_eq!(end.signal, Some(SIGABRT));
    assert!(end.stderr.contains("job: worker-3: silent for "), "{}", end.stderr);
    assert!(cfg!(not(target_os = "linux")) || end.stderr.contains(" threads:\n"), "{}", end.stderr);
}

/// W5
#[test]
fn without_an_abort_there_is_a_line_and_the_process_goes_on() {
    let mut child = start("only_tells");
    child.expect("still here");
    let end = child.end();
    assert_eq!(end.code, Some(0));
    assert!(end.stderr.contains("job: silent for 2"), "{}", end.stderr);
    assert!(!end.stderr.contains("threads:"), "{}", end.stderr);
}

/// W8
#[cfg(target_os = "linux")]
#[test]
fn a_process_that_was_stopped_and_continued_raises_no_false_alarm() {
    let mut child = start("works");
    child.expect("100 pings");
    kill_process(Pid::from_child(child.process()), Signal::STOP).unwrap();
    wait_until_stopped(&child);
    // Three times its timeout. Nothing can happen meanwhile that could be waited for.
    let until = MonotonicClock.now().saturating_add(Duration::from_secs(3));
    while MonotonicClock.now() < until {
        MonotonicClock.park_until(until);
    }
    kill_process(Pid::from_child(child.process()), Signal::CONT).unwrap();
    let mut passed = Vec::new();
    for _ in 0..10 {
        passed.extend(child.expect("100 pings"));
    }
    child.say("end");
    passed.extend(child.expect("overslept: 1"));
    assert!(passed.iter().all(|line| !line.contains("alarm")), "{passed:?}");
    assert_eq!(child.end().code, Some(0));
}
