use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use resil_core::background::{self, Parker};
use resil_core::{Clock, contain, seeded_bug};

use crate::plan::Step;
use crate::shared::Shared;
use crate::{Event, Phase, Report, last_resort, teller, worker};

/// How long listeners may take for what they have not heard when all is done.
const TELLING: Duration = Duration::from_secs(1);

/// How long they have where the budget is used up.
const LAST_WORDS: Duration = Duration::from_millis(30);

/// Takes the process through the phases. No foreign code but wakers, which must not block, runs on this thread, so nothing can hang it.
pub(crate) fn supervise<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    let parker = Parker::new();
    if !seeded_bug!("supervisor_enlists_late") {
        shared.enlist(&parker);
    }
    loop {
        match shared.step() {
            Step::Enter(Phase::Done) => break,
            Step::Enter(phase) => enter(shared, phase),
            Step::GiveUp(..) => {
                teller::call(shared);
                if shared.has_work() {
                    worker::spawn(shared);
                }
            }
            Step::Tell => teller::progress(shared),
            Step::Wait(until) => {
                seeded_bug!("supervisor_enlists_late" => { shared.enlist(&parker) });
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
    teller::call(shared);
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
    let skipped = ManuallyDrop::new(state.plan.take_skipped());
    let report = facts.map(Report::new);
    if let Some(report) = &report {
        shared.observers.enqueue(Event::Completed(report.clone()));
    }
    drop(state);
    if !skipped.is_empty() {
        // Foreign code drops here, so on a thread that nobody waits for; without one it is not dropped at all.
        let _ = background::spawn("resil-shutdown drop", || {
            _ = contain(|| drop(ManuallyDrop::into_inner(skipped)));
        });
    }
    teller::call(shared);
    let (Some(report), Some(deadline)) = (report, deadline) else { return };
    let now = shared.clock.now();
    let patience = now.saturating_add(TELLING).min(deadline).max(now.saturating_add(LAST_WORDS));
    teller::dismiss(shared, parker, patience);
    seeded_bug!("completed_before_the_report" => { shared.completed.trigger() });
    shared.state().report = Some(report);
    shared.completed.trigger();
}
