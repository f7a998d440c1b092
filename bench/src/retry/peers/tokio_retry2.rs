//! `tokio-retry2`: an iterator of delays for each call; its listener is boxed, which of an empty one allocates nothing.

use std::time::Duration;

use ::tokio_retry2::strategy::{ExponentialFactorBackoff, jitter};
use ::tokio_retry2::{Retry, RetryError};

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::ready;
use crate::retry::operation::{Form, Operation, Spec};
use crate::trouble::Attempt;
use crate::work::{Load, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tokio-retry2";

/// The strategy, from which a call takes as many delays as there may be retries.
struct Async {
    strategy: ExponentialFactorBackoff,
    retries: usize,
}

impl Guarded for Async {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Async {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        let delays = self.strategy.clone().map(jitter as fn(Duration) -> Duration).take(self.retries);
        Seen::bare(ready(Retry::spawn(delays, || async move {
            Attempt(work).await.map_err(RetryError::transient)
        })))
    }
}

fn build(spec: Spec) -> Async {
    let base = u64::try_from(spec.base.as_millis()).expect("it is short");
    let strategy = ExponentialFactorBackoff::from_millis(base, 2.0).max_delay(spec.longest);
    Async { strategy, retries: spec.retries() as usize }
}

/// The peer at an operation. Its waits are tokio's, the shortest of which is a millisecond.
pub fn contender(operation: Operation) -> Option<Contender> {
    if operation.form == Form::Sync || operation.load == Load::SecondTry {
        return None;
    }
    Contender::retrying(NAME, operation, |spec| Some(build(spec)))
}

/// One strategy.
pub fn instance((): ()) -> Option<Instance> {
    Some(Instance::at_rest(size_of::<ExponentialFactorBackoff>(), build(Spec::USUAL)))
}
