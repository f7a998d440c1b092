use resil_core::{Clock, Name};

use crate::shared::Shared;
use crate::{Cause, Phase};

/// The state of a [`GracefulShutdown`](crate::GracefulShutdown): a copy, taken at one instant.
///
/// ```
/// use resil_shutdown::{GracefulShutdown, Phase};
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush").run(|| ())?;
/// let stats = shutdown.stats();
/// assert_eq!((stats.phase, stats.waiting, stats.in_flight), (Phase::Running, 1, 0));
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The handle's name.
    pub name: Name,
    /// How far the end has come.
    pub phase: Phase,
    /// Why it began, if it has.
    pub cause: Option<Cause>,
    /// Callbacks that have not begun.
    pub waiting: usize,
    /// Callbacks that run.
    pub running: usize,
    /// What is in flight.
    pub in_flight: usize,
    /// Whether signals are hooked.
    pub is_installed: bool,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}

impl Stats {
    pub(crate) fn of<C: Clock + 'static>(shared: &Shared<C>) -> Self {
        let state = shared.state();
        Self {
            name: shared.name,
            phase: state.plan.phase(),
            cause: state.plan.cause(),
            waiting: state.plan.specs().count(),
            running: state.plan.running().count(),
            in_flight: shared.flight.count(),
            is_installed: state.is_installed,
            events_lost: shared.observers.events_lost(),
            listener_panics: shared.observers.listener_panics(),
        }
    }
}
