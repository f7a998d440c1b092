//! `tower`'s `RateLimit`: a window and a count in plain fields, for one owner; shared, it stands behind a `Buffer`.

use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use ::tower::buffer::Buffer;
use ::tower::limit::RateLimit;
use ::tower::limit::rate::Rate;
use ::tower::util::ServiceExt as _;
use tower_service::Service;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::operation::{Form, Operation, Spec};
use crate::limiter::waiting::{Answer, Awaited, Nothing, TASKS};
use crate::poll::{IDLE_RUNTIME, Upstream, ready};
use crate::work::{Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tower";

/// The service belongs to one caller: it is locked once per batch, not once per call.
struct Tower(Mutex<RateLimit<Upstream>>);

impl Guarded for Tower {
    fn caller(&self) -> impl Caller {
        Owned(self.0.lock().expect("no caller panicked"))
    }
}

struct Owned<'a>(MutexGuard<'a, RateLimit<Upstream>>);

impl Caller for Owned<'_> {
    /// It refuses nothing: not to be ready is its way to say no.
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        match self.0.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Seen::bare(ready(self.0.call(work))),
            Poll::Ready(Err(refused)) => Seen::bare(Err(refused)),
            Poll::Pending => Seen::Rejected,
        }
    }
}

/// A window has a whole burst, and is so long that the rate is kept.
fn rate(spec: Spec) -> Rate {
    Rate::new(u64::from(spec.burst), spec.time_for(spec.burst))
}

/// Its timer wants a runtime when it is made.
fn build(spec: Spec) -> Tower {
    let _entered = IDLE_RUNTIME.enter();
    Tower(Mutex::new(RateLimit::new(Upstream, rate(spec))))
}

/// The peer at an operation: a service only, without keys.
pub fn contender(operation: Operation) -> Option<Contender> {
    (operation.form == Form::Tower).then(|| Contender::limiting(NAME, operation, |spec| Some(build(spec))))?
}

/// One limiter.
pub fn instance(form: Form) -> Option<Instance> {
    let guard = (form == Form::Tower).then(|| build(Spec::PLENTY))?;
    Some(Instance::of(size_of::<RateLimit<Upstream>>(), guard))
}

#[derive(Clone)]
struct Shared(Buffer<(), Answer>);

impl Awaited for Shared {
    async fn acquire(&mut self) {
        let service = self.0.ready().await.expect("its worker lives");
        service.call(()).await.expect("its worker lives");
    }
}

/// The limiter behind a `Buffer`, for tasks that wait for its answer. Must be called on a runtime.
pub fn awaited(spec: Spec) -> impl Awaited {
    Shared(Buffer::new(RateLimit::new(Nothing, rate(spec)), TASKS))
}
