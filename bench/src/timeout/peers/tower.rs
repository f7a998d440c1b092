//! `tower`'s `Timeout`: tokio's timer beside the future of a service, and errors in a box.

use std::time::Duration;

use ::tower::BoxError;
use ::tower::timeout::Timeout;
use ::tower::timeout::error::Elapsed;
use tower_service::Service;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{ready_service, soon};
use crate::timeout::operation::{Later, Operation, Task, Tasks};
use crate::trouble::Attempt;
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tower";

struct Tower<T>(Timeout<Tasks<T>>);

impl<T: Task> Guarded for Tower<T> {
    fn caller(&self) -> impl Caller {
        Owned(self.0.clone())
    }
}

struct Owned<T>(Timeout<Tasks<T>>);

impl<T: Task> Caller for Owned<T> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(ready_service(&mut self.0).and_then(|()| soon(self.0.call(work))))
    }
}

fn seen(outcome: Result<u64, BoxError>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(error) => match error.downcast::<Refused>() {
            Ok(refused) => Seen::bare(Err(*refused)),
            Err(error) if error.is::<Elapsed>() => Seen::Rejected,
            Err(error) => panic!("neither an error of the work nor of the limit: {error}"),
        },
    }
}

fn build<T>(limit: Duration) -> Tower<T> {
    Tower(Timeout::new(Tasks::default(), limit))
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
    let size = size_of::<Timeout<Tasks<Attempt>>>();
    Some(Instance { size, keep: Box::new(build::<Attempt>(Operation::LIMIT)) })
}
