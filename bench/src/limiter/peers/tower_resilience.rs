//! `tower-resilience`: a fixed window behind a mutex and a boxed future; a tower service only.

use std::time::Duration;

use ::tower_resilience_ratelimiter::{RateLimiter, RateLimiterLayer, RateLimiterServiceError};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::limiting::seen;
use crate::limiter::operation::{Form, Operation, Spec};
use crate::limiter::waiting::{Awaited, Nothing};
use crate::poll::{Serving, Upstream};
use crate::work::{Refused, Seen};

/// Its name in the tables.
pub const NAME: &str = "tower-resilience";

struct Tower(RateLimiter<Upstream>);

impl Guarded for Tower {
    fn caller(&self) -> impl Caller {
        Serving { service: self.0.clone(), seen: judged }
    }
}

fn judged(outcome: Result<u64, RateLimiterServiceError<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(RateLimiterServiceError::Inner(refused)) => Seen::bare(Err(refused)),
        Err(RateLimiterServiceError::RateLimited) => seen(Err::<(), _>(())),
    }
}

/// A window has a whole burst, and is so long that the rate is kept.
pub fn layer(spec: Spec, longest_wait: Duration) -> RateLimiterLayer {
    RateLimiterLayer::builder()
        .limit_for_period(spec.burst as usize)
        .refresh_period(spec.time_for(spec.burst))
        .timeout_duration(longest_wait)
        .build()
        .expect("the settings are valid")
}

fn build(spec: Spec) -> Tower {
    Tower(layer(spec, Duration::ZERO).layer(Upstream))
}

/// The peer at an operation: a service only, without keys.
pub fn contender(operation: Operation) -> Option<Contender> {
    (operation.form == Form::Tower).then(|| Contender::limiting(NAME, operation, |spec| Some(build(spec))))?
}

/// One limiter.
pub fn instance(form: Form) -> Option<Instance> {
    let guard = (form == Form::Tower).then(|| build(Spec::PLENTY))?;
    Some(Instance::of(size_of::<RateLimiter<Upstream>>(), guard))
}

#[derive(Clone)]
struct Shared(RateLimiter<Nothing>);

impl Awaited for Shared {
    async fn acquire(&mut self) {
        self.0.call(()).await.expect("an hour is long enough");
    }
}

/// The limiter, for tasks that wait in its calls.
pub fn awaited(spec: Spec) -> impl Awaited {
    Shared(layer(spec, Duration::from_secs(3_600)).layer(Nothing))
}
