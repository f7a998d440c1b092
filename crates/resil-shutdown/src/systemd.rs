//! Words to the service manager, which nobody may hear: the end goes on all the same.

use std::time::Duration;

use resil_core::Clock;
use resil_core::background::notify;
use sd_notify::NotifyState;

use crate::GracefulShutdown;

/// Whether a service manager has asked to be told.
pub(crate) fn listens() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// The end has begun, and may take so long, and a second in which the process ends.
pub(crate) fn stopping(budget: Duration) {
    let micros = budget.saturating_add(Duration::from_secs(1)).as_micros();
    let micros = u32::try_from(micros).unwrap_or(u32::MAX);
    let _ = notify(&[NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(micros)]);
}

/// What is going on.
pub(crate) fn status(text: &str) {
    let _ = notify(&[NotifyState::Status(text)]);
}

impl<C: Clock + Clone + 'static> GracefulShutdown<C> {
    /// Tells systemd that the service is ready (`READY=1`); does nothing where no service manager has asked to be told.
    ///
    /// That it is stopping, and for how long it may, systemd is told when the end begins: the budget and a second, at most 71 minutes,
    /// which is what its field holds.
    ///
    /// Blocks for about 100 ms at most, if the service manager is busy; then it is an error.
    pub fn notify_ready(&self) -> std::io::Result<()> {
        if listens() { notify(&[NotifyState::Ready]) } else { Ok(()) }
    }
}
