//! `breaker`: a read-write lock, read at admission and written at every outcome; a futures-only API.

use ::breaker::{
    BackoffStrategy, BreakerLayer, BreakerService, CircuitBreaker, CircuitBreakerConfig, CircuitBreakerError,
};
use tower_layer::Layer;

use crate::breaker::operation::{CONSECUTIVE, FAILURE_RATE, Form, Operation, Rule, Spec};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{Serving, Upstream, ready};
use crate::work::{Load, Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "breaker";

/// There is no sync call: a sync row polls the future on the spot.
struct Async(CircuitBreaker);

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready(self.0.call(|| async move { work.perform() })))
    }
}

struct Tower(BreakerService<Upstream>);

impl Guarded for Tower {
    fn caller(&self) -> impl Caller {
        Serving { service: self.0.clone(), seen }
    }
}

fn seen(outcome: Result<u64, CircuitBreakerError<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(CircuitBreakerError::Failure(refused)) => Seen::bare(Err(refused)),
        Err(_) => Seen::Rejected,
    }
}

/// Both of its rules are always on: the unused one gets its cheapest setting. No time window.
fn build(spec: Spec) -> Option<CircuitBreaker> {
    let settings = match spec.rule {
        Rule::Consecutive => CircuitBreakerConfig::builder()
            .consecutive_failures(CONSECUTIVE)
            .failure_rate_threshold(0.0)
            .sliding_window_size(1),
        Rule::Count(calls) => CircuitBreakerConfig::builder()
            .consecutive_failures(u32::MAX)
            .failure_rate_threshold(f32::from(FAILURE_RATE) / 100.0)
            .sliding_window_size(calls),
        Rule::Time(_) => return None,
    };
    let config = settings
        .half_open_max_calls(1)
        .success_threshold(if spec.stays_half_open { u32::MAX } else { 1 })
        .backoff(BackoffStrategy::Fixed(spec.open_for))
        .build();
    Some(CircuitBreaker::new(config))
}

/// The peer at an operation.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation.form {
        Form::Sync | Form::Async => Contender::guarding(NAME, operation, |spec| build(spec).map(Async)),
        Form::Tower => Contender::guarding(NAME, operation, |spec| {
            Some(Tower(BreakerLayer::new(build(spec)?).layer(Upstream)))
        }),
    }
}

/// One breaker.
pub fn instance(rule: Rule) -> Option<Instance> {
    let guard = build(Operation::sync(rule, Load::Success).spec())?;
    Some(Instance::of(size_of::<CircuitBreaker>(), Async(guard)))
}
