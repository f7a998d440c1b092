use std::sync::Arc;
use std::time::Duration;

use resil_core::{Clock, contain};

use crate::parker::Parker;
use crate::plan::Step;
use crate::shared::Shared;
use crate::{Event, Phase, Report, last_resort, teller, thread, worker};

/// How long listeners may take for what they have not heard when all is done.
const TELLING: Duration = Duration::from_secs(1);

/// Takes the process through the phases. No foreign code but wakers, which must not block, runs on this thread, so nothing can hang it.
pub(crate) fn supervise<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    let parker = Parker::new();
    #[cfg(not(seeded_bug = "supervisor_enlists_late"))]
    shared.enlist(&parker);
    teller::announce(shared);
    loop {
        match shared.step() {
            Step::Enter(Phase::Done) => break,
            Step::Enter(phase) => enter(shared, phase),
            Step::GiveUp(_, callback) => {
                shared.tell(|| Event::Ended { name: shared.name, callback });
                if shared.has_work() {
                    worker::spawn(shared);
                }
            }
            Step::Tell => teller::progress(shared),
            Step::Wait(until) => {
                #[cfg(seeded_bug = "supervisor_enlists_late")]
                shared.enlist(&parker);
                parker.wait(&shared.clock, until);
            }
        }
    }
    complete(shared, &parker);
    last_resort::end(shared, &parker);
}

/// Begins a phase.
pub(crate) fn enter<C: Clock + 'static>(shared: &Arc<Shared<C>>, phase: Phase) {
    if phase == Phase::Draining {
        shared.flight.close();
        shared.stopping.trigger();
    }
    shared.tell(|| Event::Entered { name: shared.name, phase });
    if phase == Phase::CleaningUp && shared.has_work() {
        worker::spawn(shared);
    }
}

/// Makes the report, and gives it to all who wait for it, listeners first.
fn complete<C: Clock + 'static>(shared: &Arc<Shared<C>>, parker: &Parker) {
    let mut state = shared.state();
    let main = state.take_main();
    let facts = state.plan.facts(shared.name, main);
    let deadline = state.plan.deadline();
    let skipped = state.plan.take_skipped();
    drop(state);
    if !skipped.is_empty() {
        // Foreign code drops here, so on a thread that nobody waits for.
        let _ = thread::spawn("resil-shutdown drop", || _ = contain(|| drop(skipped)));
    }
    let (Some(facts), Some(deadline)) = (facts, deadline) else { return };
    let report = Report::new(facts);
    shared.tell(|| Event::Completed(report.clone()));
    let now = shared.clock.now();
    let patience = now.saturating_add(TELLING).min(deadline).max(now.saturating_add(TELLING / 20));
    teller::dismiss(shared, parker, patience);
    if cfg!(seeded_bug = "completed_before_the_report") {
        shared.completed.trigger();
    }
    shared.state().report = Some(report);
    shared.completed.trigger();
}
