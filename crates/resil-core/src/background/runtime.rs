use std::future::Future;
use std::marker::PhantomData;

use super::Parker;
use crate::MonotonicClock;

/// The runtime that async callbacks run with, if there is one: tokio's, with feature `tokio`.
///
/// Other runtimes' futures need none to be entered.
///
/// ```
/// use resil_core::background::Runtime;
///
/// assert_eq!(Runtime::current().finish(async { 6 * 7 }), 42); // on this thread
/// ```
#[derive(Clone, Debug, Default)]
pub struct Runtime {
    #[cfg(feature = "tokio")]
    handle: Option<tokio::runtime::Handle>,
}

impl Runtime {
    /// Runs `future` on this thread, with the runtime entered.
    pub fn finish<F: Future>(&self, future: F) -> F::Output {
        let _entered = self.enter();
        Parker::new().finish(future, &MonotonicClock)
    }
}

#[cfg(feature = "tokio")]
impl Runtime {
    /// The one that this code runs in.
    pub fn current() -> Self {
        Self { handle: tokio::runtime::Handle::try_current().ok() }
    }

    /// This one.
    pub fn of(handle: tokio::runtime::Handle) -> Self {
        Self { handle: Some(handle) }
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.handle.is_some()
    }

    /// Takes `found` where it has none.
    pub fn or(&mut self, found: &Self) {
        if self.handle.is_none() {
            self.handle.clone_from(&found.handle);
        }
    }

    /// Makes it the current one of this thread, until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        let guard = self.handle.as_ref().map(tokio::runtime::Handle::enter);
        Entered { _guard: guard, _runtime: PhantomData }
    }
}

#[cfg(not(feature = "tokio"))]
impl Runtime {
    /// The one that this code runs in.
    pub fn current() -> Self {
        Self::default()
    }

    /// Takes `found` where it has none.
    pub fn or(&mut self, _found: &Self) {}

    /// Makes it the current one of this thread, until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        Entered { _runtime: PhantomData }
    }
}

/// While it lives, a [`Runtime`] is the current one of this thread.
#[derive(Debug)]
#[must_use = "dropping it leaves the runtime"]
pub struct Entered<'a> {
    #[cfg(feature = "tokio")]
    _guard: Option<tokio::runtime::EnterGuard<'a>>,
    _runtime: PhantomData<&'a ()>,
}
