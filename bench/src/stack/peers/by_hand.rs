//! The best crates put together by hand: governor, recloser, backon, and tokio's `timeout`.

use std::time::Duration;

use ::backon::{BlockingRetryable as _, ExponentialBuilder, Retryable as _};
use ::governor::DefaultDirectRateLimiter;
use ::recloser::{AsyncRecloser, Error, Recloser};
use ::tokio::time::timeout;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::peers::governor;
use crate::poll::soon;
use crate::retry::peers::backon;
use crate::stack::operation::{FAILURES, Operation, Spec};
use crate::trouble::{Attempt, attempt};
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "by hand";

/// What may go wrong with a call.
#[derive(Debug)]
enum Failed {
    Limited,
    Open,
    CutOff,
    Work(Refused),
}

impl Failed {
    /// Whether another attempt may mend it.
    fn is_transient(&self) -> bool {
        matches!(self, Self::CutOff | Self::Work(_))
    }

    fn guarded(error: Error<Self>) -> Self {
        match error {
            Error::Inner(failed) => failed,
            Error::Rejected => Self::Open,
        }
    }
}

fn seen(outcome: Result<u64, Failed>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Failed::Work(refused)) => Seen::bare(Err(refused)),
        Err(Failed::Limited | Failed::Open | Failed::CutOff) => Seen::Rejected,
    }
}

/// There is no time limit for what is no future.
struct Sync {
    backoff: ExponentialBuilder,
    limiter: DefaultDirectRateLimiter,
    breaker: Recloser,
}

impl Guarded for Sync {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Sync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        let attempted = || {
            self.limiter.check().map_err(|_| Failed::Limited)?;
            self.breaker.call(|| attempt(work).map_err(Failed::Work)).map_err(Failed::guarded)
        };
        seen(attempted.retry(&self.backoff).when(Failed::is_transient).call())
    }
}

struct Async {
    backoff: ExponentialBuilder,
    limiter: DefaultDirectRateLimiter,
    breaker: AsyncRecloser,
    limit: Duration,
}

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        let attempted = || async {
            self.limiter.check().map_err(|_| Failed::Limited)?;
            let limited = async {
                match timeout(self.limit, Attempt(work)).await {
                    Ok(result) => result.map_err(Failed::Work),
                    Err(_) => Err(Failed::CutOff),
                }
            };
            self.breaker.call(limited).await.map_err(Failed::guarded)
        };
        seen(soon(attempted.retry(&self.backoff).when(Failed::is_transient).into_future()))
    }
}

fn breaker() -> Recloser {
    // It has no consecutive rule: a ring of that length which must be all failures.
    Recloser::custom().closed_len(FAILURES as usize).error_rate(1.0).build()
}

fn build_sync(spec: Spec) -> Sync {
    Sync {
        backoff: backon::backoff(spec.attempts),
        limiter: governor::direct(spec.quota),
        breaker: breaker(),
    }
}

fn build(spec: Spec) -> Async {
    Async {
        backoff: backon::backoff(spec.attempts),
        limiter: governor::direct(spec.quota),
        breaker: breaker().into(),
        limit: spec.limit,
    }
}

/// The crates at an operation.
pub fn contender(operation: Operation) -> Option<Contender> {
    Some(match operation {
        Operation::Sync => Contender::standing(NAME, operation, build_sync),
        Operation::Async => Contender::standing(NAME, operation, build),
    })
}

/// One stack.
pub fn instance((): ()) -> Option<Instance> {
    Some(Instance::at_rest(size_of::<Sync>(), build_sync(Spec::QUIET)))
}
