//! What signals begin: the one place where the handle meets them, or does without.

#[cfg(all(feature = "signal", unix))]
mod former;
#[cfg(all(feature = "signal", unix))]
mod unix;
#[cfg(all(feature = "signal", windows))]
mod windows;

use std::sync::Arc;

use resil_core::Clock;

use crate::ShutdownError;
use crate::shared::Shared;

#[cfg(all(feature = "signal", unix))]
pub(crate) use unix::Hooked;
#[cfg(all(feature = "signal", windows))]
pub(crate) use windows::Hooked;

/// Without the feature nothing is hooked.
#[cfg(not(feature = "signal"))]
pub(crate) struct Hooked;

/// Hooks the configured signals, until what it gives is dropped.
#[cfg(feature = "signal")]
pub(crate) fn hook<C: Clock + 'static>(shared: &Arc<Shared<C>>) -> Result<Hooked, ShutdownError> {
    if std::mem::replace(&mut shared.state().is_installed, true) {
        return Err(ShutdownError::AlreadyInstalled);
    }
    let release = {
        let shared = Arc::clone(shared);
        Release(Box::new(move || shared.state().is_installed = false))
    };
    let on_signal = {
        let shared = Arc::clone(shared);
        move |signal| {
            if shared.request(crate::Cause::Signal(signal)) {
                crate::supervisor::supervise(&shared);
            }
        }
    };
    Hooked::new(shared.config.signals, on_signal, release)
}

/// Says, when it is dropped, that nothing is hooked any more.
#[cfg(feature = "signal")]
pub(crate) struct Release(Box<dyn Fn() + Send + Sync>);

#[cfg(feature = "signal")]
impl Drop for Release {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(not(feature = "signal"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(crate) fn hook<C: Clock + 'static>(_shared: &Arc<Shared<C>>) -> Result<Hooked, ShutdownError> {
    Ok(Hooked)
}

/// Ends the process, without what was registered for its exit where that can be done.
pub(crate) fn exit_at_once(code: i32) {
    #[cfg(all(feature = "signal", unix))]
    signal_hook::low_level::exit(code);
    #[cfg(not(all(feature = "signal", unix)))]
    std::process::exit(code);
}
