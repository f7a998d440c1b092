//! `tower-resilience`: its four layers in each other, each with a boxed future and a clone of what it wraps.

use ::tower_resilience_circuitbreaker::classifier::DefaultClassifier;
use ::tower_resilience_circuitbreaker::{CircuitBreaker, CircuitBreakerError, CircuitBreakerLayer};
use ::tower_resilience_ratelimiter::{RateLimiter, RateLimiterServiceError};
use ::tower_resilience_retry::{Retry, RetryLayer};
use ::tower_resilience_timelimiter::{FixedTimeout, TimeLimiter, TimeLimiterError, TimeLimiterLayer};
use tower_layer::Layer as _;
use tower_service::Service as _;

use std::time::Duration;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::peers::tower_resilience as limiter;
use crate::poll::{ready_service, soon};
use crate::retry::peers::tower_resilience as retry;
use crate::stack::operation::{FAILURES, Operation, Spec};
use crate::trouble::Attempting;
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tower-resilience";

type Limited = TimeLimiter<Attempting, FixedTimeout>;
type Guarding = RateLimiter<CircuitBreaker<Limited, DefaultClassifier>>;
type Failed = RateLimiterServiceError<CircuitBreakerError<TimeLimiterError<Refused>>>;
type Stack = Retry<Guarding, Work, u64, Failed>;

struct Tower(Stack);

impl Guarded for Tower {
    fn caller(&self) -> impl Caller {
        Owned(self.0.clone())
    }
}

struct Owned(Stack);

impl Caller for Owned {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready_service(&mut self.0).and_then(|()| soon(self.0.call(work))))
    }
}

fn seen(outcome: Result<u64, Failed>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(RateLimiterServiceError::Inner(CircuitBreakerError::Inner(TimeLimiterError::Inner(refused)))) => {
            Seen::bare(Err(refused))
        }
        Err(_) => Seen::Rejected,
    }
}

/// Whether another attempt may mend it: neither a permit that is missing nor an open circuit.
fn is_transient(failed: &Failed) -> bool {
    matches!(failed, RateLimiterServiceError::Inner(CircuitBreakerError::Inner(_)))
}

fn build(spec: Spec) -> Tower {
    let limited = TimeLimiterLayer::builder().timeout_duration(spec.limit).build().layer(Attempting);
    let breaker = CircuitBreakerLayer::builder().consecutive_failures(FAILURES as usize);
    let guarded = breaker.build().expect("the settings are valid").layer(limited);
    let permitted = limiter::layer(spec.quota, Duration::ZERO).layer(guarded);
    let retry = RetryLayer::builder()
        .max_attempts(spec.attempts.attempts as usize)
        .backoff(retry::backoff(spec.attempts))
        .retry_on(is_transient);
    Tower(retry.build().layer(permitted))
}

/// The peer at an operation: a service only.
pub fn contender(operation: Operation) -> Option<Contender> {
    (operation == Operation::Async).then(|| Contender::standing(NAME, operation, build))
}

/// One stack.
pub fn instance((): ()) -> Option<Instance> {
    let guard = crate::poll::IDLE_RUNTIME.block_on(async { build(Spec::QUIET) });
    Some(Instance { size: size_of::<Stack>(), keep: Box::new(guard) })
}
