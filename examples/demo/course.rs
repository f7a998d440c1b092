//! The course of an incident: what it did to each side, and how soon that was over.

use std::time::Duration;

use resil::breaker::State;

use crate::guard::Change;
use crate::ledger::{Ledger, Outcome, Record, Tally};
use crate::phases::Incident;
use crate::sides::Sides;

/// So many good answers in a row, and a caller calls the service well again.
const STEADY: usize = 5;

/// What one incident did to the sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) incident: Incident,
    /// From the incident's beginning to the breaker's first opening.
    pub(crate) opened: Option<Duration>,
    pub(crate) refused: u32,
    pub(crate) failed: Sides<u32>,
    /// From the moment when the upstream was well to the first call of a steady run of good answers.
    pub(crate) recovery: Sides<Option<Duration>>,
}

impl Course {
    pub(crate) fn of(incident: Incident, ledgers: Sides<&Ledger>, diary: &[Change]) -> Self {
        let opening = diary
            .iter()
            .find(|change| change.to == State::Open && (incident.from..incident.until).contains(&change.at));
        let trouble = ledgers.map(|ledger| Tally::of(&due_between(ledger, incident.from, incident.well)));
        Self {
            incident,
            opened: opening.map(|change| change.at.saturating_sub(incident.from)),
            refused: trouble.guarded.of_kind(Outcome::Refused),
            failed: trouble.map(|tally| tally.failures()),
            recovery: ledgers
                .map(|ledger| recovery(&due_between(ledger, incident.well, incident.until), incident.well)),
        }
    }
}

fn due_between(ledger: &Ledger, from: Duration, until: Duration) -> Vec<Record> {
    let mut records: Vec<_> =
        ledger.records().iter().filter(|record| (from..until).contains(&record.due)).copied().collect();
    records.sort_unstable_by_key(|record| record.due);
    records
}

fn recovery(after: &[Record], well: Duration) -> Option<Duration> {
    let steady =
        after.windows(STEADY).position(|calls| calls.iter().all(|call| call.outcome == Outcome::Ok))?;
    // Where the very first call is answered, the wait for it says something of the load, not of the recovery.
    Some(if steady == 0 { Duration::ZERO } else { after[steady].due.saturating_sub(well) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phases::Phase;
    use resil::breaker::Cause;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn ledger(records: impl IntoIterator<Item = (u64, u64, Outcome)>) -> Ledger {
        let mut ledger = Ledger::default();
        for (due, latency, outcome) in records {
            ledger.note_ended(Record { due: ms(due), latency: ms(latency), outcome });
        }
        ledger
    }

    #[test]
    fn recovery_begins_with_a_steady_run_of_good_answers() {
        let calls = |outcomes: &str| {
            let kind = |letter| if letter == '+' { Outcome::Ok } else { Outcome::Refused };
            ledger(outcomes.chars().zip(0..).map(|(letter, n)| (103 + n * 10, 1, kind(letter))))
        };
        let after = |outcomes| recovery(&due_between(&calls(outcomes), ms(100), ms(900)), ms(100));
        assert_eq!(after("+++++"), Some(ms(0)));
        assert_eq!(after("--++++-+++++-"), Some(ms(73)));
        assert_eq!(after("++++-++++"), None);
    }

    #[test]
    fn a_course_counts_the_trouble_and_not_the_time_after_it() {
        let incident = Incident { phase: Phase::Dead, from: ms(100), well: ms(200), until: ms(300) };
        let bare =
            ledger([(99, 1, Outcome::TimedOut), (100, 1, Outcome::Unreachable), (200, 1, Outcome::TimedOut)]);
        let guarded =
            ledger([(100, 1, Outcome::Unreachable), (150, 1, Outcome::Refused), (200, 1, Outcome::Refused)]);
        let diary = [(50, State::Open), (120, State::Open), (250, State::Closed)].map(|(at, to)| Change {
            at: ms(at),
            from: State::HalfOpen,
            cause: Cause::Forced,
            to,
        });
        let course = Course::of(incident, Sides { bare: &bare, naive: &bare, guarded: &guarded }, &diary);
        assert_eq!(course.opened, Some(ms(20)));
        assert_eq!((course.refused, course.failed), (1, Sides { bare: 1, naive: 1, guarded: 1 }));
        assert_eq!(course.recovery, Sides::default());
    }
}
