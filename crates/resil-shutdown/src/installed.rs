use std::fmt;
use std::sync::Arc;

use resil_core::{Clock, MonotonicClock};

use crate::hooks::{self, Hooked};
use crate::last_resort::{self, Ending};
use crate::shared::Shared;
use crate::{GracefulShutdown, ShutdownError};

/// Hooked signals, for programs that keep their own `main`. Dropping it restores what the signals did before, and runs nothing.
///
/// ```
/// use resil_shutdown::GracefulShutdown;
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush").run(|| println!("flushed"))?;
/// let installed = shutdown.install()?;
/// assert!(shutdown.is_installed());
/// // From here on, SIGTERM runs the plan.
/// installed.uninstall();
/// assert!(!shutdown.is_installed());
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
#[must_use = "dropping it restores the former handlers"]
pub struct Installed<C = MonotonicClock> {
    shared: Arc<Shared<C>>,
    /// Dropped with this.
    _hooked: Hooked,
}

impl<C: Clock + Clone + 'static> GracefulShutdown<C> {
    /// Hooks the configured signals: the first one begins the end, which runs on a thread of its own, and a second one ends the
    /// process at once, with 128 and its number.
    ///
    /// The first signal after [`trigger`](Self::trigger) changes nothing, and the one after that ends the process.
    pub fn install(&self) -> Result<Installed<C>, ShutdownError> {
        self.adopt_runtime();
        let hooked = hooks::hook(self.shared())?;
        Ok(Installed { shared: Arc::clone(self.shared()), _hooked: hooked })
    }

    /// Whether signals are hooked.
    pub fn is_installed(&self) -> bool {
        self.shared().state().is_installed
    }
}

impl<C: Clock + 'static> Installed<C> {
    /// Ends the process when all is done, with the report's exit code. The report goes to stderr first unless all went well.
    pub fn exit_when_done(self) -> Self {
        let mut state = self.shared.state();
        state.ending = Ending::Exit;
        let report = state.report.clone();
        drop(state);
        // All is done already, and whoever did it has looked.
        if let Some(report) = report {
            last_resort::exit(&self.shared, &report);
        }
        self
    }

    /// Restores what the signals did before, as dropping it does. A signal that has come and was not heard yet is lost.
    ///
    /// Where a signal had its default action before, that is done from now on, also if other code hooks the signal later.
    pub fn uninstall(self) {
        drop(self);
    }
}

impl<C> Drop for Installed<C> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if matches!(state.ending, Ending::Exit) {
            state.ending = Ending::Report;
        }
    }
}

impl<C> fmt::Debug for Installed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installed").finish_non_exhaustive()
    }
}
