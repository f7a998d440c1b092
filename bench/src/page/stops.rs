//! What the page says about the stop of many tasks.

use std::fmt::Write as _;

use super::figures::{bold, figure, grouped, ratio, verdict, whole};
use crate::record::{Cost, Memory, StopCase, Stops};
use crate::shutdown::stopping::{MOST_ALLOCATIONS, MOST_OF_REFERENCE, PROMISED, REFERENCE, TASKS};

pub(super) fn promises(page: &mut String, stops: &Stops, memory: &Memory) {
    for case in &stops.cases {
        for name in PROMISED {
            let reached = case.contenders.iter().find(|one| one.name == name).and_then(|one| one.stop.ratio);
            let _ = writeln!(
                page,
                "| Stop of {} tasks, {}: {name}: processor time | ≤ {MOST_OF_REFERENCE}x {REFERENCE} | {} | \
                 | {} |",
                grouped(TASKS as u64),
                on(case),
                ratio(reached),
                verdict(reached, MOST_OF_REFERENCE, None),
            );
        }
    }
    for name in PROMISED {
        let reached = memory.tasks.iter().find(|one| one.name == name).map(|one| one.allocations);
        let _ = writeln!(
            page,
            "| Allocations per task, started and stopped: {name} | ≤ {MOST_ALLOCATIONS} | {} | | {} |",
            figure(reached),
            verdict(reached, MOST_ALLOCATIONS, None),
        );
    }
}

pub(super) fn render(page: &mut String, stops: &Stops, memory: &Memory) {
    let _ = write!(
        page,
        "\n### Stops\n\n{} tasks on a tokio runtime, each of which waits until it is told to end: microseconds of processor \
         time of the whole process, from the request to the end of the last, and with the start of the tasks; then \
         how long whoever asked for it waited. The contenders take turns, and each round checks that all tasks have \
         ended, and in order where they are to. Ratios are to *{REFERENCE}*, all at once.\n",
        grouped(TASKS as u64),
    );
    for case in &stops.cases {
        let _ = write!(
            page,
            "\n#### Stops, {}\n\n\
             | µs | stop: median | minimum | ratio | start and stop: median | minimum | ratio | waited |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|\n",
            on(case),
        );
        for one in &case.contenders {
            let (stop, whole, waited) = (cells(&one.stop), cells(&one.whole), figure(one.waited));
            let _ = writeln!(page, "| {} | {stop} | {whole} | {waited} |", bold(&one.name));
        }
    }
    page.push_str(
        "\n#### Allocations per task\n\nFrom the start of the tasks to the end of all, on all threads.\n\n\
         | | allocations | bytes |\n|---|--:|--:|\n",
    );
    for one in &memory.tasks {
        let _ = writeln!(page, "| {} | {} | {:.0} |", bold(&one.name), whole(one.allocations), one.bytes);
    }
}

fn on(case: &StopCase) -> &'static str {
    if case.threads == 1 { "a runtime of one thread" } else { "a runtime of two threads" }
}

fn cells(cost: &Cost) -> String {
    format!("{} | {} | {}", figure(cost.median), figure(cost.minimum), ratio(cost.ratio))
}
