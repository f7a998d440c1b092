//! Our stack, as a pipeline and as calls in each other.

use std::sync::Arc;
use std::time::Duration;

use resil_breaker::CircuitBreaker;
use resil_core::{Error, Line, PolicyExt as _};
use resil_pipeline::{Pipeline, Retry, Timeout};
use resil_ratelimit::{RateLimiter, Waiting};
use resil_retry::{Backoff, Jitter};

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::soon;
use crate::row::OURS;
use crate::stack::operation::{FAILURES, Operation, Spec};
use crate::trouble::{Attempt, attempt};
use crate::work::{Refused, Seen, Work};

/// Which refuses calls rather than let them wait.
pub const REFUSING: &str = "resil, refusing";
/// With a limit around the whole call.
pub const DEADLINE: &str = "resil, and a deadline";
/// Its parts in an `Arc` each rather than in a static.
pub const IN_ARCS: &str = "resil, in Arcs";
/// The type of its parts hidden.
pub const BOXED: &str = "resil, boxed";
/// Without a pipeline.
pub const NESTED: &str = "resil, nested";

/// How long a call waits for a permit.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// A limiter, a breaker, and the line that they make.
type Limiter = &'static RateLimiter;
type Breaker = &'static CircuitBreaker;

struct Sync<A>(Pipeline<A>);

impl<A: Line + Send + std::marker::Sync + 'static> Guarded for Sync<A> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<A: Line> Caller for &Sync<A> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.0.call(|| attempt(work)))
    }
}

struct Async<A>(Pipeline<A>);

impl<A: Line + Send + std::marker::Sync + 'static> Guarded for Async<A> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<A: Line> Caller for &Async<A> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(soon(self.0.call_async(|| Attempt(work))))
    }
}

/// The parts without a pipeline.
struct Nested {
    retry: Retry,
    limiter: Waiting<Limiter>,
    breaker: Breaker,
    timeout: Timeout,
}

impl Guarded for Nested {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Nested {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.retry.call_nested(|| {
            self.limiter.call_nested(|| self.breaker.call_nested(|| self.timeout.call(|| attempt(work))))
        }))
    }
}

struct NestedAsync(Nested);

impl Guarded for NestedAsync {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &NestedAsync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        let Nested { retry, limiter, breaker, timeout } = &self.0;
        seen(soon(retry.call_async_nested(|| {
            limiter.call_async_nested(breaker.call_async_nested(timeout.call_async(Attempt(work))))
        })))
    }
}

fn seen(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(_) => Seen::Rejected,
    }
}

fn limiter(spec: Spec) -> RateLimiter {
    let quota = resil_ratelimit::Quota::per(spec.quota.permits, spec.quota.period).burst(spec.quota.burst);
    RateLimiter::try_new("benchmark", quota).expect("the quota is valid")
}

fn breaker() -> CircuitBreaker {
    let config = resil_breaker::Config::new().failure_threshold(FAILURES);
    CircuitBreaker::try_new("benchmark", config).expect("the settings are valid")
}

fn retry(spec: Spec) -> Retry {
    let backoff = Backoff::exponential(spec.attempts.base).max(spec.attempts.longest).jitter(Jitter::Full);
    let config = resil_retry::Config::new().max_attempts(spec.attempts.attempts).backoff(backoff);
    Retry::try_new("benchmark", config).expect("the settings are valid")
}

fn timeout(limit: Duration) -> Timeout {
    Timeout::try_new(limit).expect("the limit is valid").named("benchmark")
}

/// As in a static, for as long as the process lives.
fn still<T>(part: T) -> &'static T {
    Box::leak(Box::new(part))
}

/// The outer and the inner part of a pipeline.
fn begun(spec: Spec) -> Pipeline {
    Pipeline::new("benchmark").retry(retry(spec)).attempt_timeout(timeout(spec.limit))
}

fn plain(spec: Spec) -> Pipeline<impl Line + Send + std::marker::Sync + 'static> {
    begun(spec).limit(still(limiter(spec)).waiting(MAX_WAIT)).guard(still(breaker()))
}

fn refusing(spec: Spec) -> Pipeline<impl Line + Send + std::marker::Sync + 'static> {
    begun(spec).guard(still(limiter(spec))).guard(still(breaker()))
}

fn in_arcs(spec: Spec) -> Pipeline<impl Line + Send + std::marker::Sync + 'static> {
    begun(spec).limit(Waiting::new(Arc::new(limiter(spec)), MAX_WAIT)).guard(Arc::new(breaker()))
}

fn boxed(spec: Spec) -> Pipeline<impl Line + Send + std::marker::Sync + 'static> {
    begun(spec).limit(still(limiter(spec)).waiting(MAX_WAIT)).guard(still(breaker())).boxed()
}

fn nested(spec: Spec) -> Nested {
    Nested {
        retry: retry(spec),
        limiter: still(limiter(spec)).waiting(MAX_WAIT),
        breaker: still(breaker()),
        timeout: timeout(spec.limit),
    }
}

fn pipeline<A: Line + Send + std::marker::Sync + 'static>(
    name: &str,
    operation: Operation,
    build: impl Fn(Spec) -> Pipeline<A> + Send + std::marker::Sync + 'static,
) -> Contender {
    match operation {
        Operation::Sync => Contender::standing(name, operation, move |spec| Sync(build(spec))),
        Operation::Async => Contender::standing(name, operation, move |spec| Async(build(spec))),
    }
}

/// Our stack at an operation, in the variants that a row tells apart.
pub fn contenders(operation: Operation) -> Vec<Contender> {
    let with_deadline = |spec: Spec| plain(spec).deadline(timeout(2 * Spec::QUIET.limit));
    let nested = match operation {
        Operation::Sync => Contender::standing(NESTED, operation, nested),
        Operation::Async => Contender::standing(NESTED, operation, |spec| NestedAsync(nested(spec))),
    };
    vec![
        pipeline(OURS, operation, plain),
        pipeline(REFUSING, operation, refusing),
        pipeline(DEADLINE, operation, with_deadline),
        pipeline(IN_ARCS, operation, in_arcs),
        nested,
    ]
}

/// The pipeline, and the same with its type hidden.
pub fn beside_boxed(operation: Operation) -> Vec<Contender> {
    vec![pipeline(OURS, operation, plain), pipeline(BOXED, operation, boxed)]
}

/// One pipeline.
pub fn instance((): ()) -> Option<Instance> {
    fn sized<A>(_: &Pipeline<A>) -> usize {
        size_of::<Pipeline<A>>()
    }
    let pipeline = in_arcs(Spec::QUIET);
    Some(Instance::at_rest(sized(&pipeline), Sync(pipeline)))
}
