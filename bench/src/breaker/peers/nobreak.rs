//! `nobreak`: one std mutex, taken twice per call; consecutive failures only.

use ::nobreak::{CircuitBreaker, CircuitError};

use crate::breaker::operation::{CONSECUTIVE, Form, Operation, Rule, Spec};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::ready;
use crate::work::{Load, Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "nobreak";

struct Sync(CircuitBreaker);

impl Guarded for Sync {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Sync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.0.call(|| work.perform()))
    }
}

struct Async(CircuitBreaker);

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready(self.0.call_async(|| async move { work.perform() })))
    }
}

fn seen(outcome: Result<u64, CircuitError<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(CircuitError::Failed { error }) => Seen::bare(Err(error)),
        Err(CircuitError::Open) => Seen::Rejected,
    }
}

fn build(spec: Spec) -> Option<CircuitBreaker> {
    if spec.rule != Rule::Consecutive {
        return None;
    }
    let settings = ::nobreak::builder()
        .with_failure_threshold(CONSECUTIVE as usize)
        .with_success_threshold(if spec.stays_half_open { usize::MAX } else { 1 });
    Some(settings.with_open_duration(spec.open_for).build())
}

/// The peer at an operation.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation.form {
        Form::Sync => Contender::guarding(NAME, operation, |spec| build(spec).map(Sync)),
        Form::Async => Contender::guarding(NAME, operation, |spec| build(spec).map(Async)),
        Form::Tower => None,
    }
}

/// One breaker.
pub fn instance(rule: Rule) -> Option<Instance> {
    let guard = build(Operation::sync(rule, Load::Success).spec())?;
    Some(Instance::of(size_of::<CircuitBreaker>(), Sync(guard)))
}
