//! Our shutdown, under the same operations as the peers.

use std::hint::black_box;
use std::sync::Arc;

use resil_shutdown::{GracefulShutdown, PolicyExt as _, Report, Token, Triggered};
use tokio::task::JoinHandle;

use crate::contender::{Contender, Instance};
use crate::poll::once;
use crate::row::OURS;
use crate::shutdown::operation::{Kind, Operation};
use crate::shutdown::stopping::{Crew, NAMES, Roll, TASKS};
use crate::shutdown::telling::{self, Signal, Using};
use crate::work::Work;

/// Tasks that all wait for the same token rather than for one each.
pub const ONE_TOKEN: &str = "resil, one token";
/// Tasks that end one after the other, each in a callback of its own.
pub const IN_ORDER: &str = "resil, in order";
/// Tasks that end one after the other, all in one callback that leaves it to a task.
pub const ONE_CALLBACK: &str = "resil, in order, one callback";
/// What is in flight is a call through the handle as a policy.
pub const AS_A_POLICY: &str = "resil, as a policy";

impl Signal for Token {
    type Wait = Triggered;

    fn fresh() -> Self {
        Self::new()
    }

    #[inline(always)]
    fn is_triggered(&self) -> bool {
        Self::is_triggered(self)
    }

    fn trigger(&self) {
        Self::trigger(self);
    }

    fn child(&self) -> Self {
        Self::child(self)
    }

    fn triggered(&self) -> impl Future<Output = ()> {
        Self::triggered(self)
    }

    fn kept(&self) -> Triggered {
        Self::triggered(self)
    }
}

/// Ours at an operation, in the variants that a row tells apart.
pub fn contenders(operation: Operation) -> Vec<Contender> {
    if operation != Operation::Count {
        return telling::token::<Token>(OURS, operation).into_iter().collect();
    }
    let guard = |shutdown: &GracefulShutdown| {
        drop(black_box(shutdown.in_flight()));
        true
    };
    let call = |shutdown: &GracefulShutdown| shutdown.call(|| Work::SUCCEEDS.perform()).is_ok();
    vec![
        telling::contender(OURS, GracefulShutdown::new(), guard, waits_for_all),
        telling::contender(AS_A_POLICY, GracefulShutdown::new(), call, waits_for_all),
    ]
}

/// Whether an end waits for what is in flight, and refuses what comes after.
fn waits_for_all() -> Result<(), String> {
    let shutdown = GracefulShutdown::new();
    let in_flight = shutdown.in_flight();
    shutdown.trigger();
    shutdown.token().wait();
    if once(shutdown.completed()).is_some() {
        return Err("did not wait for what was in flight".to_owned());
    }
    drop(in_flight);
    if !shutdown.completed_blocking().is_clean() {
        return Err("left something in flight".to_owned());
    }
    match shutdown.call(|| Work::SUCCEEDS.perform()) {
        Ok(_) => Err("still lets calls through".to_owned()),
        Err(_) => Ok(()),
    }
}

/// One token or one handle.
pub fn instance(kind: Kind) -> Option<Instance> {
    Some(match kind {
        Kind::Token => {
            Instance::of(size_of::<Token>(), Using::new(Token::new(), |token| !token.is_triggered()))
        }
        Kind::Waiter => {
            let call = |shutdown: &GracefulShutdown| shutdown.call(|| Work::SUCCEEDS.perform()).is_ok();
            Instance::of(size_of::<GracefulShutdown>(), Using::new(GracefulShutdown::new(), call))
        }
    })
}

/// Each task has a token of its own below that of the handle, and counts as in flight.
pub struct AtOnce(GracefulShutdown);

impl Crew for AtOnce {
    const NAME: &'static str = OURS;
    const IN_ORDER: bool = false;

    fn start(roll: &Arc<Roll>) -> Self {
        Self(working(roll, |shutdown| shutdown.token().child()))
    }

    async fn stop(self) {
        ended(&self.0.trigger_and_wait().await, TASKS);
    }
}

/// As [`AtOnce`], but all tasks wait for the token of the handle.
pub struct OneToken(GracefulShutdown);

impl Crew for OneToken {
    const NAME: &'static str = ONE_TOKEN;
    const IN_ORDER: bool = false;

    fn start(roll: &Arc<Roll>) -> Self {
        Self(working(roll, GracefulShutdown::token))
    }

    async fn stop(self) {
        ended(&self.0.trigger_and_wait().await, TASKS);
    }
}

/// A handle with tasks in flight and one callback.
fn working(roll: &Arc<Roll>, token: impl Fn(&GracefulShutdown) -> Token) -> GracefulShutdown {
    let shutdown = GracefulShutdown::new();
    shutdown.register("flush").run_async(|| async {}).expect("the end has not begun");
    for number in 0..TASKS {
        let (token, working, roll) = (token(&shutdown), shutdown.in_flight(), Arc::clone(roll));
        tokio::spawn(async move {
            roll.wait();
            token.triggered().await;
            roll.end(number);
            drop(working);
        });
    }
    shutdown
}

/// A task that waits for a token of its own, and the token.
fn waiting(roll: &Arc<Roll>, number: usize) -> (Token, JoinHandle<()>) {
    let (token, roll) = (Token::new(), Arc::clone(roll));
    let stop = token.triggered();
    let task = tokio::spawn(async move {
        roll.wait();
        stop.await;
        roll.end(number);
    });
    (token, task)
}

/// For each task a callback that tells it to end and waits until it has.
pub struct InOrder(GracefulShutdown);

impl Crew for InOrder {
    const NAME: &'static str = IN_ORDER;
    const IN_ORDER: bool = true;

    fn start(roll: &Arc<Roll>) -> Self {
        let shutdown = GracefulShutdown::new();
        for (number, priority) in (0..TASKS).zip(0..) {
            let (token, task) = waiting(roll, number);
            let end = move || {
                token.trigger();
                task
            };
            shutdown.register(NAMES[number]).priority(priority).run_async(end).expect("names differ");
        }
        Self(shutdown)
    }

    async fn stop(self) {
        let report = self.0.trigger_and_wait().await;
        ended(&report, 0);
        assert_eq!(report.callbacks().len(), TASKS, "a callback is missing");
    }
}

/// One callback that starts a task, which tells the others to end one after the other.
pub struct OneCallback(GracefulShutdown);

impl Crew for OneCallback {
    const NAME: &'static str = ONE_CALLBACK;
    const IN_ORDER: bool = true;

    fn start(roll: &Arc<Roll>) -> Self {
        let tasks: Vec<_> = (0..TASKS).map(|number| waiting(roll, number)).collect();
        let end = async {
            for (token, task) in tasks {
                token.trigger();
                task.await.expect("the task does not panic");
            }
        };
        let shutdown = GracefulShutdown::new();
        shutdown.register("tasks").run_async(|| tokio::spawn(end)).expect("the end has not begun");
        Self(shutdown)
    }

    async fn stop(self) {
        ended(&self.0.trigger_and_wait().await, 0);
    }
}

fn ended(report: &Report, in_flight: usize) {
    assert!(report.is_clean() && report.drain().in_flight == in_flight, "{report}");
}
