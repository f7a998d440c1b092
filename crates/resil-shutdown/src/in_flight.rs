use std::fmt;
use std::sync::Arc;

use resil_core::{Clock, Policy, Reason, Rejected, Verdict};

use crate::GracefulShutdown;
use crate::shared::Shared;

/// Something that is in flight, until it is dropped. Callbacks wait for it, as long as the drain may take.
///
/// ```
/// use resil_shutdown::GracefulShutdown;
///
/// let shutdown = GracefulShutdown::new();
/// let request = shutdown.in_flight();
/// assert_eq!(shutdown.stats().in_flight, 1);
/// drop(request);
/// assert_eq!(shutdown.stats().in_flight, 0);
/// ```
#[must_use = "it counts as in flight only until it is dropped"]
pub struct InFlight {
    shared: Arc<dyn Leave>,
}

/// A [`Shared`] of whatever clock.
trait Leave: Send + Sync {
    fn leave(&self);
}

impl<C: Clock + 'static> Leave for Shared<C> {
    fn leave(&self) {
        Self::leave(self);
    }
}

impl InFlight {
    pub(crate) fn new<C: Clock + 'static>(shared: &Arc<Shared<C>>) -> Self {
        shared.flight.enter();
        Self { shared: Arc::clone(shared) as Arc<dyn Leave> }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.shared.leave();
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").finish_non_exhaustive()
    }
}

/// Calls through it count as in flight, and are refused once the intake has ended.
///
/// ```
/// use resil_shutdown::{Error, GracefulShutdown, PolicyExt, Reason};
///
/// let shutdown = GracefulShutdown::new();
/// assert_eq!(shutdown.call(|| Ok::<_, ()>(7)), Ok(7));
/// let _report = shutdown.trigger_blocking();
/// match shutdown.call(|| Ok::<_, ()>(7)) {
///     Err(Error::Rejected(refusal)) => assert_eq!(refusal.reason(), Reason::ShuttingDown),
///     _ => unreachable!(),
/// }
/// ```
impl<C: Clock + Clone + 'static> Policy for GracefulShutdown<C> {
    type Permit = ();

    fn admit(&self) -> Result<(), Rejected> {
        let is_open = self.shared().flight.try_enter();
        if is_open { Ok(()) } else { Err(Rejected::new(self.name(), Reason::ShuttingDown)) }
    }

    fn settle(&self, (): (), _verdict: Verdict) {
        self.shared().leave();
    }

    fn release(&self, (): ()) {
        self.shared().leave();
    }
}
