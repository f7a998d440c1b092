use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use resil_core::{Clock, MonotonicClock, OutOfRange, Value};

use crate::config::{LIMIT, is_span};
use crate::job::Job;
use crate::plan::{Refusal, Spec};
use crate::shared::Shared;
use crate::{IntoOutcome, ShutdownError};
use resil_core::background::Runtime;

/// A callback that is being described; [`run`](Registration::run) or [`run_async`](Registration::run_async) registers it.
///
/// ```
/// use resil_shutdown::GracefulShutdown;
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("close database").priority(20).run(|| ())?;
/// shutdown.register("flush orders").priority(10).run(|| ())?; // lower runs first
/// let order: Vec<_> = shutdown.callbacks().into_iter().map(|callback| callback.name).collect();
/// assert_eq!(order, ["flush orders", "close database"]);
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
#[must_use = "nothing is registered before `run` or `run_async` says what to do"]
pub struct Registration<'a, C = MonotonicClock> {
    shared: &'a Arc<Shared<C>>,
    spec: Spec,
    runtime: Option<Runtime>,
}

/// The priority unless set.
const DEFAULT_PRIORITY: i32 = 100;

impl<'a, C: Clock + 'static> Registration<'a, C> {
    pub(crate) fn new(shared: &'a Arc<Shared<C>>, name: Cow<'static, str>) -> Self {
        let spec = Spec { name, priority: DEFAULT_PRIORITY, limit: None, is_async: false };
        Self { shared, spec, runtime: None }
    }

    /// Lower ones run first; 100 unless set. Those of the same priority run as they were registered, or at once, as configured.
    pub fn priority(mut self, priority: i32) -> Self {
        self.spec.priority = priority;
        self
    }

    /// The time that it may take, 1 ns to 100 years, and never more than is left of the budget. Unless set, all that is left.
    pub fn within(mut self, limit: Duration) -> Self {
        self.spec.limit = Some(limit);
        self
    }

    /// The runtime that is entered while the callback runs. An async one has the one that this code runs in unless another is given.
    #[cfg(feature = "tokio")]
    pub fn on(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.runtime = Some(Runtime::of(runtime));
        self
    }

    /// Registers a function, which runs on a thread of its own. One that hangs is left behind when its time is over.
    pub fn run<R: IntoOutcome>(self, work: impl FnOnce() -> R + Send + 'static) -> Result<(), ShutdownError> {
        let runtime = self.runtime.clone().unwrap_or_default();
        self.register(Job::sync(work, runtime))
    }

    /// Registers an async function. Its future runs on a thread of the shutdown, with the tokio runtime entered that this code runs
    /// in, if there is one (feature `tokio`). It is dropped when its time is over.
    ///
    /// Where the runtime is stuck, what needs its timers or sockets times out, and the rest runs all the same.
    pub fn run_async<F>(mut self, work: impl FnOnce() -> F + Send + 'static) -> Result<(), ShutdownError>
    where
        F: Future<Output: IntoOutcome> + Send + 'static,
    {
        self.spec.is_async = true;
        let runtime = self.runtime.take().unwrap_or_else(Runtime::current);
        self.register(Job::of_future(work, runtime))
    }

    fn register(self, job: Job) -> Result<(), ShutdownError> {
        if let Some(limit) = self.spec.limit.filter(|limit| !is_span(*limit)) {
            return Err(ShutdownError::OutOfRange(
                self.spec.name,
                OutOfRange::new(LIMIT, Value::Span(limit)),
            ));
        }
        let name = self.spec.name.clone();
        let refused = self.shared.state().plan.register(self.spec, job);
        // The job that comes back is foreign code, and is dropped after the lock was released.
        refused.map_err(|(refusal, _job)| match refusal {
            Refusal::Duplicate => ShutdownError::DuplicateName(name),
            Refusal::TooLate => ShutdownError::ShuttingDown(name),
        })
    }
}

impl<C> fmt::Debug for Registration<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

/// A registered callback, as [`callbacks`](crate::GracefulShutdown::callbacks) lists it.
///
/// ```
/// use resil_shutdown::GracefulShutdown;
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush").run_async(|| async {})?;
/// let callback = &shutdown.callbacks()[0];
/// assert_eq!((&*callback.name, callback.priority, callback.is_async), ("flush", 100, true));
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Callback {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Lower ones run first.
    pub priority: i32,
    /// The time that it may take; `None` is all that is left of the budget.
    pub limit: Option<Duration>,
    /// Whether it is a future.
    pub is_async: bool,
}

impl Callback {
    pub(crate) fn of(spec: &Spec) -> Self {
        let Spec { name, priority, limit, is_async } = spec.clone();
        Self { name, priority, limit, is_async }
    }
}
