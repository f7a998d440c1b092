//! Bare against guarded, line by line.

use std::time::Duration;

use crate::figures::{change, count, delay, span};
use crate::ledger::Outcome;
use crate::report::{Account, Report};

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) bare: String,
    pub(crate) guarded: String,
    /// What the guard changed, in percent; empty where a percentage would mislead.
    pub(crate) change: String,
}

impl Row {
    fn plain(label: &str, bare: String, guarded: String) -> Self {
        Self { label: label.to_owned(), bare, guarded, change: String::new() }
    }

    fn counts(label: &str, [bare, guarded]: [u32; 2]) -> Self {
        let change = change(f64::from(bare), f64::from(guarded));
        Self { change, ..Self::plain(label, count(bare), count(guarded)) }
    }

    fn times(label: &str, [bare, guarded]: [Duration; 2]) -> Self {
        let change = change(bare.as_secs_f64(), guarded.as_secs_f64());
        Self { change, ..Self::plain(label, span(bare), span(guarded)) }
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
pub(crate) fn highlights(report: &Report) -> [Row; 5] {
    let both = |of: fn(&Account) -> u32| [of(&report.bare), of(&report.guarded)];
    [
        Row::counts("requests over the contract, answered 429", both(|side| side.over_contract)),
        Row::counts("wasted calls (sent and failed)", both(|side| side.tally.failures())),
        Row::times("time callers hung on failed calls", [report.bare.hung, report.guarded.hung]),
        Row::counts(&format!("calls slower than {}", span(report.slow)), both(|side| side.slow)),
        Row::counts("requests the sick upstream took", both(|side| side.taken_while_sick)),
    ]
}

/// All lines.
pub(crate) fn rows(report: &Report) -> Vec<Row> {
    let sides = [&report.bare, &report.guarded];
    let counts = |label, of: fn(&Account) -> u32| {
        let [bare, guarded] = sides.map(|side| count(of(side)));
        Row::plain(label, bare, guarded)
    };
    let latency = |permille| sides.map(|side| side.latencies.permille(permille).unwrap_or_default());
    let plain_latency = |label, permille| {
        let [bare, guarded] = latency(permille).map(span);
        Row::plain(label, bare, guarded)
    };
    let mut rows = vec![
        counts("calls due and sent", |side| side.sent),
        counts("answered well", |side| side.tally.of_kind(Outcome::Ok)),
        counts("refused at once by the limiter", |side| side.tally.of_kind(Outcome::Limited)),
        counts("refused at once by the breaker", |side| side.tally.of_kind(Outcome::Refused)),
        Row::plain("longest wait for the limiter", "none".to_owned(), span(report.waits.longest)),
    ];
    rows.extend(highlights(report));
    // Quicker by refusals is no saving in the middle; it is one in the tail, where callers hang.
    rows.push(plain_latency("latency p50, refusals included", 500));
    rows.push(Row::times("latency p95", latency(950)));
    rows.push(Row::times("latency p99", latency(990)));
    rows.push(Row::times("latency p99.9", latency(999)));
    rows.push(plain_latency("longest latency", 1000));
    if !report.courses.is_empty() {
        let [bare, guarded] = report.recoveries().map(delay);
        rows.push(Row::plain("longest time to recover, once it was well", bare, guarded));
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
        // It is slow from 1.6 s on.
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
            guarded: Side { ledger: &guarded, visits: &visits(0, 10) },
            bare: Side { ledger: &bare, visits: &visits(40, 100) },
            waits: Waits { longest: Duration::from_millis(40), ..Waits::default() },
            ..Run::of_both(&script, &bare, &[])
        };
        let rows = rows(&Report::of(&run));
        let row = |label: &str| {
            let row = rows.iter().find(|row| row.label.starts_with(label)).cloned();
            row.map(|row| [row.bare, row.guarded, row.change]).unwrap_or_default()
        };
        assert_eq!(row("refused at once by the breaker"), ["0", "90", ""]);
        assert_eq!(row("requests over the contract"), ["40", "0", "100 % less"]);
        assert_eq!(row("longest wait for"), ["none", "40 ms", ""]);
        assert_eq!(row("wasted calls"), ["100", "10", "90 % less"]);
        assert_eq!(row("time callers hung"), ["20.0 s", "2.00 s", "90 % less"]);
        assert_eq!(row("calls slower than 60 ms"), ["100", "10", "90 % less"]);
        assert_eq!(row("requests the sick"), ["100", "10", "90 % less"]);
        assert_eq!(row("latency p50"), ["200 ms", "1.0 ms", ""]);
        assert_eq!(row("latency p95"), ["200 ms", "200 ms", "the same"]);
        assert_eq!(row("longest time to recover"), ["never", "never", ""]);
    }
}
