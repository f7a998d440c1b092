//! Our time limit, under the same operations as the peers.

use std::marker::PhantomData;
use std::time::Duration;

use resil_core::Deadline;
use resil_timeout::{Error, Timeout};

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::soon;
use crate::row::OURS;
use crate::timeout::operation::{Later, Operation, Task};
use crate::trouble::{Attempt, attempt, is_hanging};
use crate::work::{Refused, Seen, Work};

/// With a deadline around the calls.
pub const DEADLINE: &str = "resil, under a deadline";

struct Sync(Timeout);

impl Guarded for Sync {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Sync {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        seen(self.0.call_nested(|| {
            // Work that can be cut off asks for its deadline.
            while work.fails && is_hanging() {
                Deadline::check_current()?;
            }
            attempt(work).map_err(Error::Inner)
        }))
    }
}

struct Async<T> {
    timeout: Timeout,
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
        seen(soon(self.timeout.call_async(T::of(work))))
    }
}

fn seen(outcome: Result<u64, Error<Refused>>) -> Seen {
    match outcome {
        Ok(value) => Seen::bare(Ok(value)),
        Err(Error::Inner(refused)) => Seen::bare(Err(refused)),
        Err(_) => Seen::Rejected,
    }
}

fn build(limit: Duration) -> Timeout {
    Timeout::try_new(limit).expect("the limit is valid").named("benchmark")
}

fn build_async<T>(limit: Duration) -> Async<T> {
    Async { timeout: build(limit), task: PhantomData }
}

fn contender(name: &str, operation: Operation) -> Contender {
    match operation {
        Operation::Sync => Contender::timing(name, |limit| Sync(build(limit))),
        Operation::Ready => Contender::timing(name, build_async::<Attempt>),
        Operation::Pending => Contender::timing(name, build_async::<Later>),
    }
}

/// Our time limit at an operation, in the variants that a row tells apart.
pub fn contenders(operation: Operation) -> Vec<Contender> {
    let around = || Deadline::after(2 * Operation::LIMIT);
    let under_deadline = contender(DEADLINE, operation).inside(move |batch| around().scope_blocking(batch));
    vec![contender(OURS, operation), under_deadline]
}

/// One time limit.
pub fn instance((): ()) -> Option<Instance> {
    Some(Instance::at_rest(size_of::<Timeout>(), Sync(build(Operation::LIMIT))))
}
