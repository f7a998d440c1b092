//! What the run showed: both sides' accounts, and one of each incident.

use std::time::Duration;

use resil::breaker::State;

use crate::figures::span;
use crate::guard::{Change, Waits};
use crate::ledger::{Latencies, Ledger, Outcome, Record, Tally};
use crate::phases::{Incident, Script};
use crate::run::{Run, Side};
use crate::visits;

/// So many good answers in a row, and a caller calls the service well again.
const STEADY: usize = 5;

/// A program that sent a call this late did not keep its promise of an open loop.
const TOO_LATE: Duration = Duration::from_secs(1);

/// One side's run in figures.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) sent: u32,
    pub(crate) tally: Tally,
    /// The sum of the latencies of the calls that failed.
    pub(crate) hung: Duration,
    /// Calls that took longer than the breaker's limit.
    pub(crate) slow: u32,
    pub(crate) latencies: Latencies,
    /// Both as the upstream counted them.
    pub(crate) taken_while_sick: u32,
    pub(crate) over_contract: u32,
}

impl Account {
    fn of(side: &Side<'_>, script: &Script, slow: Duration) -> Self {
        let records = side.ledger.records();
        let latencies = Latencies::of(records);
        Self {
            sent: side.ledger.sent(),
            tally: Tally::of(records),
            hung: records.iter().filter(|r| r.outcome.is_failure()).map(|r| r.latency).sum(),
            slow: latencies.longer_than(slow),
            latencies,
            taken_while_sick: visits::taken_while_sick(side.visits, script),
            over_contract: visits::over(side.visits),
        }
    }
}

/// What one incident did to both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) incident: Incident,
    /// From the incident's beginning to the breaker's first opening.
    pub(crate) opened: Option<Duration>,
    pub(crate) refused: u32,
    pub(crate) bare_failed: u32,
    pub(crate) guarded_failed: u32,
    /// From the moment when the upstream was well to the first call of a steady run of good answers.
    pub(crate) bare_recovery: Option<Duration>,
    pub(crate) guarded_recovery: Option<Duration>,
}

impl Course {
    fn of(incident: Incident, bare: &Ledger, guarded: &Ledger, diary: &[Change]) -> Self {
        let opening = diary
            .iter()
            .find(|change| change.to == State::Open && (incident.from..incident.until).contains(&change.at));
        let trouble = |ledger| Tally::of(&due_between(ledger, incident.from, incident.well));
        let (bare_trouble, guarded_trouble) = (trouble(bare), trouble(guarded));
        Self {
            incident,
            opened: opening.map(|change| change.at.saturating_sub(incident.from)),
            refused: guarded_trouble.of_kind(Outcome::Refused),
            bare_failed: bare_trouble.failures(),
            guarded_failed: guarded_trouble.failures(),
            bare_recovery: recovery(&due_between(bare, incident.well, incident.until), incident.well),
            guarded_recovery: recovery(&due_between(guarded, incident.well, incident.until), incident.well),
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

/// The whole run.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) bare: Account,
    pub(crate) guarded: Account,
    pub(crate) courses: Vec<Course>,
    /// What counts as a slow call.
    pub(crate) slow: Duration,
    pub(crate) waits: Waits,
    expected: u32,
    final_state: State,
    most_late: Duration,
}

impl Report {
    pub(crate) fn of(run: &Run<'_>) -> Self {
        let courses = run.script.incidents().into_iter().filter(|one| one.until <= run.progress.until);
        Self {
            bare: Account::of(&run.bare, run.script, run.pace.slow),
            guarded: Account::of(&run.guarded, run.script, run.pace.slow),
            courses: courses
                .map(|incident| Course::of(incident, run.bare.ledger, run.guarded.ledger, run.diary))
                .collect(),
            slow: run.pace.slow,
            waits: run.waits,
            expected: run.schedule.calls(),
            final_state: run.final_state,
            most_late: run.progress.most_late,
        }
    }

    /// The longest recovery of each side, bare first; `None` for one that did not recover each time.
    pub(crate) fn recoveries(&self) -> [Option<Duration>; 2] {
        let longest = |recovery: fn(&Course) -> Option<Duration>| {
            self.courses.iter().map(recovery).try_fold(Duration::ZERO, |longest, one| Some(longest.max(one?)))
        };
        [longest(|course| course.bare_recovery), longest(|course| course.guarded_recovery)]
    }

    /// Why the run did not show what it should; empty if it did.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, account) in [("bare", &self.bare), ("guarded", &self.guarded)] {
            let answered = account.tally.all();
            if answered != self.expected {
                found.push(format!("the {name} side has {answered} answers to {} calls", self.expected));
            }
        }
        if self.bare.over_contract == 0 {
            found.push("the bare side kept the contract: the surge did not show".to_owned());
        }
        if self.guarded.over_contract > 0 {
            found.push(format!(
                "the guarded side sent {} requests over the contract; the most belated call was {} late",
                self.guarded.over_contract,
                span(self.most_late)
            ));
        }
        if self.waits.calls == 0 || self.guarded.tally.of_kind(Outcome::Limited) == 0 {
            found.push("the limiter made nobody wait, or refused nobody".to_owned());
        }
        for course in &self.courses {
            let phase = course.incident.phase;
            if course.opened.is_none() {
                found.push(format!("the breaker did not open while the upstream was {phase}"));
            }
            if course.guarded_recovery.is_none() {
                found.push(format!("the guarded side did not recover after the upstream was {phase}"));
            }
        }
        if self.final_state != State::Closed {
            found.push(format!("the breaker is {} at the end, not closed", self.final_state));
        }
        if self.most_late > TOO_LATE {
            found.push(format!("a call was sent {} late: this machine is too busy", span(self.most_late)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Progress;
    use crate::phases::Phase;
    use crate::visits::Visit;
    use resil::breaker::Cause;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn ledger(records: impl IntoIterator<Item = (u64, u64, Outcome)>) -> Ledger {
        let mut ledger = Ledger::default();
        for (due, latency, outcome) in records {
            ledger.note_sent();
            ledger.note_ended(Record { due: ms(due), latency: ms(latency), outcome });
        }
        ledger
    }

    #[test]
    fn only_failed_calls_count_as_hung() {
        let ledger = ledger([
            (0, 10, Outcome::Ok),
            (1, 100, Outcome::TimedOut),
            (2, 1, Outcome::Refused),
            (3, 20, Outcome::ServerError),
            (4, 30, Outcome::OverContract),
        ]);
        // It is slow from 8 s on.
        let visits = [(7, false), (8, false), (8, true), (9, false)]
            .map(|(second, over)| Visit { at: Duration::from_secs(second), over });
        let script = Script::new(Duration::from_secs(30));
        let account = Account::of(&Side { ledger: &ledger, visits: &visits }, &script, ms(20));
        assert_eq!((account.hung, account.tally.failures(), account.sent), (ms(120), 2, 5));
        assert_eq!((account.slow, account.taken_while_sick, account.over_contract), (2, 2, 1));
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
        let course = Course::of(incident, &bare, &guarded, &diary);
        assert_eq!(course.opened, Some(ms(20)));
        assert_eq!((course.refused, course.bare_failed, course.guarded_failed), (1, 1, 1));
        assert_eq!((course.bare_recovery, course.guarded_recovery), (None, None));
    }

    #[test]
    fn a_run_without_openings_or_answers_says_so() {
        let script = Script::new(Duration::from_secs(6));
        let empty = Ledger::default();
        let run = Run {
            final_state: State::Open,
            progress: Progress { until: script.length(), most_late: ms(2_000) },
            ..Run::of_both(&script, &empty, &[])
        };
        let report = Report::of(&run);
        let found = report.shortcomings();
        assert_eq!(found.len(), 2 + 2 + 3 * 2 + 1 + 1, "{found:?}");
        // 6 s at 20 per second, of which 0.8 s at three times that.
        assert_eq!(found[0], "the bare side has 0 answers to 152 calls");
        assert_eq!(found[2], "the bare side kept the contract: the surge did not show");
        assert_eq!(report.recoveries(), [None, None]);
    }

    #[test]
    fn a_run_that_was_stopped_tells_only_of_incidents_that_are_over() {
        let script = Script::new(Duration::from_secs(30));
        let empty = Ledger::default();
        let courses = |until| {
            let progress = Progress { until, most_late: Duration::ZERO };
            Report::of(&Run { progress, ..Run::of_both(&script, &empty, &[]) }).courses.len()
        };
        let ends: Vec<_> = script.incidents().iter().map(|incident| incident.until).collect();
        assert_eq!(courses(ends[0].saturating_sub(ms(1))), 0);
        assert_eq!(courses(ends[0]), 1);
        assert_eq!(courses(script.length()), ends.len());
    }

    #[test]
    fn a_guarded_side_that_breaks_the_contract_says_so() {
        let script = Script::new(Duration::from_secs(6));
        let visits = [Visit { at: ms(500), over: true }; 2];
        let ledger = ledger([(500, 1, Outcome::Limited)]);
        let found = |bare, guarded| {
            let side = |visits| Side { ledger: &ledger, visits };
            let waits = Waits { calls: 1, ..Waits::default() };
            let run = Run {
                bare: side(bare),
                guarded: side(guarded),
                waits,
                ..Run::of_both(&script, &ledger, &[])
            };
            Report::of(&run)
                .shortcomings()
                .into_iter()
                .filter(|text| text.contains("contract"))
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&visits, &[]), Vec::<String>::new());
        assert_eq!(
            found(&visits, &visits),
            ["the guarded side sent 2 requests over the contract; the most belated call was 0 µs late"]
        );
        assert_eq!(found(&[], &[]), ["the bare side kept the contract: the surge did not show"]);
    }
}
