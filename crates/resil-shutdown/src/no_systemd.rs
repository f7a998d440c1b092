//! Where there is no systemd to tell.

use std::time::Duration;

pub(crate) fn listens() -> bool {
    false
}

pub(crate) fn stopping(_budget: Duration) {}

pub(crate) fn status(_text: &str) {}

#[cfg(feature = "systemd")]
impl<C: resil_core::Clock + Clone + 'static> crate::GracefulShutdown<C> {
    /// Tells systemd that the service is ready, on Linux; does nothing here.
    pub fn notify_ready(&self) -> std::io::Result<()> {
        Ok(())
    }
}
