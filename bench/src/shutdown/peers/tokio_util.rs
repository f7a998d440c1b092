//! `tokio-util`: its `CancellationToken` tells, its `TaskTracker` waits; the rest is done by hand.

use std::hint::black_box;
use std::sync::Arc;

use ::tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use ::tokio_util::task::TaskTracker;
use tokio::task::JoinHandle;

use crate::contender::{Contender, Instance};
use crate::poll::once;
use crate::shutdown::operation::{Kind, Operation};
use crate::shutdown::stopping::{Crew, Roll, TASKS};
use crate::shutdown::telling::{self, Signal, Using};

/// Its name in the tables.
pub const NAME: &str = "tokio-util";
/// Tasks that end one after the other.
const IN_ORDER: &str = "tokio-util, in order";

impl Signal for CancellationToken {
    type Wait = WaitForCancellationFutureOwned;

    fn fresh() -> Self {
        Self::new()
    }

    #[inline(always)]
    fn is_triggered(&self) -> bool {
        self.is_cancelled()
    }

    fn trigger(&self) {
        self.cancel();
    }

    fn child(&self) -> Self {
        self.child_token()
    }

    fn triggered(&self) -> impl Future<Output = ()> {
        self.cancelled()
    }

    fn kept(&self) -> Self::Wait {
        self.clone().cancelled_owned()
    }
}

/// The peer at an operation.
pub fn contender(operation: Operation) -> Option<Contender> {
    if operation != Operation::Count {
        return telling::token::<CancellationToken>(NAME, operation);
    }
    let count = |tracker: &TaskTracker| {
        drop(black_box(tracker.token()));
        true
    };
    Some(telling::contender(NAME, TaskTracker::new(), count, waits_for_all))
}

/// Whether a tracker waits for what is in flight.
fn waits_for_all() -> Result<(), String> {
    let tracker = TaskTracker::new();
    let in_flight = tracker.token();
    tracker.close();
    if once(tracker.wait()).is_some() {
        return Err("did not wait for what was in flight".to_owned());
    }
    drop(in_flight);
    once(tracker.wait()).ok_or_else(|| "waits for nothing".to_owned())
}

/// One token or one tracker.
pub fn instance(kind: Kind) -> Option<Instance> {
    Some(match kind {
        Kind::Token => {
            let look = |token: &CancellationToken| !token.is_cancelled();
            Instance::of(size_of::<CancellationToken>(), Using::new(CancellationToken::new(), look))
        }
        Kind::Waiter => {
            let look = |tracker: &TaskTracker| tracker.is_empty();
            Instance::of(size_of::<TaskTracker>(), Using::new(TaskTracker::new(), look))
        }
    })
}

/// Each task has a child token and is tracked.
pub struct AtOnce {
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Crew for AtOnce {
    const NAME: &'static str = NAME;
    const IN_ORDER: bool = false;

    fn start(roll: &Arc<Roll>) -> Self {
        let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
        for number in 0..TASKS {
            let (token, roll) = (token.child_token(), Arc::clone(roll));
            tracker.spawn(async move {
                roll.wait();
                token.cancelled().await;
                roll.end(number);
            });
        }
        Self { token, tracker }
    }

    async fn stop(self) {
        self.token.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Each task has a token of its own and is joined.
pub struct InOrder(Vec<(CancellationToken, JoinHandle<()>)>);

impl Crew for InOrder {
    const NAME: &'static str = IN_ORDER;
    const IN_ORDER: bool = true;

    fn start(roll: &Arc<Roll>) -> Self {
        let task = |number| {
            let (token, roll) = (CancellationToken::new(), Arc::clone(roll));
            let stop = token.clone();
            let task = tokio::spawn(async move {
                roll.wait();
                stop.cancelled().await;
                roll.end(number);
            });
            (token, task)
        };
        Self((0..TASKS).map(task).collect())
    }

    async fn stop(self) {
        for (token, task) in self.0 {
            token.cancel();
            task.await.expect("the task does not panic");
        }
    }
}
