use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use resil_core::{Clock, MonotonicClock, contain};

use crate::hooks::{self, Hooked};
use crate::last_resort::{Armed, Ending, Resort};
use crate::shared::{Main, Shared};
use crate::{Cause, Completed, GracefulShutdown, InFlight, IntoOutcome, Outcome, Report, ShutdownError};

impl<C: Clock + Clone + 'static> GracefulShutdown<C> {
    /// Runs the program: hooks the signals (feature `signal`), runs `main`, ends in order, and gives the report, which `main` can return.
    ///
    /// The end begins with a signal, with [`trigger`](Self::trigger), or when `main` is ready. `main` counts as in flight: callbacks
    /// wait for it, as for everything in flight, and it is dropped if it is still not ready when they are done. A panic of it is
    /// contained and reported.
    ///
    /// While the report is alive, the process ends with the report's code when the budget is used up: `main` need not fear a runtime
    /// that hangs as it is dropped. Drop the report to go on living.
    ///
    /// If the signals cannot be hooked, `main` does not run, which is then its outcome, and the plan does. If all is done already,
    /// `main` does not run, either.
    ///
    /// Dropping this future stops waiting for signals, and leaves an end that has begun to run on.
    ///
    /// ```
    /// use resil_shutdown::{GracefulShutdown, Report};
    ///
    /// async fn serve(stop: resil_shutdown::Triggered) -> std::io::Result<()> {
    ///     // your server, until `stop` is ready
    ///     # drop(stop);
    ///     Ok(())
    /// }
    ///
    /// #[tokio::main(flavor = "current_thread")]
    /// async fn main() -> Report {
    ///     let shutdown = GracefulShutdown::new();
    ///     shutdown.run(serve(shutdown.token().triggered())).await
    /// }
    /// ```
    pub fn run<F>(&self, main: F) -> Run<F, C>
    where
        F: Future<Output: IntoOutcome>,
    {
        Run { main: Some(main), state: Progress::New { shared: Arc::clone(self.shared()) } }
    }

    /// [`run`](Self::run) for programs without a runtime: `main` runs on this thread.
    ///
    /// It should return when [`token`](Self::token) is triggered. If it has not when the callbacks are done, the process ends without
    /// it. As with `run`, the process ends with the budget while the report is alive.
    pub fn run_blocking<R: IntoOutcome>(&self, main: impl FnOnce() -> R) -> Report {
        if let Some(report) = self.report() {
            return report;
        }
        let shared = self.shared();
        let mut started = match Started::new(shared, Ending::ExitIfBlocked) {
            Ok(started) => started,
            Err(error) => {
                not_started(shared, &error);
                return self.completed_blocking();
            }
        };
        let outcome = contain(|| main().into_outcome()).unwrap_or_else(Outcome::Panicked);
        started.main_ended(outcome);
        let report = self.completed_blocking();
        started.finish(report)
    }

    /// Runs `f` with the signals hooked (feature `signal`), and the whole plan at its end, also when it panics; then the panic goes on.
    ///
    /// `f` counts as in flight. It should return when [`token`](Self::token) is triggered: the process goes on without an end until it
    /// does.
    ///
    /// ```
    /// use resil_shutdown::GracefulShutdown;
    ///
    /// let shutdown = GracefulShutdown::new();
    /// let (sum, report) = shutdown.scope(|| 3 + 4)?;
    /// assert_eq!((sum, report.is_clean()), (7, true));
    /// # Ok::<_, resil_shutdown::ShutdownError>(())
    /// ```
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> Result<(R, Report), ShutdownError> {
        let in_flight = self.in_flight();
        let _hooked = hook_unless_installed(self.shared())?;
        let result = catch_unwind(AssertUnwindSafe(f));
        drop(in_flight);
        self.shared().begin(Cause::MainEnded);
        let report = self.completed_blocking();
        match result {
            Ok(value) => Ok((value, report)),
            Err(payload) => resume_unwind(payload),
        }
    }
}

/// Hooks the signals, if the program has not done so before.
fn hook_unless_installed<C: Clock + 'static>(
    shared: &Arc<Shared<C>>,
) -> Result<Option<Hooked>, ShutdownError> {
    match hooks::hook(shared) {
        Ok(hooked) => Ok(Some(hooked)),
        Err(ShutdownError::AlreadyInstalled) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a program holds while it runs.
struct Started<C> {
    shared: Arc<Shared<C>>,
    in_flight: Option<InFlight>,
    hooked: Option<Hooked>,
    armed: Option<Armed>,
}

impl<C: Clock + 'static> Started<C> {
    fn new(
        shared: &Arc<Shared<C>>,
        ending: impl FnOnce(Arc<Resort>) -> Ending,
    ) -> Result<Self, ShutdownError> {
        // In flight before a signal can come: callbacks wait for it from the beginning.
        let in_flight = Some(InFlight::new(shared));
        let armed = Armed::new();
        let mut state = shared.state();
        state.main = Main::Running;
        if matches!(state.ending, Ending::Report) {
            state.ending = ending(Arc::clone(&armed.0));
        }
        drop(state);
        let mut started = Self { shared: Arc::clone(shared), in_flight, hooked: None, armed: Some(armed) };
        started.hooked = hook_unless_installed(shared)?;
        Ok(started)
    }

    fn main_ended(&mut self, outcome: Outcome) {
        self.shared.main_ended(outcome);
        self.in_flight = None;
        self.shared.begin(Cause::MainEnded);
    }

    fn finish(&mut self, report: Report) -> Report {
        self.hooked = None;
        match self.armed.take() {
            Some(armed) => report.armed(armed),
            None => report,
        }
    }
}

/// A program that is given up leaves no trace.
impl<C> Drop for Started<C> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if matches!(state.main, Main::Running) {
            state.main = Main::None;
        }
        // What is armed in the report stays so.
        if self.armed.is_some() && !matches!(state.ending, Ending::Exit) {
            state.ending = Ending::Report;
        }
    }
}

/// The signals could not be hooked, so the program does not run, and the plan does.
fn not_started<C: Clock + 'static>(shared: &Arc<Shared<C>>, error: &ShutdownError) {
    let text = match std::error::Error::source(error) {
        Some(source) => format!("not started: {error}: {source}"),
        None => format!("not started: {error}"),
    };
    shared.main_ended(Outcome::Failed(text));
    shared.begin(Cause::MainEnded);
}

pin_project! {
    /// The future of [`GracefulShutdown::run`].
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Run<F, C = MonotonicClock> {
        #[pin]
        main: Option<F>,
        state: Progress<C>,
    }
}

enum Progress<C> {
    New { shared: Arc<Shared<C>> },
    Running { started: Option<Started<C>>, completed: Completed<C> },
}

impl<F, C: Clock + 'static> Future for Run<F, C>
where
    F: Future<Output: IntoOutcome>,
{
    type Output = Report;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Report> {
        let mut this = self.project();
        if let Progress::New { shared } = this.state {
            *this.state = begin(shared);
        }
        let Progress::Running { started, completed } = this.state else { return Poll::Pending };
        let Some(running) = started else {
            let _ = contain(|| this.main.set(None));
            return Pin::new(completed).poll(cx);
        };
        if let Poll::Ready(report) = Pin::new(&mut *completed).poll(cx) {
            let _ = contain(|| this.main.set(None));
            return Poll::Ready(running.finish(report));
        }
        if let Some(main) = this.main.as_mut().as_pin_mut() {
            let outcome = match contain(|| main.poll(cx).map(IntoOutcome::into_outcome)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(outcome)) => outcome,
                Err(text) => Outcome::Panicked(text),
            };
            // First, so that callbacks find closed what `main` owned.
            let dropped = contain(|| this.main.set(None));
            running.main_ended(dropped.map_or_else(Outcome::Panicked, |()| outcome));
        }
        // Its waker is in place since it was polled above.
        Poll::Pending
    }
}

fn begin<C: Clock + 'static>(shared: &Arc<Shared<C>>) -> Progress<C> {
    shared.state().runtime.or(&resil_core::background::Runtime::current());
    let completed = Completed::new(shared);
    let started = match Started::new(shared, Ending::ExitUnlessDisarmed) {
        Ok(started) => Some(started),
        Err(error) => {
            not_started(shared, &error);
            None
        }
    };
    Progress::Running { started, completed }
}

impl<F, C> fmt::Debug for Run<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
