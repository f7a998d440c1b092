//! What can go wrong in a worker, on demand.

use std::convert::Infallible;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread;

use resil::GracefulShutdown;

use crate::duties::tell;
use crate::journal::Journal;
use crate::service::Service;
use crate::work::lock;

/// What it takes to do harm.
pub(crate) struct Faults {
    pub(crate) journal: Arc<Mutex<Journal>>,
    /// The service, if it is this worker's own.
    pub(crate) service: Option<Service>,
    /// Hangs up when the work ends.
    pub(crate) work: Option<Receiver<Infallible>>,
    pub(crate) shutdown: Arc<GracefulShutdown>,
}

impl Faults {
    /// Does what the lines on stdin say. When stdin ends, whoever started this worker is gone.
    pub(crate) fn obey(mut self) {
        thread::spawn(move || {
            std::io::stdin().lines().map_while(Result::ok).for_each(|line| self.commit(&line));
            tell("stdin has ended");
            self.shutdown.trigger();
        });
    }

    fn commit(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        match (words.as_slice(), &self.service) {
            (["deadlock"], _) => self.deadlock(),
            (["exit", code], _) => std::process::exit(code.parse().unwrap_or(1)),
            (["tear"], _) => {
                // Held until the process is gone: the work must not write behind it.
                let mut journal = lock(&self.journal);
                let torn = journal.tear("what has no end");
                std::process::exit(if torn.is_ok() { 3 } else { 4 });
            }
            (["down"], Some(service)) => service.set_down(true),
            (["up"], Some(service)) => service.set_down(false),
            _ => tell(format_args!("cannot do that: {line}")),
        }
    }

    /// One thread holds the journal and waits for the work to end, which waits for the journal.
    fn deadlock(&mut self) {
        let Some(work) = self.work.take() else { return };
        let journal = Arc::clone(&self.journal);
        thread::spawn(move || {
            let _held = lock(&journal);
            tell("deadlocked");
            let _ = work.recv();
        });
    }
}
