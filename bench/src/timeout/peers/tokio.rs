//! `tokio`'s `timeout`: its timer is made with the call, and started at the first poll that is pending.

use std::marker::PhantomData;
use std::time::Duration;

use ::tokio::time::timeout;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::soon;
use crate::timeout::operation::{Later, Operation, Task};
use crate::trouble::Attempt;
use crate::work::{Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tokio";

struct Async<T> {
    limit: Duration,
    task: PhantomData<fn() -> T>,
}

impl<T: Task> Guarded for Async<T> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<T: Task> Caller for &Async<T> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        soon(timeout(self.limit, T::of(work))).map_or(Seen::Rejected, Seen::bare)
    }
}

fn build<T>(limit: Duration) -> Async<T> {
    Async { limit, task: PhantomData }
}

/// The peer at an operation: futures only.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation {
        Operation::Sync => None,
        Operation::Ready => Some(Contender::timing(NAME, build::<Attempt>)),
        Operation::Pending => Some(Contender::timing(NAME, build::<Later>)),
    }
}

/// One limit.
pub fn instance((): ()) -> Option<Instance> {
    Some(Instance { size: size_of::<Duration>(), keep: Box::new(build::<Attempt>(Operation::LIMIT)) })
}
