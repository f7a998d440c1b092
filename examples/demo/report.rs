//! What the run showed: an account of each side, one of each incident, and what retries added.

use std::time::Duration;

use resil::breaker::State;

use crate::added_load::AddedLoad;
use crate::course::Course;
use crate::figures::span;
use crate::guard::Waits;
use crate::ledger::{Latencies, Outcome, Tally};
use crate::phases::Phase;
use crate::retries::{Retries, number};
use crate::run::{Run, Side};
use crate::sides::{NAMES, Sides};
use crate::visits;

/// A program that sent a call this late did not keep its promise of an open loop.
const TOO_LATE: Duration = Duration::from_secs(1);

/// One side's run in figures.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) sent: u32,
    pub(crate) tally: Tally,
    /// What went out for these calls, and how much of it was not the first for its call.
    pub(crate) requests: u32,
    pub(crate) again: u32,
    /// Calls that ended long after their caller had stopped waiting.
    pub(crate) overrun: u32,
    /// The sum of the latencies of the calls that failed.
    pub(crate) hung: Duration,
    /// Calls that took longer than the breaker's limit.
    pub(crate) slow: u32,
    pub(crate) latencies: Latencies,
    /// Both as the upstream counted them.
    pub(crate) taken_while_sick: u32,
    pub(crate) over_contract: u32,
    /// The most requests per second that it got once it was back from the dead, if it was.
    pub(crate) busiest_after: Option<f64>,
}

impl Account {
    fn of(side: &Side<'_>, run: &Run<'_>) -> Self {
        let (script, records, requests) = (run.script, side.ledger.records(), side.ledger.requests());
        let latencies = Latencies::of(records);
        Self {
            sent: side.ledger.sent(),
            tally: Tally::of(records),
            hung: records.iter().filter(|r| r.outcome.is_failure()).map(|r| r.latency).sum(),
            requests: number(requests.len() as u64),
            again: number(requests.iter().filter(|request| request.again).count() as u64),
            overrun: side.ledger.overrun(),
            slow: latencies.longer_than(run.pace.slow),
            latencies,
            taken_while_sick: visits::taken_while_sick(side.visits, script),
            over_contract: visits::over(side.visits),
            busiest_after: script.outage().filter(|_| run.progress.until >= script.length()).map(|outage| {
                visits::busiest(side.visits, outage.until, script.length(), script.length() / 60)
            }),
        }
    }
}

/// The whole run.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) sides: Sides<Account>,
    pub(crate) courses: Vec<Course>,
    pub(crate) added: Vec<AddedLoad>,
    pub(crate) retries: Retries,
    /// How many retries the budget allowed the guarded side in all.
    pub(crate) allowed: u32,
    /// How long it may take to see that the upstream is well again after the outage.
    pub(crate) recovery: Duration,
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
        let ledgers = run.sides.map(|side| side.ledger);
        let ends = ledgers.guarded.records().iter().map(|record| record.due + record.latency);
        Self {
            sides: run.sides.map(|side| Account::of(&side, run)),
            courses: courses.map(|incident| Course::of(incident, ledgers, run.diary)).collect(),
            added: AddedLoad::of_all(
                run.script,
                run.progress.until,
                ledgers,
                run.allowance,
                run.pace.deadline,
            ),
            retries: run.retries,
            allowed: run.allowance.until(ends.max().unwrap_or_default(), ledgers.guarded.sent()),
            recovery: run.pace.recovery(),
            slow: run.pace.slow,
            waits: run.waits,
            expected: run.schedule.calls(),
            final_state: run.final_state,
            most_late: run.progress.most_late,
        }
    }

    /// The longest recovery of each side; `None` for one that did not recover each time.
    pub(crate) fn recoveries(&self) -> Sides<Option<Duration>> {
        let none_yet = Sides::default().map(|()| Some(Duration::ZERO));
        self.courses.iter().fold(none_yet, |longest, course| {
            longest.zip(course.recovery).map(|(longest, one)| Some(longest?.max(one?)))
        })
    }

    /// Why the run did not show what it should; empty if it did.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let Sides { bare, naive, guarded } = &self.sides;
        for (name, account) in NAMES.zip(self.sides.as_ref()).into_array() {
            let answered = account.tally.all();
            if answered != self.expected {
                found.push(format!("the {name} side has {answered} answers to {} calls", self.expected));
            }
        }
        if bare.over_contract == 0 {
            found.push("the bare side kept the contract: the surge did not show".to_owned());
        }
        if guarded.over_contract > 0 {
            found.push(format!(
                "the guarded side sent {} requests over the contract; the most belated call was {} late",
                guarded.over_contract,
                span(self.most_late)
            ));
        }
        if self.waits.calls == 0 || guarded.tally.of_kind(Outcome::Limited) == 0 {
            found.push("the limiter made nobody wait, or refused nobody".to_owned());
        }
        let retried = guarded.again.max(self.retries.paid);
        if retried > self.allowed {
            found.push(format!("the guarded side retried {retried} times, allowed are {}", self.allowed));
        }
        for AddedLoad { spell, added, allowed, .. } in &self.added {
            if added.guarded > *allowed {
                let phase = spell.phase;
                found.push(format!(
                    "the guarded side retried {} times while the upstream was {phase}, allowed are {allowed}",
                    added.guarded
                ));
            }
            if spell.phase == Phase::Dead && added.naive <= *allowed {
                found.push("naive retries brought no storm upon the dead upstream".to_owned());
            }
        }
        if naive.again == 0 || self.retries.naive.mended == 0 || self.retries.guarded.mended == 0 {
            found.push("retries mended nothing".to_owned());
        }
        for course in &self.courses {
            let phase = course.incident.phase;
            if course.opened.is_none() {
                found.push(format!("the breaker did not open while the upstream was {phase}"));
            }
            if course.recovery.guarded.is_none() {
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
    use crate::ledger::{Ledger, Record, Request};
    use crate::load::Progress;
    use crate::phases::Script;
    use crate::visits::Visit;

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
        // It is slow from 6 s on.
        let visits = [(5, false), (6, false), (6, true), (7, false)]
            .map(|(second, over)| Visit { at: Duration::from_secs(second), over });
        let script = Script::new(Duration::from_secs(30));
        let mut run = Run::of_all(&script, &ledger, &[]);
        run.pace.slow = ms(20);
        let account = Account::of(&Side { ledger: &ledger, visits: &visits }, &run);
        assert_eq!((account.hung, account.tally.failures(), account.sent), (ms(120), 2, 5));
        assert_eq!((account.slow, account.taken_while_sick, account.over_contract), (2, 2, 1));
    }

    #[test]
    fn a_run_without_openings_or_answers_says_so() {
        let script = Script::new(Duration::from_secs(6));
        let empty = Ledger::default();
        let run = Run {
            final_state: State::Open,
            progress: Progress { until: script.length(), most_late: ms(2_000) },
            ..Run::of_all(&script, &empty, &[])
        };
        let report = Report::of(&run);
        let found = report.shortcomings();
        assert_eq!(found.len(), 3 + 2 + 2 + 3 * 2 + 1 + 1, "{found:?}");
        // 6 s at 20 per second, of which 0.6 s at three times that.
        assert_eq!(found[0], "the bare side has 0 answers to 144 calls");
        assert_eq!(found[3], "the bare side kept the contract: the surge did not show");
        assert_eq!(report.recoveries(), Sides::default());
    }

    #[test]
    fn a_run_that_was_stopped_tells_only_of_incidents_that_are_over() {
        let script = Script::new(Duration::from_secs(30));
        let empty = Ledger::default();
        let courses = |until| {
            let progress = Progress { until, most_late: Duration::ZERO };
            Report::of(&Run { progress, ..Run::of_all(&script, &empty, &[]) }).courses.len()
        };
        let ends: Vec<_> = script.incidents().iter().map(|incident| incident.until).collect();
        assert_eq!(courses(ends[0].saturating_sub(ms(1))), 0);
        assert_eq!(courses(ends[0]), 1);
        assert_eq!(courses(script.length()), ends.len());
    }

    #[test]
    fn a_guarded_side_that_breaks_its_budget_says_so_in_which_phase() {
        let script = Script::new(Duration::from_secs(30));
        let found = |retries| {
            let mut ledger = Ledger::default();
            for n in 0..retries {
                ledger.note_request(Request { at: ms(22_000 + n), again: true });
            }
            let report = Report::of(&Run::of_all(&script, &ledger, &[]));
            report.shortcomings().into_iter().filter(|text| text.contains("retried")).collect::<Vec<_>>()
        };
        // No call, so that there are the floor of one at once and one per second, and two in the bank.
        assert_eq!(found(1), Vec::<String>::new());
        assert_eq!(
            found(10),
            [
                "the guarded side retried 10 times, allowed are 1",
                "the guarded side retried 10 times while the upstream was dead, allowed are 9"
            ]
        );
    }

    #[test]
    fn a_guarded_side_that_breaks_the_contract_says_so() {
        let script = Script::new(Duration::from_secs(6));
        let visits = [Visit { at: ms(500), over: true }; 2];
        let ledger = ledger([(500, 1, Outcome::Limited)]);
        let found = |bare, guarded| {
            let side = |visits| Side { ledger: &ledger, visits };
            let waits = Waits { calls: 1, ..Waits::default() };
            let sides = Sides { bare: side(bare), naive: side(bare), guarded: side(guarded) };
            let run = Run { sides, waits, ..Run::of_all(&script, &ledger, &[]) };
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
