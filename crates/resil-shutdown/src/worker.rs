use std::io;
use std::sync::Arc;

use resil_core::Clock;
use resil_core::background::{self, Parker};

use crate::plan::Start;
use crate::shared::Shared;

/// Begins a worker. Where the system has no thread to give, this one works: better than not to clean up.
pub(crate) fn spawn<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    if try_spawn(shared).is_err() {
        work(shared);
    }
}

fn try_spawn<C: Clock + 'static>(shared: &Arc<Shared<C>>) -> io::Result<()> {
    let shared = Arc::clone(shared);
    background::spawn("resil-shutdown work", move || work(&shared))
}

/// Runs callbacks until none is left, or until it has taken too long for one: whoever gives it up sets another worker in its place.
///
/// So one hung callback costs a thread, and all that do not hang share one.
fn work<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    let parker = Parker::new();
    while let Some(Start { key, job, has_company }) = shared.start(&parker) {
        if has_company {
            // Without a thread it comes after this one.
            let _ = try_spawn(shared);
        }
        let outcome = job.run(&parker, &shared.clock, || shared.is_given_up(key));
        if !shared.finish(key, outcome) {
            return;
        }
    }
}
