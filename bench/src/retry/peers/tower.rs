//! `tower`'s `Retry`: a policy that one writes oneself, cloned with the service and the request for each call.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use ::tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff as _};
use ::tower::retry::{Policy, Retry};
use ::tower::util::rng::HasherRng;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::Serving;
use crate::retry::operation::{Form, Operation, Spec};
use crate::trouble::Attempting;
use crate::work::{Load, Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tower";

/// The wait between two attempts.
trait Waits: Clone + Send + Sync + 'static {
    type Future: Future<Output = ()>;
    fn next(backoff: &mut ExponentialBackoff) -> Self::Future;
}

/// As the backoff has it.
#[derive(Clone)]
struct AsLong;

impl Waits for AsLong {
    type Future = <ExponentialBackoff as Backoff>::Future;

    fn next(backoff: &mut ExponentialBackoff) -> Self::Future {
        backoff.next_backoff()
    }
}

/// Not at all.
#[derive(Clone)]
struct AtOnce;

impl Waits for AtOnce {
    type Future = Ready<()>;

    fn next(_: &mut ExponentialBackoff) -> Ready<()> {
        ready(())
    }
}

#[derive(Clone)]
struct Limited<W> {
    retries: u32,
    backoff: ExponentialBackoff,
    waits: PhantomData<fn() -> W>,
}

impl<W: Waits> Policy<Work, u64, Refused> for Limited<W> {
    type Future = W::Future;

    fn retry(&mut self, _: &mut Work, result: &mut Result<u64, Refused>) -> Option<W::Future> {
        if result.is_ok() {
            return None;
        }
        self.retries = self.retries.checked_sub(1)?;
        Some(W::next(&mut self.backoff))
    }

    fn clone_request(&mut self, work: &Work) -> Option<Work> {
        Some(*work)
    }
}

struct Tower<W>(Retry<Limited<W>, Attempting>);

impl<W: Waits> Guarded for Tower<W> {
    fn caller(&self) -> impl Caller {
        Serving { service: self.0.clone(), seen: Seen::bare }
    }
}

fn build<W>(spec: Spec) -> Tower<W> {
    let maker = ExponentialBackoffMaker::new(spec.base, spec.longest, 0.99, HasherRng::default());
    let backoff = maker.expect("the settings are valid").make_backoff();
    Tower(Retry::new(Limited { retries: spec.retries(), backoff, waits: PhantomData }, Attempting))
}

/// The peer at an operation: a service only.
pub fn contender(operation: Operation) -> Option<Contender> {
    match (operation.form, operation.load) {
        (Form::Sync, _) => None,
        (Form::Async, Load::SecondTry) => {
            Contender::retrying(NAME, operation, |spec| Some(build::<AtOnce>(spec)))
        }
        (Form::Async, _) => Contender::retrying(NAME, operation, |spec| Some(build::<AsLong>(spec))),
    }
}

/// One service.
pub fn instance((): ()) -> Option<Instance> {
    let size = size_of::<Retry<Limited<AsLong>, Attempting>>();
    Some(Instance::at_rest(size, build::<AsLong>(Spec::USUAL)))
}
