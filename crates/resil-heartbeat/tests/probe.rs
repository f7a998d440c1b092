//! The probe, as Kubernetes calls it.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::unwrap_used, reason = "a test")]

mod folder;

use std::ffi::OsStr;
use std::process::Command;
use std::time::Duration;

use folder::Folder;
use resil_heartbeat::{Clock, Heartbeat, MonotonicClock, State, Timestamp};

/// Its exit code, and what it says on stdout and stderr.
fn probe<S: AsRef<OsStr>>(arguments: &[S]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_resil-heartbeat")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn it_exits_with_0_for_alive_1_for_not_and_2_for_nobody_knows() {
    let folder = Folder::new("probe");
    let path = folder.file();
    let path = path.to_str().unwrap();
    let (code, out, err) = probe(&[path]);
    assert_eq!((code, &*out, &*err), (1, &*format!("{path}: missing, there is no file\n"), ""));

    let heartbeat = Heartbeat::to_file(path).interval(Duration::from_secs(60)).start().unwrap();
    let (code, out, err) = probe(&[path]);
    assert!(
        code == 0 && out.starts_with(&format!("{path}: alive, ")) && err.is_empty(),
        "{code} {out} {err}"
    );
    heartbeat.stop().unwrap();
    let (code, out, _) = probe(&[path]);
    assert!(code == 1 && out.contains(": stopped, "), "{out}");

    for (content, says) in [("[]", "it holds no beat"), ("", "it holds no beat")] {
        std::fs::write(path, content).unwrap();
        let (code, out, err) = probe(&[path]);
        assert!(code == 2 && out.is_empty() && err.contains(says) && err.starts_with(path), "{out} {err}");
    }
    let (code, _, err) = probe(&[&*folder]);
    assert!(code == 2 && err.contains("it is a directory"), "{err}");
}

#[test]
fn the_age_can_be_given() {
    let folder = Folder::new("probe-age");
    let path = folder.file();
    let path = path.to_str().unwrap();
    let then = MonotonicClock.unix_time().saturating_sub(Duration::from_secs(500));
    std::fs::write(path, serde_json::to_vec(&State::new(Timestamp::from_unix(then))).unwrap()).unwrap();
    let (code, out, _) = probe(&[path]);
    assert!(code == 1 && out.contains(": stale, ") && out.contains("more than 30s"), "{out}");
    for arguments in [&[path, "--max-age", "10000"][..], &["--max-age=10000.5", "--", path]] {
        assert_eq!(probe(arguments).0, 0);
    }
    assert_eq!(probe(&["--max-age", "100", path]).0, 1);
}

#[test]
fn arguments_that_make_no_sense_are_told_with_the_usage() {
    let cases: [(&[&str], &str); 9] = [
        (&[], "the file is missing"),
        (&["a", "b"], "b: one file only"),
        (&["a", "--max-age"], "--max-age: the seconds are missing"),
        (&["a", "--max-age", "long"], "--max-age: \"long\" is no number of seconds"),
        (&["a", "--max-age=-1"], "--max-age: -1"),
        (&["a", "--max-age=nan"], "--max-age: nan"),
        (&["a", "--max-age=1e300"], "--max-age: 1e300"),
        (&["a", "--colour"], "--colour: there is no such option"),
        (&["-x"], "-x: there is no such option"),
    ];
    for (arguments, says) in cases {
        let (code, out, err) = probe(arguments);
        assert!(code == 2 && out.is_empty(), "{arguments:?}: {code} {out}");
        assert!(err.starts_with(says) && err.contains("usage: resil-heartbeat FILE"), "{arguments:?}: {err}");
    }
    for help in ["-h", "--help"] {
        let (code, out, _) = probe(&[help]);
        assert!(code == 0 && out.starts_with("usage: "), "{out}");
    }
    let odd = Folder::new("probe-odd");
    std::fs::write(odd.join("-x"), "[]").unwrap();
    assert_eq!(probe(&[OsStr::new("--"), odd.join("-x").as_os_str()]).0, 2);
}
