//! `recloser`: a ring of the last calls behind a spin lock, the state behind an epoch-protected pointer.

use ::recloser::{AsyncRecloser, Error, Recloser};

use crate::breaker::operation::{CONSECUTIVE, FAILURE_RATE, Form, Operation, Rule, Spec};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::ready;
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "recloser";

/// Probes that fit before the half-open ring is full and the breaker would close.
const PROBES: usize = 1 << 24;

struct Sync(Recloser);

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

struct Async(AsyncRecloser);

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready(self.0.call(async move { work.perform() })))
    }
}

fn seen(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(Error::Rejected) => Seen::Rejected,
    }
}

/// A consecutive rule is a ring of that length which must be all failures; there is no time window.
fn build(spec: Spec) -> Option<Recloser> {
    let settings = match spec.rule {
        Rule::Consecutive => Recloser::custom().closed_len(CONSECUTIVE as usize).error_rate(1.0),
        Rule::Count(calls) => {
            Recloser::custom().closed_len(calls as usize).error_rate(f32::from(FAILURE_RATE) / 100.0)
        }
        Rule::Time(_) => return None,
    };
    let settings = if spec.stays_half_open { settings.half_open_len(PROBES) } else { settings };
    Some(settings.open_wait(spec.open_for).build())
}

/// The peer at an operation.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation.form {
        Form::Sync => Contender::guarding(NAME, operation, |spec| build(spec).map(Sync)),
        Form::Async => Contender::guarding(NAME, operation, |spec| Some(Async(build(spec)?.into()))),
        Form::Tower => None,
    }
}

/// One breaker.
pub fn instance(rule: Rule) -> Option<Instance> {
    let guard = build(Operation::sync(rule, crate::work::Load::Success).spec())?;
    Some(Instance::of(size_of::<Recloser>(), Sync(guard)))
}
