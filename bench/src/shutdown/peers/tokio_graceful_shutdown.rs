//! `tokio-graceful-shutdown`: a tree of subsystems, each a task with a task that watches over it.

use std::sync::Arc;
use std::time::Duration;

use ::tokio_graceful_shutdown::{SubsystemBuilder, SubsystemHandle, Toplevel};
use tokio_util::sync::CancellationToken;

use crate::shutdown::stopping::{Crew, NAMES, Roll, TASKS};

/// Its name in the tables.
pub const NAME: &str = "tokio-graceful-shutdown";
/// Tasks that end one after the other.
const IN_ORDER: &str = "tokio-graceful-shutdown, in order";

/// The budget, as ours has it.
const BUDGET: Duration = Duration::from_secs(30);

/// How a subsystem ends: never with an error.
type Ended = Result<(), std::io::Error>;

/// A tree, and what begins its end.
struct Tree {
    toplevel: Toplevel,
    token: CancellationToken,
}

impl Tree {
    async fn stop(self) {
        self.token.cancel();
        self.toplevel.handle_shutdown_requests(BUDGET).await.expect("every subsystem ends in time");
    }
}

async fn task(subsystem: &SubsystemHandle, roll: Arc<Roll>, number: usize) -> Ended {
    roll.wait();
    subsystem.on_shutdown_requested().await;
    roll.end(number);
    Ok(())
}

/// Each task is a subsystem below the toplevel.
pub struct AtOnce(Tree);

impl Crew for AtOnce {
    const NAME: &'static str = NAME;
    const IN_ORDER: bool = false;

    fn start(roll: &Arc<Roll>) -> Self {
        let (token, roll) = (CancellationToken::new(), Arc::clone(roll));
        let toplevel = async move |toplevel: &mut SubsystemHandle| {
            for (number, name) in NAMES.iter().enumerate() {
                let roll = Arc::clone(&roll);
                let one = async move |subsystem: &mut SubsystemHandle| task(subsystem, roll, number).await;
                toplevel.start(SubsystemBuilder::new(*name, one));
            }
        };
        let toplevel = Toplevel::new_with_shutdown_token(toplevel, token.clone());
        Self(Tree { toplevel, token })
    }

    async fn stop(self) {
        self.0.stop().await;
    }
}

/// Each task is a detached subsystem, which the toplevel tells to end and joins, as the crate's example does it.
pub struct InOrder(Tree);

impl Crew for InOrder {
    const NAME: &'static str = IN_ORDER;
    const IN_ORDER: bool = true;

    fn start(roll: &Arc<Roll>) -> Self {
        let (token, roll) = (CancellationToken::new(), Arc::clone(roll));
        let toplevel = async move |toplevel: &mut SubsystemHandle| {
            let mut nested = Vec::with_capacity(TASKS);
            for (number, name) in NAMES.iter().enumerate() {
                let roll = Arc::clone(&roll);
                let one = async move |subsystem: &mut SubsystemHandle| task(subsystem, roll, number).await;
                nested.push(toplevel.start(SubsystemBuilder::new(*name, one).detached()));
            }
            toplevel.on_shutdown_requested().await;
            for subsystem in nested {
                subsystem.initiate_shutdown();
                subsystem.join().await.expect("the subsystem does not fail");
            }
        };
        let toplevel = Toplevel::new_with_shutdown_token(toplevel, token.clone());
        Self(Tree { toplevel, token })
    }

    async fn stop(self) {
        self.0.stop().await;
    }
}
