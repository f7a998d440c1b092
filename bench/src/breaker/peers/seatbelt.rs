//! `seatbelt`: a mutex around a time window of ten slices; a futures-only API, and a tower service.

use std::time::Duration;

use ::seatbelt::breaker::Breaker;
use ::seatbelt::{RecoveryInfo, ResilienceContext};
use layered::{Execute, Layer, Service};
use tick::runtime::ClockDriver;

use crate::breaker::operation::{FAILURE_RATE, Form, MIN_CALLS, Operation, Rule, Spec};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{Serving, Upstream, fast_clock, ready};
use crate::work::{Load, Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "seatbelt";

/// The error that stands for a refusal: the crate has no error of its own.
const REJECTED: Refused = Refused(u64::MAX);

type Outcome = Result<u64, Refused>;

/// There is no sync call: a sync row polls the future on the spot.
struct Async<S> {
    service: S,
    _driver: ClockDriver,
}

impl<S: Service<Work, Out = Outcome> + 'static> Guarded for Async<S> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<S: Service<Work, Out = Outcome> + 'static> Caller for &Async<S> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready(self.service.execute(work)))
    }
}

struct Tower {
    service: Breaker<Work, Outcome, Upstream>,
    _driver: ClockDriver,
}

impl Guarded for Tower {
    fn caller(&self) -> impl Caller {
        Serving { service: self.service.clone(), seen }
    }
}

fn seen(outcome: Outcome) -> Seen {
    match outcome {
        Err(REJECTED) => Seen::Rejected,
        outcome => Seen::bare(outcome),
    }
}

/// A time window only, with the clock at its fastest setting. Breakers with the same settings around `inner`.
fn build<S>(spec: Spec, inner: S) -> Option<(Breaker<Work, Outcome, S>, ClockDriver)> {
    let Rule::Time(window) = spec.rule else { return None };
    let (clock, driver) = fast_clock();
    let context = ResilienceContext::new(clock);
    let layer = Breaker::layer("benchmark", &context)
        .recovery_with(|outcome: &Outcome, _| match outcome {
            Ok(_) => RecoveryInfo::never(),
            Err(_) => RecoveryInfo::retry(),
        })
        .rejected_input_error(|_: Work, _| REJECTED)
        .failure_threshold(f32::from(FAILURE_RATE) / 100.0)
        .min_throughput(MIN_CALLS)
        .sampling_duration(window.max(Duration::from_secs(1)))
        .break_duration(spec.open_for);
    Some((layer.layer(inner), driver))
}

fn build_async(spec: Spec) -> Option<Async<impl Service<Work, Out = Outcome> + 'static>> {
    let (service, driver) = build(spec, Execute::new(|work: Work| async move { work.perform() }))?;
    Some(Async { service, _driver: driver })
}

/// The peer at an operation. What a half-open call is, a probe or a refusal, is up to chance: not measured.
pub fn contender(operation: Operation) -> Option<Contender> {
    if operation.load == Load::HalfOpen {
        return None;
    }
    match operation.form {
        Form::Sync | Form::Async => Contender::guarding(NAME, operation, build_async),
        Form::Tower => Contender::guarding(NAME, operation, |spec| {
            let (service, driver) = build(spec, Upstream)?;
            Some(Tower { service, _driver: driver })
        }),
    }
}

/// One breaker. The clock, which breakers share, is counted with it.
pub fn instance(rule: Rule) -> Option<Instance> {
    let (service, driver) = build(Operation::sync(rule, Load::Success).spec(), Upstream)?;
    Some(Instance::of(size_of::<Breaker<Work, Outcome, Upstream>>(), Tower { service, _driver: driver }))
}
