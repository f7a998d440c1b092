//! A supervisor with its worker, as real processes, and what they tell.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use resil::{Clock, Moment, MonotonicClock};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long to wait for what has to come: far more than it takes.
const LIMIT: Duration = Duration::from_secs(60);

/// What the supervisors of these tests are told, unless a test says otherwise: to look often, and to be patient with a machine that is
/// busy.
const FLAGS: [(&str, &str); 10] = [
    ("--interval", "50"),
    ("--max-age", "30000"),
    ("--check", "50"),
    ("--startup", "30000"),
    ("--grace", "300"),
    ("--end-within", "30000"),
    ("--backoff", "20"),
    ("--longest", "80"),
    ("--restarts", "100"),
    ("--healthy", "60000"),
];

/// What they are told where workers are to be found missing.
pub(crate) const WATCHFUL: &str = "--max-age 1000 -- --progress-limit 1000";

/// A folder of one test, which goes with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("resil-supervision-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn heartbeat(&self) -> PathBuf {
        self.0.join("worker.heartbeat")
    }

    /// The number and the process of each entry. Every line of the journal is whole.
    pub(crate) fn journal(&self) -> Vec<(u64, u32)> {
        let text = std::fs::read_to_string(self.0.join("worker.journal")).unwrap();
        assert!(text.ends_with('\n'), "{text:?}");
        let entry = |line: &str| {
            let (number, rest) = line.split_once(' ')?;
            let (process, answer) = rest.split_once(' ')?;
            answer.starts_with("accepted as ").then_some((number.parse().ok()?, process.parse().ok()?))
        };
        text.lines().map(|line| entry(line).unwrap_or_else(|| panic!("{line:?}"))).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A supervisor that runs.
pub(crate) struct Scene {
    process: Child,
    lines: Receiver<(Moment, String)>,
    stderr: Receiver<String>,
    /// All lines that were read, and when.
    told: Vec<(Moment, String)>,
    workers: usize,
}

/// A worker that does its work.
pub(crate) struct Worker {
    pub(crate) pid: u32,
    pub(crate) instance: String,
}

impl Worker {
    /// Sends it a signal, and says when.
    pub(crate) fn send(&self, signal: Signal) -> Moment {
        let now = MonotonicClock.now();
        kill_process(Pid::from_raw(self.pid.try_into().unwrap()).unwrap(), signal).unwrap();
        now
    }
}

/// How it all ended.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) lines: Vec<String>,
    pub(crate) stderr: String,
}

impl Scene {
    /// Starts a supervisor, with flags in place of the usual ones or besides them. What follows `--` is for the worker.
    pub(crate) fn start(folder: &Folder, flags: &str) -> Self {
        Self::spawn(Self::command(folder, flags))
    }

    /// The same in a process group of its own, as a shell starts programs in a terminal.
    pub(crate) fn start_in_the_foreground(folder: &Folder) -> Self {
        let mut command = Self::command(folder, "");
        command.process_group(0);
        Self::spawn(command)
    }

    fn command(folder: &Folder, flags: &str) -> Command {
        let words: Vec<_> = flags.split_whitespace().collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_supervisor"));
        command.arg("--dir").arg(folder.path());
        for (name, value) in FLAGS.iter().filter(|(name, _)| !words.contains(name)) {
            command.args([name, value]);
        }
        command.args(&words);
        command
    }

    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (line, lines) = channel();
        std::thread::spawn(move || {
            let texts = stdout.lines().map_while(Result::ok);
            texts.map(|text| (MonotonicClock.now(), text)).try_for_each(|text| line.send(text))
        });
        let mut from = process.stderr.take().unwrap();
        let (text, stderr) = channel();
        std::thread::spawn(move || {
            let mut all = String::new();
            let _ = from.read_to_string(&mut all);
            text.send(all)
        });
        Self { process, lines, stderr, told: Vec::new(), workers: 0 }
    }

    /// When it told a line that begins like that, and the rest of the line. Waits for it.
    pub(crate) fn expect(&mut self, start: &str) -> (Moment, String) {
        self.expect_nth(start, 0)
    }

    /// The same for one of several such lines.
    pub(crate) fn expect_nth(&mut self, start: &str, n: usize) -> (Moment, String) {
        let give_up = MonotonicClock.now().saturating_add(LIMIT);
        loop {
            let found = |(at, line): &(Moment, String)| Some((*at, line.strip_prefix(start)?.to_owned()));
            if let Some(found) = self.told.iter().filter_map(found).nth(n) {
                return found;
            }
            match self.next_line(give_up) {
                Ok(line) => self.told.push(line),
                Err(error) => {
                    let _ = self.process.kill();
                    let stderr = self.stderr.recv_timeout(LIMIT).unwrap_or_default();
                    panic!("no {start:?} ({error}) after {:#?}\n{stderr}", self.told);
                }
            }
        }
    }

    fn next_line(&self, give_up: Moment) -> Result<(Moment, String), RecvTimeoutError> {
        self.lines.recv_timeout(give_up.saturating_duration_since(MonotonicClock.now()))
    }

    /// The next worker, as soon as its beats are seen and it has done some work.
    pub(crate) fn worker(&mut self) -> Worker {
        let (_, pid) = self.expect_nth("started: pid ", self.workers);
        self.workers += 1;
        let (_, instance) = self.expect(&format!("beating: pid {pid}, instance "));
        self.expect(&format!("worker {pid}: work: order "));
        Worker { pid: pid.parse().unwrap(), instance }
    }

    /// Waits for the line with which a worker was found missing: when that was, and why.
    pub(crate) fn missed(&mut self, worker: &Worker) -> (Moment, String) {
        self.expect(&format!("missed: pid {}, ", worker.pid))
    }

    /// Sends a signal to the supervisor.
    pub(crate) fn send(&mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt_the_foreground(&mut self) {
        kill_process_group(Pid::from_child(&self.process), Signal::INT).unwrap();
    }

    /// Has the present worker do something.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits until both have ended.
    pub(crate) fn end(mut self) -> End {
        let give_up = MonotonicClock.now().saturating_add(LIMIT);
        // The pipe is closed when nobody is left to write to it.
        loop {
            match self.next_line(give_up) {
                Ok(line) => self.told.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("it goes on ({error}) after {:#?}", self.told),
            }
        }
        let stderr = self.stderr.recv_timeout(LIMIT).unwrap();
        let code = self.process.wait().unwrap().code();
        let lines = std::mem::take(&mut self.told).into_iter().map(|(_, line)| line).collect();
        End { code, lines, stderr }
    }

    /// Asks it to end, and waits until both have ended in order.
    pub(crate) fn end_in_order(mut self) -> End {
        self.send(Signal::TERM);
        let end = self.end();
        assert_eq!(end.code, Some(0), "{:#?}\n{}", end.lines, end.stderr);
        end
    }
}

/// A worker whose supervisor was killed ends by itself.
impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl End {
    /// Where there is a line that ends like that.
    pub(crate) fn position(&self, end: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.ends_with(end))
    }

    /// How many lines begin like that.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.lines.iter().filter(|line| line.starts_with(start)).count()
    }
}
