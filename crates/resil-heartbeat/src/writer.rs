//! One beat after the other.

#[cfg(loom)]
use loom::thread::{self, ThreadId};
#[cfg(shuttle)]
use shuttle::thread::{self, ThreadId};
#[cfg(not(any(loom, shuttle)))]
use std::thread::{self, ThreadId};

use resil_core::sync::{Mutex, MutexGuard, lock};

use crate::sink::{Sink, Sinks};

/// Lets one thread at a time tell a beat, so that they reach everybody in their order.
///
/// The program's own sinks are called in the turn, and may call the handle: so a thread that has the turn is told so when it asks for
/// it once more, rather than left to wait for itself.
pub(crate) struct Writer {
    holder: Mutex<Option<ThreadId>>,
    sinks: Mutex<Sinks>,
}

/// The right to tell a beat.
pub(crate) struct Turn<'a> {
    writer: &'a Writer,
    pub(crate) sinks: MutexGuard<'a, Sinks>,
}

impl Writer {
    pub(crate) fn new(all: Vec<Sink>) -> Self {
        Self { holder: Mutex::new(None), sinks: Mutex::new(Sinks(all)) }
    }

    /// Waits for the turn; `None` if this thread has it.
    pub(crate) fn turn(&self) -> Option<Turn<'_>> {
        let this = thread::current().id();
        if *lock(&self.holder) == Some(this) {
            return None;
        }
        let sinks = lock(&self.sinks);
        *lock(&self.holder) = Some(this);
        Some(Turn { writer: self, sinks })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.writer.holder) = None;
    }
}
