//! Real processes and real signals.
//!
//! Times that are promised are asserted with a hundred times the promise, against hangs only; the figures themselves are printed, and
//! quoted from `cargo xtask deep processes`.
#![cfg(all(unix, feature = "signal"))]
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "process/programs.rs"]
mod programs;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use resil_shutdown::testing::child::{self, Child, End, Stderr};
use resil_shutdown::{Clock, Moment, MonotonicClock};
use rustix::process::{Pid, Signal, kill_process};

/// A hundred times what is promised: who takes longer hangs.
const PROMPT: Duration = Duration::from_secs(10);

/// Says how long something took, for those who run the tests to know that.
fn figure(name: &str, time: Duration) {
    println!("figure: {name}: {} us", time.as_micros());
}

/// Runs the program that the environment names, in a child; in the parent there is none to run.
#[test]
fn a_child_runs_its_program_here() {
    child::run(|name| programs::run(name));
}

/// How long after that moment it ended.
fn since(asked: Moment, end: &End) -> Duration {
    end.at.saturating_duration_since(asked)
}

fn start(program: &str) -> Child {
    Child::start(&mut child::program(program)).unwrap()
}

/// Sends it a signal, and says when.
fn send(child: &Child, signal: Signal) -> Moment {
    let now = MonotonicClock.now();
    kill_process(Pid::from_child(child.process()), signal).unwrap();
    now
}

#[test]
fn five_callbacks_of_all_kinds_end_in_order_and_within_the_budget() {
    for program in ["five", "five_blocking"] {
        let (asked, end) = five_callbacks(program);
        let over = since(asked, &end).saturating_sub(programs::FIVE);
        figure(&format!("{program}: from the end of the budget to the end of the process"), over);
        assert_eq!(end.code, Some(3), "{}", end.stderr);
        assert!(over < PROMPT, "{over:?} over the budget");
    }
}

/// Starts the program, asks it to end, which is when it says, and sees its callbacks run.
fn five_callbacks(program: &str) -> (Moment, End) {
    let mut child = start(program);
    child.expect("ready");
    let asked = send(&child, Signal::TERM);
    child.expect("first: sync");
    child.expect("second: async");
    child.expect("fifth: hangs");
    (asked, child.end())
}

#[test]
fn the_report_of_five_callbacks_of_all_kinds_names_each_and_what_became_of_it() {
    // With time left, so that stderr has some, too.
    for program in ["five_with_a_limit", "five_blocking_with_a_limit"] {
        let (_, end) = five_callbacks(program);
        assert_eq!(end.code, Some(1), "{}", end.stderr);
        let lines: Vec<_> = end.stderr.lines().filter(|line| line.contains(": ")).collect();
        let find = |text: &'static str| lines.iter().position(|line| line.contains(text)).ok_or(text);
        let found: Vec<_> = [
            "SIGTERM, ended in",
            "sync: ok",
            "async: ok",
            "fails: failed: disk full",
            "panics: panicked: no way",
            "hangs: timed out",
        ]
        .map(find)
        .into();
        assert!(found.iter().all(Result::is_ok), "{found:?} in {}", end.stderr);
        assert!(found.is_sorted(), "{found:?} in {}", end.stderr);
    }
}

#[test]
fn a_second_signal_ends_a_child_that_hangs_at_once() {
    for (second, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut child = start("hangs");
        child.expect("ready");
        send(&child, Signal::TERM);
        child.expect("hung");
        let asked = send(&child, second);
        let end = child.end();
        let (seen, after) = (end.code, since(asked, &end));
        let second = if code == 143 { "SIGTERM" } else { "SIGINT" };
        figure(&format!("a second signal, {second}: to the end of the process"), after);
        assert_eq!(seen, Some(code));
        assert!(after < PROMPT, "{after:?}");
    }
}

#[test]
fn a_second_signal_ends_a_child_whose_runtime_is_stuck() {
    let mut child = start("stuck_and_hangs");
    child.expect("ready");
    send(&child, Signal::TERM);
    child.expect("hung");
    let asked = send(&child, Signal::TERM);
    let end = child.end();
    let (code, after) = (end.code, since(asked, &end));
    assert_eq!(code, Some(143));
    assert!(after < PROMPT, "{after:?}");
}

#[test]
fn the_first_signal_after_a_trigger_is_not_a_second_one() {
    let mut child = start("triggers_and_hangs");
    child.expect("hung");
    send(&child, Signal::TERM);
    child.expect("still here");
    send(&child, Signal::TERM);
    assert_eq!(child.end().code, Some(143));
}

#[test]
fn signals_during_install_and_register_are_not_lost_and_lock_nothing_up() {
    for program in ["install_race", "register_race"] {
        let mut child = start(program);
        (1..=10).for_each(|hundreds| drop(child.expect(&format!("{hundreds}00 rounds"))));
        assert_eq!(child.end().code, Some(0));
    }
}

#[test]
fn cleanup_runs_without_a_runtime_and_with_runtimes_that_are_stuck() {
    // One that is stuck ends with its budget, a few seconds.
    for (program, code) in
        [("no_runtime", 0), ("current_thread", 0), ("stuck_current_thread", 1), ("stuck_workers", 0)]
    {
        let mut child = start(program);
        child.expect("ready");
        let asked = send(&child, Signal::TERM);
        child.expect("sync callback");
        child.expect("async callback");
        let end = child.end();
        assert_eq!(end.code, Some(code), "{program}: {}", end.stderr);
        let after = since(asked, &end);
        assert!(after < programs::STUCK + PROMPT, "{program}: {after:?}");
    }
}

#[test]
fn what_a_signal_did_before_it_does_again_afterwards() {
    let mut child = start("uninstalls");
    child.expect("ready");
    send(&child, Signal::TERM);
    assert_eq!(child.end().signal, Some(15), "the default");

    let mut child = start("uninstalls_over_a_handler");
    child.expect("ready");
    send(&child, Signal::TERM);
    child.expect("the other handler was called");
    assert_eq!(child.end().code, Some(0));

    // Elsewhere nobody tells whether a signal was ignored.
    if cfg!(target_os = "linux") {
        // As a child of a shell that ignores it, which children inherit.
        let shell = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""];
        let command = &mut child::program_through(&shell, "uninstalls_over_ignored");
        let mut child = Child::start(command).unwrap();
        child.expect("ready");
        send(&child, Signal::HUP);
        child.say("go on");
        child.expect("still here");
        assert_eq!(child.end().code, Some(0));
    }
}

#[test]
fn two_handles_may_be_installed_and_both_hear() {
    let mut child = start("two_handles");
    child.expect("ready");
    send(&child, Signal::HUP);
    child.expect("both");
    assert_eq!(child.end().code, Some(0));
}

#[test]
fn main_that_never_returns_is_left_behind() {
    let mut child = start("main_never_returns");
    child.expect("ready");
    send(&child, Signal::INT);
    child.expect("cleaned up");
    let end = child.end();
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    assert!(end.stderr.contains("main: timed out"), "{}", end.stderr);
}

#[test]
fn a_listener_and_a_runtime_that_hang_do_not_hold_up_the_end() {
    let mut child = start("stuck_with_a_hung_listener");
    child.expect("ready");
    let asked = send(&child, Signal::TERM);
    let end = child.end();
    let over = since(asked, &end).saturating_sub(programs::STUCK);
    figure("a hung listener and a stuck runtime: from the end of the budget to the end of the process", over);
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    assert!(over < PROMPT, "{over:?} over the budget");
}

#[test]
fn nobody_reads_stderr_and_the_exit_code_is_right_all_the_same() {
    let mut child = Child::start_with(&mut child::program("five"), Stderr::Closed).unwrap();
    child.expect("ready");
    send(&child, Signal::TERM);
    assert_eq!(child.end().code, Some(3));
}

#[test]
fn an_exit_that_is_asked_for_when_all_is_done_comes() {
    assert_eq!(start("asks_late_for_the_exit").end().code, Some(1));
}

#[test]
fn a_signal_during_the_first_install_is_heard_or_does_what_it_did_before() {
    for round in 0..50_usize {
        let mut command = child::program("signals_itself_while_it_installs");
        let mut child = Child::start(command.env("ROUND", round.to_string())).unwrap();
        child.expect("sent");
        let End { code, signal, .. } = child.end();
        assert!(code == Some(0) || signal == Some(15), "{code:?} {signal:?}");
    }
}

#[test]
fn a_handle_that_goes_takes_nothing_from_one_that_comes() {
    let mut child = start("hands_over");
    (1..=3).for_each(|hundreds| drop(child.expect(&format!("{hundreds}00 rounds"))));
    assert_eq!(child.end().code, Some(0));
}

#[cfg(all(feature = "systemd", target_os = "linux"))]
#[test]
fn systemd_is_told_when_it_is_ready_and_stopping_and_for_how_long() {
    let folder = std::env::temp_dir().join(format!("resil-notify-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut child = Child::start(child::program("notifies").env("NOTIFY_SOCKET", path)).unwrap();
    let heard = || {
        let mut buffer = [0; 1_024];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    assert_eq!(heard().trim_end(), "READY=1");
    send(&child, Signal::TERM);
    let stopping = heard();
    assert!(
        stopping.contains("STOPPING=1") && stopping.contains("EXTEND_TIMEOUT_USEC=61000000"),
        "{stopping}"
    );
    child.say("go on");
    assert_eq!(child.end().code, Some(0));
    std::fs::remove_dir_all(folder).unwrap();
}
