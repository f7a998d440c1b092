use std::sync::Arc;

use resil_core::tower::{Always, PolicyLayer};

use crate::GracefulShutdown;

/// A [`GracefulShutdown`] as tower middleware: requests count as in flight, and are refused once the intake has ended. `P` is an `Arc`
/// or a `&'static` of it.
///
/// ```
/// use resil_shutdown::{GracefulShutdown, InFlightLayer};
/// # use tower_layer::Layer;
/// # #[derive(Clone)] struct Routes;
///
/// static SHUTDOWN: GracefulShutdown = GracefulShutdown::new();
/// let counted = InFlightLayer::new(&SHUTDOWN).layer(Routes);
/// # drop(counted);
/// ```
pub type InFlightLayer<P = Arc<GracefulShutdown>> = PolicyLayer<Always<P>>;
