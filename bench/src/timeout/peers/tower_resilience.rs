//! `tower-resilience`: tokio's `timeout` in a boxed future; a tower service only.

use std::time::Duration;

use ::tower_resilience_timelimiter::{FixedTimeout, TimeLimiter, TimeLimiterError, TimeLimiterLayer};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{ready_service, soon};
use crate::timeout::operation::{Later, Operation, Task, Tasks};
use crate::trouble::Attempt;
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tower-resilience";

struct Tower<T>(TimeLimiter<Tasks<T>, FixedTimeout>);

impl<T: Task> Guarded for Tower<T> {
    fn caller(&self) -> impl Caller {
        Owned(self.0.clone())
    }
}

struct Owned<T>(TimeLimiter<Tasks<T>, FixedTimeout>);

impl<T: Task> Caller for Owned<T> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready_service(&mut self.0).and_then(|()| soon(self.0.call(work))))
    }
}

fn seen(outcome: Result<u64, TimeLimiterError<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(TimeLimiterError::Inner(refused)) => Seen::bare(Err(refused)),
        Err(TimeLimiterError::Timeout) => Seen::Rejected,
    }
}

fn build<T: Task>(limit: Duration) -> Tower<T> {
    Tower(TimeLimiterLayer::builder().timeout_duration(limit).build().layer(Tasks::default()))
}

/// The peer at an operation: a service only.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation {
        Operation::Sync => None,
        Operation::Ready => Some(Contender::timing(NAME, build::<Attempt>)),
        Operation::Pending => Some(Contender::timing(NAME, build::<Later>)),
    }
}

/// One service.
pub fn instance((): ()) -> Option<Instance> {
    let size = size_of::<TimeLimiter<Tasks<Attempt>, FixedTimeout>>();
    Some(Instance { size, keep: Box::new(build::<Attempt>(Operation::LIMIT)) })
}
