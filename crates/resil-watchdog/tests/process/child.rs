//! A process that runs one of the programs.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use resil_watchdog::{Clock, Moment, MonotonicClock};
use rustix::process::{Pid, Signal, kill_process};

/// Names the program that a child runs.
pub(crate) const PROGRAM: &str = "RESIL_TEST_PROGRAM";

/// How long to wait for what has to come.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A process that runs one of the programs.
pub(crate) struct Child {
    process: std::process::Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    stderr: Receiver<String>,
}

/// How a child ended.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) at: Moment,
}

impl Child {
    pub(crate) fn start(program: &str) -> Self {
        Self::spawn(program, true)
    }

    /// Nobody reads what it writes to stderr, which is full before long.
    pub(crate) fn start_unread(program: &str) -> Self {
        Self::spawn(program, false)
    }

    fn spawn(program: &str, is_read: bool) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "a_child_runs_its_program_here", "--nocapture", "--test-threads", "1"]);
        command.env(PROGRAM, program).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdin = process.stdin.take().unwrap();
        let (line, lines) = channel();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        let (text, stderr) = channel();
        let mut from = process.stderr.take().unwrap();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if is_read {
                let _ = from.read_to_end(&mut bytes);
            } else {
                // Kept open, and never read.
                std::mem::forget(from);
            }
            text.send(String::from_utf8_lossy(&bytes).into_owned())
        });
        Self { process, stdin, lines, stderr }
    }

    /// Reads on until a line ends with `wanted`. What libtest writes before it, on the same line at times, is passed over; what was.
    pub(crate) fn expect(&mut self, wanted: &str) -> Vec<String> {
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

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits until the kernel has stopped it.
    #[cfg(target_os = "linux")]
    pub(crate) fn wait_until_stopped(&self) {
        let path = format!("/proc/{}/stat", self.process.id());
        while !std::fs::read_to_string(&path).unwrap().contains(") T ") {
            thread::yield_now();
        }
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Waits for the end of the child.
    pub(crate) fn end(mut self) -> End {
        // Its stdout is closed when it has ended.
        while self.lines.recv_timeout(LIMIT).is_ok() {}
        let stderr = self.stderr.recv_timeout(LIMIT).unwrap_or_else(|error| {
            let _ = self.process.kill();
            panic!("it did not end: {error}");
        });
        let at = MonotonicClock.now();
        let status = self.process.wait().unwrap();
        End { code: status.code(), signal: status.signal(), stderr, at }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
