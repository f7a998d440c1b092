//! The three sides, line by line.

use std::time::Duration;

use resil::pipeline::retry::StopReason;

use crate::figures::{added, change, count, delay, span};
use crate::ledger::Outcome;
use crate::phases::Phase;
use crate::report::{Account, Report};
use crate::retries::{Effort, number};
use crate::sides::Sides;

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) cells: Sides<String>,
    /// What the guard changed, in percent of what is bare; empty where a percentage would mislead.
    pub(crate) change: String,
}

impl Row {
    fn plain(label: &str, cells: Sides<String>) -> Self {
        Self { label: label.to_owned(), cells, change: String::new() }
    }

    fn counts(label: &str, sides: Sides<u32>) -> Self {
        let change = change(f64::from(sides.bare), f64::from(sides.guarded));
        Self { change, ..Self::plain(label, sides.map(count)) }
    }

    fn times(label: &str, sides: Sides<Duration>) -> Self {
        let change = change(sides.bare.as_secs_f64(), sides.guarded.as_secs_f64());
        Self { change, ..Self::plain(label, sides.map(span)) }
    }

    fn is_saving(&self) -> bool {
        self.change.ends_with("less")
    }

    /// The class of the change's cell on the page.
    pub(crate) fn class(&self) -> &'static str {
        if self.is_saving() { "saved" } else { "same" }
    }
}

/// The lines that tell the story at a glance.
pub(crate) fn highlights(report: &Report) -> Vec<Row> {
    let counts = |label: &str, of: fn(&Account) -> u32| Row::counts(label, report.sides.as_ref().map(of));
    let outage = report.added.iter().find(|added| added.spell.phase == Phase::Dead);
    let mut rows = vec![
        counts("requests over the contract, answered 429", |side| side.over_contract),
        counts("wasted calls (sent and failed)", |side| side.tally.failures()),
        Row::times("time callers hung on failed calls", report.sides.as_ref().map(|side| side.hung)),
        counts(&format!("calls slower than {}", span(report.slow)), |side| side.slow),
        counts("requests the sick upstream took", |side| side.taken_while_sick),
    ];
    let added = outage.map(|one| one.added.map(|retries| added(retries, one.calls)));
    rows.extend(added.map(|added| Row::plain("load that retries added in the outage", added)));
    rows
}

/// All lines but those of the retries.
pub(crate) fn rows(report: &Report) -> Vec<Row> {
    let sides = report.sides.as_ref();
    let counts = |label, of: fn(&Account) -> u32| Row::plain(label, sides.map(|side| count(of(side))));
    let latency = |permille| sides.map(|side| side.latencies.permille(permille).unwrap_or_default());
    let only_guarded = |label, guarded| {
        let none = || "none".to_owned();
        Row::plain(label, Sides { bare: none(), naive: none(), guarded })
    };
    let mut rows = vec![
        counts("calls due and sent", |side| side.sent),
        counts("answered well", |side| side.tally.of_kind(Outcome::Ok)),
        counts("refused by the limiter in the end", |side| side.tally.of_kind(Outcome::Limited)),
        counts("refused by the breaker", |side| side.tally.of_kind(Outcome::Refused)),
        only_guarded("longest wait for the limiter", span(report.waits.longest)),
    ];
    rows.extend(highlights(report).into_iter().filter(|row| !row.change.is_empty()));
    // Quicker by refusals is no saving in the middle; it is one in the tail, where callers hang.
    rows.push(Row::plain("latency p50, refusals included", latency(500).map(span)));
    rows.push(Row::times("latency p95", latency(950)));
    rows.push(Row::times("latency p99", latency(990)));
    rows.push(Row::times("latency p99.9", latency(999)));
    rows.push(Row::plain("longest latency", latency(1000).map(span)));
    rows
}

/// The lines of the retries and of what follows from them.
pub(crate) fn retry_rows(report: &Report) -> Vec<Row> {
    let sides = report.sides.as_ref();
    let counts = |label, of: fn(&Account) -> u32| Row::plain(label, sides.map(|side| count(of(side))));
    // The bare side has no retry.
    let efforts = |label: &str, of: &dyn Fn(Effort) -> u64| {
        let [naive, guarded] =
            [report.retries.naive, report.retries.guarded].map(|effort| number(of(effort)));
        Row::plain(label, Sides { bare: "-".to_owned(), naive: count(naive), guarded: count(guarded) })
    };
    let stops =
        |why: StopReason| efforts(&format!("given up: {why}"), &move |effort: Effort| effort.stopped.by(why));
    let only_guarded = |label: &str, guarded| {
        let none = || "-".to_owned();
        Row::plain(label, Sides { bare: none(), naive: none(), guarded })
    };
    let per_call = |side: &Account| match side.sent {
        0 => "-".to_owned(),
        sent => format!("{:.2}", f64::from(side.requests) / f64::from(sent)),
    };
    let mut rows = vec![
        Row::plain("requests sent for one call", sides.map(per_call)),
        counts("retries sent", |side| side.again),
        only_guarded(
            &format!("attempts that the budget paid for, of {} at most", count(report.allowed)),
            count(report.retries.paid),
        ),
        efforts("calls that retries mended", &|effort| effort.mended.into()),
        stops(StopReason::AttemptsExhausted),
        stops(StopReason::BudgetExhausted),
        stops(StopReason::CircuitOpen),
        stops(StopReason::DeadlineExceeded),
        // The one thing that drops a call here is its deadline.
        efforts("cut off at the deadline", &|effort| effort.stopped.cancelled),
        only_guarded(
            "attempts cut off, so that there was time for another",
            count(report.retries.attempts_cut),
        ),
        counts("calls that outlasted their caller's patience", |side| side.overrun),
    ];
    if !report.courses.is_empty() {
        rows.push(Row::plain("longest time to recover, once it was well", report.recoveries().map(delay)));
    }
    if let Some(outage) = report.courses.iter().find(|course| course.incident.phase == Phase::Dead) {
        let label = format!("that after the outage, of {} at most", span(report.recovery));
        rows.push(Row::plain(&label, outage.recovery.map(delay)));
    }
    let busiest = sides.map(|side| side.busiest_after.map(|rate| format!("{rate:.0}")));
    if let Sides { bare: Some(bare), naive: Some(naive), guarded: Some(guarded) } = busiest {
        let cells = Sides { bare, naive, guarded };
        rows.push(Row::plain("most requests per second after the outage", cells));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Waits;
    use crate::ledger::{Ledger, Record};
    use crate::phases::Script;
    use crate::run::{Run, Side};
    use crate::visits::Visit;

    #[test]
    fn a_saving_is_told_from_a_price() {
        let script = Script::new(Duration::from_secs(6));
        // It is slow from 1.2 s on.
        let visits = |over, sick| -> Vec<_> {
            let visit = |over, n| vec![Visit { at: Duration::from_millis(1_700), over }; n];
            [visit(true, over), visit(false, sick)].concat()
        };
        let side = |failures: u64, refusals: u64| {
            let mut ledger = Ledger::default();
            for n in 0..failures + refusals {
                let outcome = if n < failures { Outcome::TimedOut } else { Outcome::Refused };
                let latency = Duration::from_millis(if n < failures { 200 } else { 1 });
                ledger.note_sent();
                ledger.note_ended(Record { due: Duration::from_millis(n), latency, outcome });
            }
            ledger
        };
        let (bare, guarded) = (side(100, 0), side(10, 90));
        let run = Run {
            sides: Sides {
                bare: Side { ledger: &bare, visits: &visits(40, 100) },
                naive: Side { ledger: &bare, visits: &visits(80, 200) },
                guarded: Side { ledger: &guarded, visits: &visits(0, 10) },
            },
            waits: Waits { longest: Duration::from_millis(40), ..Waits::default() },
            ..Run::of_all(&script, &bare, &[])
        };
        let report = Report::of(&run);
        let rows = [rows(&report), retry_rows(&report)].concat();
        let row = |label: &str| {
            let row = rows.iter().find(|row| row.label.starts_with(label)).cloned();
            row.map(|row| [row.cells.bare, row.cells.guarded, row.change]).unwrap_or_default()
        };
        assert_eq!(row("refused by the breaker"), ["0", "90", ""]);
        assert_eq!(row("requests over the contract"), ["40", "0", "100 % less"]);
        assert_eq!(row("longest wait for"), ["none", "40 ms", ""]);
        assert_eq!(row("wasted calls"), ["100", "10", "90 % less"]);
        assert_eq!(row("time callers hung"), ["20.0 s", "2.00 s", "90 % less"]);
        assert_eq!(row("calls slower than 60 ms"), ["100", "10", "90 % less"]);
        assert_eq!(row("requests the sick"), ["100", "10", "90 % less"]);
        assert_eq!(row("latency p50"), ["200 ms", "1.0 ms", ""]);
        assert_eq!(row("latency p95"), ["200 ms", "200 ms", "the same"]);
        assert_eq!(row("longest time to recover"), ["never", "never", ""]);
        assert_eq!(row("that after the outage, of 200 ms"), ["never", "never", ""]);
        assert_eq!(row("given up: circuit open"), ["-", "0", ""]);
        assert_eq!(row("requests sent for one call"), ["0.00", "0.00", ""]);
    }
}
