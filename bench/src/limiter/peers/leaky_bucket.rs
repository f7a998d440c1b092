//! `leaky-bucket`: a balance in one atomic word, refilled by whoever finds it empty; waiters in a list behind a mutex.

use std::sync::Arc;
use std::time::Duration;

use ::leaky_bucket::RateLimiter;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::limiting::seen;
use crate::limiter::operation::{Form, Operation, Spec};
use crate::limiter::waiting::Awaited;
use crate::poll::once;
use crate::work::{Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "leaky-bucket";

/// The shortest interval that it takes.
const SHORTEST: Duration = Duration::from_millis(1);

struct Direct(RateLimiter);

impl Guarded for Direct {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Direct {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        seen(self.0.try_acquire(1).then_some(()).ok_or(()))
    }
}

struct Async(RateLimiter);

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        seen(once(self.0.acquire_one()).ok_or(()))
    }
}

/// It refills once per interval: the shortest one that it takes and in which whole permits come.
fn build(spec: Spec, fair: bool) -> RateLimiter {
    let (refill, interval) = if spec.interval() >= SHORTEST {
        (1, spec.interval())
    } else {
        let refill = SHORTEST.as_nanos() / spec.interval().as_nanos();
        (u32::try_from(refill).expect("a millisecond has few intervals"), SHORTEST)
    };
    RateLimiter::builder()
        .max(spec.burst as usize)
        .initial(spec.burst as usize)
        .refill(refill as usize)
        .interval(interval)
        .fair(fair)
        .build()
}

/// The peer at an operation; it has neither keys nor a tower layer. To have to wait counts as a refusal.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation.form {
        Form::Direct => Contender::limiting(NAME, operation, |spec| Some(Direct(build(spec, false)))),
        Form::Async => Contender::limiting(NAME, operation, |spec| Some(Async(build(spec, false)))),
        Form::Keyed(_) | Form::Tower => None,
    }
}

/// The peer in its default mode. The unfair one refuses in spite of its balance when two threads meet.
pub fn fair(operation: Operation) -> Option<Contender> {
    Contender::limiting(NAME, operation, |spec| Some(Direct(build(spec, true))))
}

/// One limiter.
pub fn instance(form: Form) -> Option<Instance> {
    let guard = (form == Form::Direct).then(|| Direct(build(Spec::PLENTY, false)))?;
    Some(Instance::of(size_of::<RateLimiter>(), guard))
}

#[derive(Clone)]
struct Shared(Arc<RateLimiter>);

impl Awaited for Shared {
    async fn acquire(&mut self) {
        self.0.acquire_one().await;
    }
}

/// The limiter, for tasks that wait with its `acquire_one`.
pub fn awaited(spec: Spec) -> impl Awaited {
    Shared(Arc::new(build(spec, true)))
}
