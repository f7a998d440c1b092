//! The children of tests with real processes: what they are heard to say, and how they end.
#![cfg(all(unix, not(any(loom, shuttle))))]

use std::process::Command;

use resil_core::contain;
use resil_core::testing::child::{self, Child, Stderr};

fn shell(script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    shell
}

#[test]
fn a_child_runs_its_program_here() {
    child::run(|name| println!("a program: {name}"));
}

#[test]
fn a_test_program_is_its_own_child_also_through_another_program() {
    let mut child = Child::start(&mut child::program("one")).unwrap();
    child.expect("a program: one");
    assert_eq!(child.end().code, Some(0));
    let shell = ["sh", "-c", "echo the shell; exec \"$0\" \"$@\""];
    let mut child = Child::start(&mut child::program_through(&shell, "two")).unwrap();
    assert!(child.expect("a program: two").contains(&"the shell".to_owned()));
    assert_eq!(child.end().code, Some(0));
}

#[test]
fn a_line_that_does_not_come_is_missed_with_all_that_is_known() {
    let mut child = Child::start(&mut shell("echo one; echo two; echo no >&2; exit 3")).unwrap();
    let text = contain(|| child.expect("three")).unwrap_err();
    assert!(
        text.starts_with("no \"three\" (") && text.ends_with(") after [\"one\", \"two\"]\nno\n"),
        "{text}"
    );
}

#[test]
fn its_stderr_is_read_or_closed_or_full() {
    let loud = "head -c 1000000 /dev/zero >&2; echo done";
    let start = |stderr| Child::start_with(&mut shell(loud), stderr).unwrap();
    let end = start(Stderr::Read).end();
    assert_eq!((end.code, end.stderr.len()), (Some(0), 1_000_000));
    let mut closed = start(Stderr::Closed);
    closed.expect("done");
    assert_eq!(closed.end().stderr, "");
    let mut unread =
        Child::start_with(&mut shell("echo ready; head -c 1000000 /dev/zero >&2"), Stderr::Unread).unwrap();
    unread.expect("ready");
    drop(unread); // it writes for ever, and is killed
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    assert!(Child::start(&mut Command::new("/no/such/program")).is_err());
}
