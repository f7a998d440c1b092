//! Our retry, under the same operations as the peers.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use resil_core::{Deadline, MonotonicClock, Timer, TokioTimer};
use resil_retry::{Backoff, Config, Error, Jitter, Retry, RetryBudget};

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll;
use crate::retry::operation::{Form, Operation, Spec};
use crate::row::OURS;
use crate::trouble::{Attempt, attempt};
use crate::work::{Load, Refused, Seen, Work};

/// With a budget against retry storms.
pub const BUDGET: &str = "resil, with a budget";
/// With a limit of time for all attempts together.
pub const MAX_ELAPSED: &str = "resil, with max_elapsed";
/// With a deadline around the calls.
pub const DEADLINE: &str = "resil, under a deadline";

/// Longer than any measurement.
const HOUR: Duration = Duration::from_secs(3_600);

struct Sync(Retry);

impl Guarded for Sync {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Sync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.0.call(|| attempt(work)))
    }
}

struct Async<T> {
    retry: Retry,
    timer: T,
}

impl<T: Timer + Copy + Send + std::marker::Sync + 'static> Guarded for Async<T> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<T: Timer + Copy> Caller for &Async<T> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(poll::ready(self.retry.call_async_with(self.timer, || Attempt(work))))
    }
}

fn seen(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(_) => Seen::Rejected,
    }
}

/// A sleep that is over.
fn at_once(_: Duration) -> Ready<()> {
    ready(())
}

fn config(spec: Spec) -> Config {
    let backoff = Backoff::exponential(spec.base).max(spec.longest).jitter(Jitter::Full);
    Config::new().max_attempts(spec.attempts).backoff(backoff)
}

fn plain(spec: Spec) -> Retry {
    Retry::try_new("benchmark", config(spec)).expect("the settings are valid")
}

/// A budget with which every call may be tried again.
fn budgeted(spec: Spec) -> Retry {
    plain(spec).shared_budget(Arc::new(RetryBudget::new(100).floor(1_000)))
}

fn elapsing(spec: Spec) -> Retry {
    Retry::try_new("benchmark", config(spec).max_elapsed(HOUR)).expect("the settings are valid")
}

fn contender(name: &str, operation: Operation, build: fn(Spec) -> Retry) -> Option<Contender> {
    match (operation.form, operation.load) {
        (Form::Sync, _) => Contender::retrying(name, operation, move |spec| Some(Sync(build(spec)))),
        (Form::Async, Load::SecondTry) => Contender::retrying(name, operation, move |spec| {
            Some(Async { retry: build(spec), timer: at_once as fn(Duration) -> Ready<()> })
        }),
        (Form::Async, _) => Contender::retrying(name, operation, move |spec| {
            Some(Async { retry: build(spec), timer: TokioTimer::on(MonotonicClock) })
        }),
    }
}

/// Our retry at an operation, in the variants that a row tells apart.
pub fn contenders(operation: Operation) -> Vec<Contender> {
    let under_deadline = contender(DEADLINE, operation, plain)
        .map(|ours| ours.inside(|batch| Deadline::after(HOUR).scope_blocking(batch)));
    [
        contender(OURS, operation, plain),
        contender(BUDGET, operation, budgeted),
        contender(MAX_ELAPSED, operation, elapsing),
        under_deadline,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One retry.
pub fn instance((): ()) -> Option<Instance> {
    Some(Instance::at_rest(size_of::<Retry>(), Sync(plain(Spec::USUAL))))
}
