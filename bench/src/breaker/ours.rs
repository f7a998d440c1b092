//! Our breaker, under the same operations as the peers.

use std::sync::Arc;

use resil_breaker::{CircuitBreaker, Config, Error, Policy, PolicyExt, Verdict, Window};
use resil_core::tower::{Always, PolicyLayer, PolicyService};
use tower_layer::Layer;

use crate::breaker::operation::{CONSECUTIVE, FAILURE_RATE, Form, MIN_CALLS, NEVER, Operation, Rule, Spec};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{Serving, Upstream, ready};
use crate::row::{OURS, OURS_UNCOUNTED};
use crate::work::{Load, Refused, Seen, Work};

/// Admission and settlement by hand, without `call` around them.
pub const BY_HAND: &str = "resil, admit and settle";
/// An async method that makes the call by hand: what the attribute on it is to cost.
pub const IN_METHOD: &str = "resil, in an async method";
/// The attribute on a method.
pub const ATTRIBUTE: &str = "resil, #[guard]";
/// The tower layer around a `&'static` breaker rather than an `Arc`.
pub const STATIC: &str = "resil, in a static";

struct Sync(CircuitBreaker);

impl Guarded for Sync {
    fn caller(&self) -> impl Caller {
        self
    }

    fn rewind(&self) {
        self.0.reset();
    }
}

impl Caller for &Sync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.0.call(|| work.perform()))
    }
}

struct ByHand(CircuitBreaker);

impl Guarded for ByHand {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &ByHand {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        match self.0.admit() {
            Ok(permit) => {
                let outcome = work.perform();
                self.0.settle(permit, if outcome.is_ok() { Verdict::Success } else { Verdict::Failure });
                Seen::bare(outcome)
            }
            Err(_) => Seen::Rejected,
        }
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
        seen(ready(self.0.call_async(async move { work.perform() })))
    }
}

struct Attributed(CircuitBreaker);

impl Attributed {
    #[resil_macros::guard(&self.0, crate = resil_breaker)]
    #[inline(always)]
    fn perform(&self, work: Work) -> Result<u64, Error<Refused>> {
        work.perform().map_err(Error::Inner)
    }

    #[resil_macros::guard(&self.0, crate = resil_breaker)]
    #[inline(always)]
    async fn perform_later(&self, work: Work) -> Result<u64, Error<Refused>> {
        work.perform().map_err(Error::Inner)
    }
}

/// What [`Attributed`] says, by hand.
struct InMethod(CircuitBreaker);

impl InMethod {
    #[inline(always)]
    async fn perform_later(&self, work: Work) -> Result<u64, Error<Refused>> {
        self.0.call_async_nested(async move { work.perform().map_err(Error::Inner) }).await
    }
}

impl Guarded for InMethod {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &InMethod {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready(self.perform_later(work)))
    }
}

impl Guarded for Attributed {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Attributed {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.perform(work))
    }
}

struct AttributedAsync(Attributed);

impl Guarded for AttributedAsync {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &AttributedAsync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready(self.0.perform_later(work)))
    }
}

struct Tower<P>(PolicyService<Upstream, Always<P>>);

impl<P: Policy + Clone + Send + std::marker::Sync + 'static> Guarded for Tower<P> {
    fn caller(&self) -> impl Caller {
        Serving { service: self.0.clone(), seen }
    }
}

fn seen(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(_) => Seen::Rejected,
    }
}

fn build(spec: Spec, counters: bool) -> CircuitBreaker {
    let config = Config::new().reset_timeout(spec.open_for).counters(counters);
    let config = match spec.rule {
        Rule::Consecutive => config.failure_threshold(CONSECUTIVE),
        Rule::Count(calls) => config.failure_rate(FAILURE_RATE, calls, Window::calls(calls)),
        Rule::Time(window) => config.failure_rate(FAILURE_RATE, MIN_CALLS, Window::time(window)),
    };
    let config = if spec.stays_half_open {
        config.success_threshold(u32::MAX).probe_timeout(NEVER).max_half_open(NEVER)
    } else {
        config
    };
    CircuitBreaker::try_new("benchmark", config).expect("the settings are valid")
}

/// Our breaker at an operation, in the variants that a row tells apart.
pub fn contenders(operation: Operation) -> Vec<Contender> {
    let variants = [(OURS, true), (OURS_UNCOUNTED, false)];
    let mut all = Vec::new();
    for (name, counters) in variants {
        all.extend(match operation.form {
            Form::Sync => Contender::guarding(name, operation, |spec| Some(Sync(build(spec, counters)))),
            Form::Async => Contender::guarding(name, operation, |spec| Some(Async(build(spec, counters)))),
            Form::Tower => Contender::guarding(name, operation, |spec| {
                Some(Tower(PolicyLayer::new(Arc::new(build(spec, counters))).layer(Upstream)))
            }),
        });
    }
    if operation.form == Form::Tower {
        all.extend(Contender::guarding(STATIC, operation, |spec| {
            let breaker: &'static CircuitBreaker = Box::leak(Box::new(build(spec, true)));
            Some(Tower(PolicyLayer::new(breaker).layer(Upstream)))
        }));
    }
    all
}

/// Our breaker with default settings, called as a function.
pub fn contender(operation: Operation) -> Option<Contender> {
    Contender::guarding(OURS, operation, |spec| Some(Sync(build(spec, true))))
}

/// Admission and settlement by hand.
pub fn by_hand(operation: Operation) -> Option<Contender> {
    Contender::guarding(BY_HAND, operation, |spec| Some(ByHand(build(spec, true))))
}

/// Our breaker in a closure's form and in an attribute's.
pub fn in_both_forms(operation: Operation) -> Vec<Contender> {
    let attributed = |spec| Attributed(build(spec, true));
    let all = match operation.form {
        Form::Async => vec![
            Contender::guarding(OURS, operation, |spec| Some(Async(build(spec, true)))),
            Contender::guarding(IN_METHOD, operation, |spec| Some(InMethod(build(spec, true)))),
            Contender::guarding(ATTRIBUTE, operation, move |spec| Some(AttributedAsync(attributed(spec)))),
        ],
        _ => vec![
            Contender::guarding(OURS, operation, |spec| Some(Sync(build(spec, true)))),
            Contender::guarding(ATTRIBUTE, operation, move |spec| Some(attributed(spec))),
        ],
    };
    all.into_iter().flatten().collect()
}

/// Our breaker with `held` calls in its time window at the start of each batch of at most `batch` calls.
pub fn holding(operation: Operation, held: u64, batch: u64) -> Option<Contender> {
    Contender::holding(OURS, operation, held, batch, |spec| Some(Sync(build(spec, true))))
}

/// One breaker.
pub fn instance(rule: Rule) -> Option<Instance> {
    let guard = build(Operation::sync(rule, Load::Success).spec(), true);
    Some(Instance::of(size_of::<CircuitBreaker>(), Sync(guard)))
}
