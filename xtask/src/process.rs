//! Other programs: how a command line is shown, followed, and stopped when it overruns.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::stopwatch::Stopwatch;
use crate::tally::{Counter, Tally};

/// What a captured program left behind.
#[derive(Debug)]
pub(crate) struct Capture {
    /// `None` when it overran its limit and was stopped.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Capture {
    /// True when the program ended by itself with 0.
    pub(crate) fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Both outputs, for a reader who wants to know why.
    pub(crate) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The command as one could type it, environment first.
pub(crate) fn line(command: &Command) -> String {
    let mut line = String::new();
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            let _ = write!(line, "{}='{}' ", key.to_string_lossy(), value.to_string_lossy());
        }
    }
    let program = std::path::Path::new(command.get_program());
    line.push_str(&program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy());
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        if argument.contains([' ', '"', '*', '|']) {
            let _ = write!(line, " '{argument}'");
        } else {
            let _ = write!(line, " {argument}");
        }
    }
    line
}

/// The text for a program that the system refused to start.
pub(crate) fn could_not_start(command: &Command, error: &io::Error) -> String {
    format!("could not start `{}`: {error}", command.get_program().to_string_lossy())
}

/// Runs a program with its output shown as usual, and counts the tests in it.
pub(crate) fn tee(command: &mut Command) -> Result<(bool, Tally), String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| could_not_start(command, &error))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let counter = thread::scope(|scope| {
        let beside =
            scope.spawn(|| stderr.map(|pipe| follow(pipe, |text| eprint!("{text}"))).unwrap_or_default());
        let mut counter = stdout.map(|pipe| follow(pipe, |text| print!("{text}"))).unwrap_or_default();
        counter.join(beside.join().unwrap_or_default());
        counter
    });
    let status = child.wait().map_err(|error| error.to_string())?;
    Ok((status.success(), counter.sum()))
}

/// Shows lines until the pipe ends, and counts the tests in them.
fn follow(pipe: impl Read, show: impl Fn(&str)) -> Counter {
    let mut counter = Counter::default();
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    // A pipe that breaks ends the output; the exit status tells the rest.
    while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        show(&text);
        counter.read(&text);
        line.clear();
    }
    counter
}

/// Runs a program silently and keeps what it prints; stops it when it runs longer than `limit`.
pub(crate) fn capture(command: &mut Command, limit: Duration) -> Result<Capture, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| could_not_start(command, &error))?;
    let stdout = child.stdout.take().map(collect);
    let stderr = child.stderr.take().map(collect);
    let watch = Stopwatch::start();
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break Some(status),
            None if watch.elapsed() >= limit => {
                // It may end by itself just now: then there is nothing left to stop.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => thread::park_timeout(Duration::from_millis(5)),
        }
    };
    // A grandchild may hold the pipe open for ever, so what has not arrived soon is left behind.
    let gather = |pipe: Option<mpsc::Receiver<Vec<u8>>>| {
        let bytes = pipe.and_then(|pipe| pipe.recv_timeout(Duration::from_secs(60)).ok()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Capture { status, stdout: gather(stdout), stderr: gather(stderr) })
}

/// Reads a pipe to its end on a thread, so that a full pipe never blocks the program.
fn collect(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    receive
}

#[cfg(test)]
mod tests {
    use super::{capture, line};
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/usr/bin/cargo");
        command.env("RUSTFLAGS", "--cfg loom").args(["test", "-E", "not binary(x)"]);
        assert_eq!(line(&command), "RUSTFLAGS='--cfg loom' cargo test -E 'not binary(x)'");
    }

    #[cfg(unix)]
    #[test]
    fn output_and_status_are_kept() {
        let seen = capture(
            Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]),
            Duration::from_secs(60),
        );
        let seen = seen.unwrap();
        assert_eq!((seen.stdout.as_str(), seen.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(seen.status.unwrap().code(), Some(3));
        assert!(!seen.success());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_overruns_is_stopped() {
        let seen = capture(
            Command::new("sh").args(["-c", "exec cat /dev/zero > /dev/null"]),
            Duration::from_millis(50),
        );
        assert!(seen.unwrap().status.is_none());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let refused = capture(&mut Command::new("no-such-program"), Duration::from_secs(1));
        assert!(refused.unwrap_err().contains("no-such-program"));
    }
}
