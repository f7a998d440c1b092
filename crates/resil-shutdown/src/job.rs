use std::fmt;
use std::future::Future;
use std::pin::Pin;

use resil_core::{Clock, contain};

use crate::{IntoOutcome, Outcome};
use resil_core::background::{Parker, Runtime};

/// The work of a callback.
pub(crate) enum Job {
    Sync(Box<dyn FnOnce() -> Outcome + Send>, Runtime),
    Async(Pending, Runtime),
}

type Pending = Pin<Box<dyn Future<Output = Outcome> + Send>>;

impl Job {
    pub(crate) fn sync<R: IntoOutcome>(work: impl FnOnce() -> R + Send + 'static, runtime: Runtime) -> Self {
        Self::Sync(Box::new(move || work().into_outcome()), runtime)
    }

    pub(crate) fn of_future<F>(work: impl FnOnce() -> F + Send + 'static, runtime: Runtime) -> Self
    where
        F: Future<Output: IntoOutcome> + Send + 'static,
    {
        Self::Async(Box::pin(async move { work().await.into_outcome() }), runtime)
    }

    /// Runs it on this thread. A future is dropped as soon as `is_given_up`.
    pub(crate) fn run(self, parker: &Parker, clock: &impl Clock, is_given_up: impl Fn() -> bool) -> Outcome {
        let outcome = match self {
            Self::Sync(work, runtime) => contain(|| {
                let _entered = runtime.enter();
                work()
            }),
            Self::Async(future, runtime) => contain(|| {
                let _entered = runtime.enter();
                parker.run(future, clock, None, is_given_up).unwrap_or(Outcome::TimedOut)
            }),
        };
        outcome.unwrap_or_else(Outcome::Panicked)
    }

    /// Gives an async one the runtime to run with, if it was registered without.
    pub(crate) fn with_runtime(mut self, found: &Runtime) -> Self {
        if let Self::Async(_, runtime) = &mut self {
            runtime.or(found);
        }
        self
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(..) => "Sync",
            Self::Async(..) => "Async",
        })
    }
}
