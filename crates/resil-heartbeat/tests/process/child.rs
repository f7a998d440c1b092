//! A process that runs one of the programs.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Names the program that a child runs.
pub(crate) const PROGRAM: &str = "RESIL_TEST_PROGRAM";

/// Names the file that it writes or reads.
pub(crate) const FILE: &str = "RESIL_TEST_FILE";

/// How long to wait for what has to come.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A process that runs one of the programs.
pub(crate) struct Child {
    process: std::process::Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Receiver<String>,
}

/// How a child ended.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stderr: String,
}

/// This test program, which is to run its one test for children.
pub(crate) fn itself(through: &[&str]) -> Command {
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    let test = [own, "--exact", "a_child_runs_its_program_here", "--nocapture", "--test-threads", "1"];
    let words = [through, &test].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

impl Child {
    pub(crate) fn start(program: &str, file: &Path) -> Self {
        Self::start_with(program, file, &[])
    }

    pub(crate) fn start_with(program: &str, file: &Path, environment: &[(&str, &OsStr)]) -> Self {
        let mut command = itself(&[]);
        command.envs(environment.iter().copied());
        Self::spawn(command, program, file).unwrap()
    }

    /// As a child of a shell that ignores SIGXFSZ, which children inherit.
    pub(crate) fn start_ignoring_limits(program: &str, file: &Path) -> Self {
        Self::spawn(itself(&["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]), program, file).unwrap()
    }

    /// Runs `command`, which is to run [`itself`] in some way.
    pub(crate) fn spawn(mut command: Command, program: &str, file: &Path) -> std::io::Result<Self> {
        command.env(PROGRAM, program).env(FILE, file);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let stdin = process.stdin.take();
        let (line, lines) = channel();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        let (text, stderr) = channel();
        let mut from = process.stderr.take().unwrap();
        thread::spawn(move || {
            let mut all = String::new();
            let _ = from.read_to_string(&mut all);
            text.send(all)
        });
        Ok(Self { process, stdin, lines, stderr })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Reads on until a line ends with `wanted`. What libtest writes before it, on the same line at times, is passed over.
    pub(crate) fn expect(&mut self, wanted: &str) {
        if let Err(passed) = self.hears(wanted) {
            let _ = self.process.kill();
            let stderr = self.stderr.recv_timeout(LIMIT).unwrap_or_default();
            panic!("no {wanted:?} after {passed:?}\n{stderr}");
        }
    }

    /// The same, where it may not come.
    pub(crate) fn hears(&mut self, wanted: &str) -> Result<(), Vec<String>> {
        let mut passed = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) if line.ends_with(wanted) => return Ok(()),
                Ok(line) => passed.push(line),
                Err(_) => return Err(passed),
            }
        }
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
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
        End { code: status.code(), signal: status.signal(), stderr }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
