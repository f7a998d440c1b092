//! Child processes of a test: started, talked to line by line, and seen to end.
//!
//! A test program starts itself as the child, and tells it by the environment which program to run, in the one test of this name:
//!
//! ```
//! # mod programs { pub(crate) fn run(name: &str) { println!("{name}"); } }
//! use resil_core::testing::child::{self, Child};
//!
//! #[test]
//! fn a_child_runs_its_program_here() {
//!     child::run(programs::run); // in the parent there is none to run
//! }
//!
//! #[test]
//! fn a_child_that_is_asked_to_ends() {
//!     let mut child = Child::start(&mut child::program("asks")).unwrap();
//!     child.expect("ready");
//!     child.say("end");
//!     assert_eq!(child.end().code, Some(0));
//! }
//! ```
#![expect(clippy::test_attr_in_doctest, reason = "it shows how a test program looks")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::{Clock, Moment, MonotonicClock};

/// How long to wait for what has to come: far longer than it takes.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Names the program that a child is to run.
const PROGRAM: &str = "RESIL_TEST_PROGRAM";

/// The test that runs it.
const TEST: &str = "a_child_runs_its_program_here";

/// Runs the program that this process was started for, if it is a child.
pub fn run(program: impl FnOnce(&str)) {
    if let Ok(name) = std::env::var(PROGRAM) {
        program(&name);
    }
}

/// This test program, which is to run the program of that name.
///
/// # Panics
/// If the system does not tell where this test program is.
pub fn program(name: &str) -> Command {
    program_through(&[], name)
}

/// The same, started by another: by words such as `sh -c 'trap "" HUP; exec "$0" "$@"'`.
///
/// # Panics
/// If the system does not tell where this test program is.
pub fn program_through(words: &[&str], name: &str) -> Command {
    let own = std::env::current_exe().expect("a test program knows where it is");
    let mut words = words.iter();
    let mut command = match words.next() {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(own);
            command
        }
        None => Command::new(own),
    };
    command.args(["--exact", TEST, "--nocapture", "--test-threads", "1"]).env(PROGRAM, name);
    command
}

/// What becomes of what a child writes to stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// It is read, for [`End::stderr`].
    Read,
    /// Nobody reads it, and the pipe is full before long.
    Unread,
    /// Nobody can read it: writing is an error.
    Closed,
}

/// A child process. It is killed when it is dropped.
///
/// ```
/// # #[cfg(unix)] {
/// use resil_core::testing::child::Child;
/// use std::process::Command;
///
/// let mut child = Child::start(Command::new("sh").args(["-c", "read name; echo hello, $name"])).unwrap();
/// child.say("you");
/// child.expect("hello, you");
/// assert_eq!(child.end().code, Some(0));
/// # }
/// ```
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Receiver<String>,
}

/// How a [`Child`] ended.
///
/// ```
/// # #[cfg(unix)] {
/// use resil_core::testing::child::Child;
/// use std::process::Command;
///
/// let child = Child::start(Command::new("sh").args(["-c", "echo no >&2; kill -9 $$"])).unwrap();
/// let end = child.end();
/// assert_eq!((end.code, end.signal, &*end.stderr), (None, Some(9), "no\n"));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// Its exit code, if it has one.
    pub code: Option<i32>,
    /// The signal that ended it, on Unix.
    pub signal: Option<i32>,
    /// What it has written to stderr, if that was [read](Stderr::Read).
    pub stderr: String,
    /// When it was seen to have ended, on the [`MonotonicClock`].
    pub at: Moment,
}

impl Child {
    /// Starts a child, and reads what it writes; an error if the system cannot start it.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        Self::start_with(command, Stderr::Read)
    }

    /// The same, with another reader of its stderr, or none.
    pub fn start_with(command: &mut Command, stderr: Stderr) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let stdin = process.stdin.take();
        let (line, lines) = channel();
        let stdout = process.stdout.take().map(BufReader::new);
        let texts = stdout.into_iter().flat_map(|stdout| stdout.lines().map_while(Result::ok));
        thread::spawn(move || texts.map(|text| line.send(text)).all(|sent| sent.is_ok()));
        let (text, texts) = channel();
        let from = process.stderr.take();
        thread::spawn(move || text.send(from.map(|from| stderr.take(from)).unwrap_or_default()));
        Ok(Self { process, stdin, lines, stderr: texts })
    }

    /// The number of the process, which is no other's before [`end`](Self::end).
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The process, for what only the system's own type can do.
    pub fn process(&self) -> &std::process::Child {
        &self.process
    }

    /// Writes a line to its stdin.
    ///
    /// # Panics
    /// If it does not listen any more.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its stdin is open until the end");
        writeln!(stdin, "{line}").expect("somebody listens");
    }

    /// Reads on until a line ends with `wanted`, and gives the lines before it. What libtest writes on the same line is passed over.
    ///
    /// # Panics
    /// If there is none within [`LIMIT`], or before its stdout ends: with the lines that were there, and its stderr.
    pub fn expect(&mut self, wanted: &str) -> Vec<String> {
        let mut passed = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) if line.ends_with(wanted) => return passed,
                Ok(line) => passed.push(line),
                Err(error) => {
                    let _ = self.process.kill();
                    let stderr = self.stderr.recv_timeout(LIMIT).unwrap_or_default();
                    panic!("no {wanted:?} ({error}) after {passed:?}\n{stderr}");
                }
            }
        }
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// If it goes on for longer than [`LIMIT`] after its last line.
    pub fn end(mut self) -> End {
        // Its stdout is closed when it has ended.
        while self.lines.recv_timeout(LIMIT).is_ok() {}
        let stderr = self.stderr.recv_timeout(LIMIT).unwrap_or_else(|error| {
            let _ = self.process.kill();
            panic!("it did not end: {error}");
        });
        let status = self.process.wait().expect("nobody else has waited for it");
        End { code: status.code(), signal: signal(status), stderr, at: MonotonicClock.now() }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stderr {
    /// All that there is to read, when it has come to its end.
    fn take(self, mut from: ChildStderr) -> String {
        let mut bytes = Vec::new();
        match self {
            Self::Read => _ = from.read_to_end(&mut bytes),
            // Open for as long as this process lives.
            Self::Unread => std::mem::forget(from),
            Self::Closed => drop(from),
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<i32> {
    None
}
