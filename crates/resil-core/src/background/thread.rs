//! The one place where a model checker takes the place of `std::thread`.

use std::io;

use crate::{Clock, Moment};

/// A thread that parks itself, and is unparked by others.
#[cfg(not(any(loom, shuttle)))]
#[derive(Debug)]
pub(crate) struct Parked(std::thread::Thread);

#[cfg(not(any(loom, shuttle)))]
impl Parked {
    pub(crate) fn current() -> Self {
        Self(std::thread::current())
    }

    /// Blocks the thread that this is until it is unparked, or until about `at`. It may come back early.
    pub(crate) fn park(&self, clock: &impl Clock, at: Option<Moment>) {
        debug_assert_eq!(self.0.id(), std::thread::current().id());
        match at {
            Some(at) => clock.park_until(at),
            None => std::thread::park(),
        }
    }

    pub(crate) fn unpark(&self) {
        self.0.unpark();
    }
}

/// The same, where time stands still. loom's own `unpark` also wakes a thread that waits for a lock, hence its `Notify`.
#[cfg(loom)]
pub(crate) struct Parked(loom::sync::Notify);

#[cfg(loom)]
impl Parked {
    pub(crate) fn current() -> Self {
        Self(loom::sync::Notify::new())
    }

    pub(crate) fn park(&self, _clock: &impl Clock, _at: Option<Moment>) {
        self.0.wait();
    }

    pub(crate) fn unpark(&self) {
        self.0.notify();
    }
}

/// The same, where time stands still.
#[cfg(shuttle)]
pub(crate) struct Parked(shuttle::thread::Thread);

#[cfg(shuttle)]
impl Parked {
    pub(crate) fn current() -> Self {
        Self(shuttle::thread::current())
    }

    #[expect(clippy::unused_self, reason = "as with real threads")]
    pub(crate) fn park(&self, _clock: &impl Clock, _at: Option<Moment>) {
        shuttle::thread::park();
    }

    pub(crate) fn unpark(&self) {
        self.0.unpark();
    }
}

/// Begins a thread that nobody joins. It is an error if the system has none to give.
#[cfg(not(any(loom, shuttle)))]
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Begins a thread of the checker's.
#[cfg(any(loom, shuttle))]
pub fn spawn(_name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    #[cfg(loom)]
    drop(loom::thread::spawn(work));
    #[cfg(shuttle)]
    drop(shuttle::thread::spawn(work));
    Ok(())
}
