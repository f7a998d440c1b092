//! `seatbelt`: settings behind an `Arc`, the input cloned by a closure behind another; a futures-only API.

use std::sync::Mutex;

use ::seatbelt::retry::{Backoff, Retry};
use ::seatbelt::{RecoveryInfo, ResilienceContext};
use layered::{Execute, Layer, Service};
use tick::runtime::ClockDriver;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{fast_clock, ready};
use crate::retry::operation::{Form, Operation, Spec};
use crate::trouble::Attempt;
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "seatbelt";

type Outcome = Result<u64, Refused>;

struct Async<S> {
    service: S,
    _driver: Mutex<ClockDriver>,
}

impl<S: Service<Work, Out = Outcome> + 'static> Guarded for Async<S> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<S: Service<Work, Out = Outcome> + 'static> Caller for &Async<S> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        Seen::bare(ready(self.service.execute(work)))
    }
}

fn build(spec: Spec) -> Async<impl Service<Work, Out = Outcome> + 'static> {
    let (clock, driver) = fast_clock();
    let context = ResilienceContext::new(clock);
    let layer = Retry::layer("benchmark", &context)
        .clone_input()
        .recovery_with(|outcome: &Outcome, _| match outcome {
            Ok(_) => RecoveryInfo::never(),
            Err(_) => RecoveryInfo::retry(),
        })
        .max_retry_attempts(spec.retries())
        .backoff(Backoff::Exponential)
        .base_delay(spec.base)
        .max_delay(spec.longest)
        .use_jitter(true);
    let service = layer.layer(Execute::new(Attempt));
    Async { service, _driver: Mutex::new(driver) }
}

fn sized<S>(_: &Async<S>) -> usize {
    size_of::<S>()
}

/// The peer at an operation: futures only.
pub fn contender(operation: Operation) -> Option<Contender> {
    (operation.form == Form::Async).then(|| Contender::retrying(NAME, operation, |spec| Some(build(spec))))?
}

/// One service. The clock, which services share, is counted with it.
pub fn instance((): ()) -> Option<Instance> {
    let guard = build(Spec::USUAL);
    Some(Instance::at_rest(sized(&guard), guard))
}
