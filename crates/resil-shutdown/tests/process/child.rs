//! A process that runs one of the programs.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use resil_shutdown::{Clock, Moment, MonotonicClock};
use rustix::process::{Pid, Signal, kill_process};

/// Names the program that a child runs.
pub(crate) const PROGRAM: &str = "RESIL_TEST_PROGRAM";

/// How long to wait for what has to come.
const LIMIT: Duration = Duration::from_secs(30);

/// A process that runs one of the programs.
pub(crate) struct Child {
    process: std::process::Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Receiver<String>,
    last_signal: Moment,
}

/// How a child ended.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stderr: String,
    /// Since the last signal.
    pub(crate) after: Duration,
}

impl Child {
    pub(crate) fn start(program: &str) -> Self {
        Self::start_with(program, &[])
    }

    pub(crate) fn start_with(program: &str, environment: &[(&str, &OsStr)]) -> Self {
        let mut command = Self::command();
        command.envs(environment.iter().copied());
        Self::spawn(command, program, true)
    }

    fn command() -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "a_child_runs_its_program_here", "--nocapture", "--test-threads", "1"]);
        command
    }

    /// Nobody reads what it writes to stderr.
    pub(crate) fn start_unheard(program: &str) -> Self {
        Self::spawn(Self::command(), program, false)
    }

    /// As a child of a shell that ignores SIGHUP, which children inherit.
    pub(crate) fn start_ignoring_hangup(program: &str) -> Self {
        let mut command = Command::new("sh");
        let test = "exec \"$0\" --exact a_child_runs_its_program_here --nocapture --test-threads 1";
        command.args(["-c", &format!("trap '' HUP; {test}")]).arg(std::env::current_exe().unwrap());
        Self::spawn(command, program, true)
    }

    fn spawn(mut command: Command, program: &str, is_heard: bool) -> Self {
        command.env(PROGRAM, program).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdin = process.stdin.take();
        let (line, lines) = channel();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        let (text, stderr) = channel();
        let mut from = process.stderr.take().unwrap();
        thread::spawn(move || {
            let mut all = String::new();
            if is_heard {
                let _ = from.read_to_string(&mut all);
            } else {
                drop(from);
            }
            text.send(all)
        });
        Self { process, stdin, lines, stderr, last_signal: MonotonicClock.now() }
    }

    /// Reads on until a line ends with `wanted`. What libtest writes before it, on the same line at times, is passed over.
    pub(crate) fn expect(&mut self, wanted: &str) {
        let mut passed = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) if line.ends_with(wanted) => return,
                Ok(line) => passed.push(line),
                Err(error) => {
                    let _ = self.process.kill();
                    let stderr = self.stderr.recv_timeout(LIMIT).unwrap_or_default();
                    panic!("no {wanted:?} ({error}) after {passed:?}\n{stderr}");
                }
            }
        }
    }

    pub(crate) fn send(&mut self, signal: Signal) {
        let id = Pid::from_child(&self.process);
        self.last_signal = MonotonicClock.now();
        kill_process(id, signal).unwrap();
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits for the end of the child.
    pub(crate) fn end(mut self) -> End {
        // Its stdout is closed when it has ended.
        while self.lines.recv_timeout(LIMIT).is_ok() {}
        let stderr = self.stderr.recv_timeout(LIMIT).unwrap_or_else(|error| {
            let _ = self.process.kill();
            panic!("it did not end: {error}");
        });
        let status = self.process.wait().unwrap();
        let after = MonotonicClock.now().saturating_duration_since(self.last_signal);
        End { code: status.code(), signal: status.signal(), stderr, after }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
