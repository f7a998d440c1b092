//! One circuit for all connections.

use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use resil_breaker::testing::poll_once;
use resil_breaker::{BreakerLayer, CircuitBreaker, State};
use tower_layer::Layer;
use tower_service::Service;

use crate::ONE;

/// A connection's service, as a server makes one for each.
#[derive(Clone)]
struct Down;

impl Service<()> for Down {
    type Response = ();
    type Error = &'static str;
    type Future = Ready<Result<(), &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Ok(()).into()
    }
    fn call(&mut self, (): ()) -> Self::Future {
        ready(Err("down"))
    }
}

#[test]
fn services_and_their_clones_for_each_connection_share_one_circuit() {
    let shared = Arc::new(CircuitBreaker::new("shared", ONE));
    let layer = BreakerLayer::new(Arc::clone(&shared));
    let mut first = layer.layer(Down);
    let mut others = [first.clone(), layer.layer(Down), layer.clone().layer(Down)];
    assert!(poll_once(pin!(first.call(()))).is_ready());
    assert_eq!(shared.state(), State::Open);
    for service in &mut others {
        let refused = poll_once(pin!(service.call(())));
        assert!(matches!(refused, Poll::Ready(Err(error)) if error.is_rejected()));
    }
}
