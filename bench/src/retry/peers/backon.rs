//! `backon`: a backoff is built for each call, and its jitter draws a seed for it.

use std::future::Ready;
use std::time::Duration;

use ::backon::{BlockingRetryable as _, ExponentialBuilder, Retryable as _, Sleeper, TokioSleeper};

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::ready;
use crate::retry::operation::{Form, Operation, Spec};
use crate::trouble::{Attempt, attempt};
use crate::work::{Load, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "backon";

struct Sync(ExponentialBuilder);

impl Guarded for Sync {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Sync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        Seen::bare((|| attempt(work)).retry(&self.0).call())
    }
}

struct Async<S> {
    builder: ExponentialBuilder,
    sleeper: S,
}

impl<S: Sleeper + Copy + Send + std::marker::Sync> Guarded for Async<S> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<S: Sleeper + Copy> Caller for &Async<S> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        Seen::bare(ready((|| Attempt(work)).retry(&self.builder).sleep(self.sleeper).into_future()))
    }
}

/// A sleep that is over.
fn at_once(_: Duration) -> Ready<()> {
    std::future::ready(())
}

/// The backoff; others that guard calls by this crate use the same.
pub fn backoff(spec: Spec) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_jitter()
        .with_min_delay(spec.base)
        .with_max_delay(spec.longest)
        .with_max_times(spec.retries() as usize)
}

/// The peer at an operation.
pub fn contender(operation: Operation) -> Option<Contender> {
    match (operation.form, operation.load) {
        (Form::Sync, _) => Contender::retrying(NAME, operation, |spec| Some(Sync(backoff(spec)))),
        (Form::Async, Load::SecondTry) => Contender::retrying(NAME, operation, |spec| {
            Some(Async { builder: backoff(spec), sleeper: at_once as fn(Duration) -> Ready<()> })
        }),
        (Form::Async, _) => Contender::retrying(NAME, operation, |spec| {
            Some(Async { builder: backoff(spec), sleeper: TokioSleeper })
        }),
    }
}

/// One backoff.
pub fn instance((): ()) -> Option<Instance> {
    Some(Instance::at_rest(size_of::<ExponentialBuilder>(), Sync(backoff(Spec::USUAL))))
}
