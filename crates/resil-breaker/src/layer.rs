use std::sync::Arc;

use resil_core::tower::{Always, PolicyLayer};

use crate::CircuitBreaker;

/// The breaker as tower middleware: `P` is an `Arc` or a `&'static` of it.
///
/// ```
/// use resil_breaker::{BreakerLayer, CircuitBreaker, Config};
/// use std::sync::Arc;
/// # use tower_layer::Layer;
/// # #[derive(Clone)] struct Client;
///
/// let breaker = Arc::new(CircuitBreaker::new("payments", Config::new()));
/// let guarded = BreakerLayer::new(Arc::clone(&breaker)).layer(Client); // `breaker` still shows its state
/// # drop(guarded);
/// ```
pub type BreakerLayer<P = Arc<CircuitBreaker>> = PolicyLayer<Always<P>>;
