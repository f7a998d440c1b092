//! `failsafe`: one mutex around the state and the policy, taken twice per call.

use std::time::Duration;

use ::failsafe::backoff::{self, Constant};
use ::failsafe::failure_policy::{self, ConsecutiveFailures, SuccessRateOverTimeWindow};
use ::failsafe::{CircuitBreaker as _, Config, Error, FailurePolicy, StateMachine, futures};

use crate::breaker::operation::{CONSECUTIVE, FAILURE_RATE, Form, MIN_CALLS, Operation, Rule};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::ready;
use crate::work::{Load, Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "failsafe";

struct Sync<P>(StateMachine<P, ()>);

impl<P: FailurePolicy + Send + std::marker::Sync + 'static> Guarded for Sync<P> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<P: FailurePolicy + Send + std::marker::Sync + 'static> Caller for &Sync<P> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.0.call(|| work.perform()))
    }
}

struct Async<P>(StateMachine<P, ()>);

impl<P: FailurePolicy + Send + std::marker::Sync + 'static> Guarded for Async<P> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<P: FailurePolicy + Send + std::marker::Sync + 'static> Caller for &Async<P> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready(futures::CircuitBreaker::call(&self.0, async move { work.perform() })))
    }
}

fn seen(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(Error::Rejected) => Seen::Rejected,
    }
}

fn consecutive(open_for: Duration) -> StateMachine<ConsecutiveFailures<Constant>, ()> {
    let policy = failure_policy::consecutive_failures(CONSECUTIVE, backoff::constant(open_for));
    Config::new().failure_policy(policy).build()
}

/// Its window is an exponentially weighted average of the success rate and a ring of five slices.
fn windowed(window: Duration, open_for: Duration) -> StateMachine<SuccessRateOverTimeWindow<Constant>, ()> {
    let required = 1.0 - f64::from(FAILURE_RATE) / 100.0;
    let policy = failure_policy::success_rate_over_time_window(
        required,
        MIN_CALLS,
        window,
        backoff::constant(open_for),
    );
    Config::new().failure_policy(policy).build()
}

/// The peer at an operation. The first half-open success closes it, so that no probe can be measured.
pub fn contender(operation: Operation) -> Option<Contender> {
    if operation.load == Load::HalfOpen {
        return None;
    }
    match (operation.rule, operation.form) {
        (Rule::Consecutive, Form::Sync) => {
            Contender::guarding(NAME, operation, |spec| Some(Sync(consecutive(spec.open_for))))
        }
        (Rule::Consecutive, Form::Async) => {
            Contender::guarding(NAME, operation, |spec| Some(Async(consecutive(spec.open_for))))
        }
        (Rule::Time(window), Form::Sync) => {
            Contender::guarding(NAME, operation, |spec| Some(Sync(windowed(window, spec.open_for))))
        }
        (Rule::Time(window), Form::Async) => {
            Contender::guarding(NAME, operation, |spec| Some(Async(windowed(window, spec.open_for))))
        }
        (Rule::Count(_), _) | (_, Form::Tower) => None,
    }
}

/// One breaker.
pub fn instance(rule: Rule) -> Option<Instance> {
    let spec = Operation::sync(rule, Load::Success).spec();
    match rule {
        Rule::Consecutive => Some(Instance::of(
            size_of::<StateMachine<ConsecutiveFailures<Constant>, ()>>(),
            Sync(consecutive(spec.open_for)),
        )),
        Rule::Time(window) => Some(Instance::of(
            size_of::<StateMachine<SuccessRateOverTimeWindow<Constant>, ()>>(),
            Sync(windowed(window, spec.open_for)),
        )),
        Rule::Count(_) => None,
    }
}
