//! `tower-resilience`: a fair tokio mutex taken twice per call and a boxed future; a tower service only.

use ::tower_resilience_circuitbreaker::classifier::DefaultClassifier;
use ::tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerError, CircuitBreakerHandle, CircuitBreakerLayer, SlidingWindowType,
};
use tower_layer::Layer;

use crate::breaker::operation::{CONSECUTIVE, FAILURE_RATE, MIN_CALLS, Operation, Rule, Spec};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{Serving, Upstream, ready};
use crate::work::{Load, Refused, Seen};

/// Its name in the tables.
pub const NAME: &str = "tower-resilience";

/// Calls that a time window holds at most during a measurement: each call visits all of them.
pub const HELD: u64 = 1_000;

type Service = CircuitBreaker<Upstream, DefaultClassifier>;

/// There is nothing but the service: every row calls it and polls its future on the spot.
struct Tower {
    service: Service,
    handle: CircuitBreakerHandle,
}

impl Guarded for Tower {
    fn caller(&self) -> impl Caller {
        Serving { service: self.service.clone(), seen }
    }

    /// Its own `reset` does nothing to a closed breaker.
    fn rewind(&self) {
        ready(self.handle.force_open());
        ready(self.handle.force_closed());
    }
}

fn seen(outcome: Result<u64, CircuitBreakerError<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(CircuitBreakerError::Inner(refused)) => Seen::bare(Err(refused)),
        Err(CircuitBreakerError::OpenCircuit) => Seen::Rejected,
    }
}

fn build(spec: Spec) -> Option<Tower> {
    let rate = f64::from(FAILURE_RATE) / 100.0;
    let settings = match spec.rule {
        Rule::Consecutive => CircuitBreakerLayer::builder().consecutive_failures(CONSECUTIVE as usize),
        Rule::Count(calls) => {
            CircuitBreakerLayer::builder().sliding_window_size(calls as usize).failure_rate_threshold(rate)
        }
        Rule::Time(window) => CircuitBreakerLayer::builder()
            .sliding_window_type(SlidingWindowType::TimeBased)
            .sliding_window_duration(window)
            .minimum_number_of_calls(MIN_CALLS as usize)
            .failure_rate_threshold(rate),
    };
    let probes = if spec.stays_half_open { 1 << 40 } else { 1 };
    let settings = settings.wait_duration_in_open(spec.open_for).permitted_calls_in_half_open(probes);
    let (layer, handle) = settings.build_with_handle().expect("the settings are valid");
    Some(Tower { service: layer.layer(Upstream), handle })
}

/// The peer at an operation. Half-open with a time window, it visits all probes so far at each one: not measured.
pub fn contender(operation: Operation) -> Option<Contender> {
    match (operation.rule, operation.load) {
        (Rule::Time(_), Load::HalfOpen) => None,
        (Rule::Time(_), Load::Success | Load::TenPercentErrors) => {
            Contender::holding(NAME, operation, 0, HELD, build)
        }
        _ => Contender::guarding(NAME, operation, build),
    }
}

/// The peer with `held` calls in its time window, give or take the few of a batch.
pub fn holding(operation: Operation, held: u64) -> Option<Contender> {
    if held <= HELD {
        return Contender::holding(NAME, operation, held, 10, build);
    }
    // Too dear to fill again for every batch: two calls at a time hardly change what it holds.
    Some(Contender::guarding(NAME, operation, build)?.after(held).in_batches_of(2))
}

/// One breaker.
pub fn instance(rule: Rule) -> Option<Instance> {
    let guard = build(Operation::sync(rule, Load::Success).spec())?;
    Some(Instance::of(size_of::<Service>(), guard))
}
