//! The worker as a process.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::news::News;
use crate::settings::Settings;

/// A worker that was started and not yet reaped, so that its number is its own.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    pid: Pid,
    /// Where to tell of its end; until somebody wants to hear of it.
    tell: Option<Sender<News>>,
}

impl Child {
    /// Starts the program. What it hears on stdin comes through the wire.
    pub(crate) fn start(settings: &Settings, wire: &Wire, tell: &Sender<News>) -> io::Result<Self> {
        let mut command = Command::new(&settings.worker);
        command.arg("--dir").arg(&settings.dir);
        command.arg("--interval").arg(settings.interval.as_millis().to_string());
        command.args(&settings.flags_of_worker);
        // Ctrl-C goes to the whole group of a terminal, and a second signal would cut its end short.
        command.process_group(0).stdin(Stdio::piped());
        let mut process = command.spawn()?;
        wire.connect(process.stdin.take());
        let pid = Pid::from_child(&process);
        Ok(Self { process, pid, tell: Some(tell.clone()) })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Lets a thread wait for its end, which is told as [`News::Ended`] once.
    pub(crate) fn await_end(&mut self) {
        let Some(tell) = self.tell.take() else { return };
        let pid = self.pid;
        std::thread::spawn(move || {
            // It is not reaped by that: its number must not be another's before the supervisor knows.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
            tell.send(News::Ended)
        });
    }

    /// Sends it a signal. One that has ended does not mind.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.pid, signal)?)
    }

    /// Waits until it has ended, and lets its number go.
    pub(crate) fn reap(mut self) -> io::Result<ExitStatus> {
        self.process.wait()
    }
}

/// The way of commands to the worker that happens to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<Mutex<Option<ChildStdin>>>);

impl Wire {
    /// Passes on the lines that come on stdin, on a thread of its own: a worker that was stopped does not read them.
    pub(crate) fn pass_on(&self) {
        let wire = self.clone();
        std::thread::spawn(move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                let mut stdin = wire.0.lock().unwrap_or_else(PoisonError::into_inner);
                // Nobody may be there to hear it.
                let _ = stdin.as_mut().map(|stdin| writeln!(stdin, "{line}"));
            }
        });
    }

    /// Leads to another worker from now on. The former one has ended by then, so that nobody is in the middle of a line.
    fn connect(&self, stdin: Option<ChildStdin>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stdin;
    }
}
