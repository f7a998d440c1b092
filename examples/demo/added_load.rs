//! What retries add to the load, phase by phase, and what the budget allows of it.

use std::time::Duration;

use crate::allowance::Allowance;
use crate::ledger::{Ledger, Outcome, Request};
use crate::phases::{Phase, Script, Spell};
use crate::retries::number;
use crate::sides::Sides;

/// Requests beside the first of their call, in one spell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddedLoad {
    pub(crate) spell: Spell,
    /// Calls that were due in it, of each side.
    pub(crate) calls: u32,
    pub(crate) added: Sides<u32>,
    /// How many of these calls were answered well in the end.
    pub(crate) well: Sides<u32>,
    /// How many the budget allows the guarded side at most.
    pub(crate) allowed: u32,
}

impl AddedLoad {
    /// Those of every spell until a moment in which all is not well.
    pub(crate) fn of_all(
        script: &Script,
        until: Duration,
        ledgers: Sides<&Ledger>,
        allowance: Allowance,
        deadline: Duration,
    ) -> Vec<Self> {
        let spells = script.spells().iter().filter(|spell| spell.until <= until);
        spells
            .filter(|spell| spell.phase != Phase::Healthy)
            .map(|spell| Self::of(*spell, ledgers, allowance, deadline))
            .collect()
    }

    fn of(spell: Spell, ledgers: Sides<&Ledger>, allowance: Allowance, deadline: Duration) -> Self {
        // A retry that goes out now was paid for before its wait; its call began no earlier than a deadline ago.
        let earliest = spell.from.saturating_sub(deadline);
        let paid_in = spell.until.saturating_sub(earliest);
        Self {
            spell,
            calls: due(ledgers.guarded, spell.from, spell.until, |_| true),
            well: ledgers
                .map(|ledger| due(ledger, spell.from, spell.until, |outcome| outcome == Outcome::Ok)),
            added: ledgers.map(|ledger| again(ledger.requests(), spell.from, spell.until)),
            allowed: allowance.within(paid_in, due(ledgers.guarded, earliest, spell.until, |_| true)),
        }
    }
}

fn due(ledger: &Ledger, from: Duration, until: Duration, of: impl Fn(Outcome) -> bool) -> u32 {
    let all =
        ledger.records().iter().filter(|record| (from..until).contains(&record.due) && of(record.outcome));
    number(all.count() as u64)
}

fn again(requests: &[Request], from: Duration, until: Duration) -> u32 {
    let all = requests.iter().filter(|request| request.again && (from..until).contains(&request.at));
    number(all.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Record;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn what_is_added_counts_where_it_went_out_and_what_is_allowed_where_it_was_paid_for() {
        let mut ledger = Ledger::default();
        // Flaky from 12 s to 15 s. Ten calls per second, of which each sends a second request 100 ms later.
        for n in 0..200 {
            let due = ms(n * 100);
            ledger.note_ended(Record {
                due,
                latency: ms(150),
                outcome: if n % 2 == 0 { Outcome::Ok } else { Outcome::ServerError },
            });
            ledger.note_request(Request { at: due, again: false });
            ledger.note_request(Request { at: due + ms(100), again: true });
        }
        let nothing = Ledger::default();
        let sides = Sides { bare: &nothing, naive: &ledger, guarded: &ledger };
        let script = Script::new(ms(30_000));
        let allowance = Allowance { share_percent: 20, floor: 1, banked: 3 };
        let all = AddedLoad::of_all(&script, ms(15_000), sides, allowance, ms(1_000));
        assert_eq!(
            all.iter().map(|one| one.spell.phase).collect::<Vec<_>>(),
            [Phase::Surge, Phase::Slow, Phase::Flaky]
        );
        let flaky = all[2];
        assert_eq!((flaky.calls, flaky.added), (30, Sides { bare: 0, naive: 30, guarded: 30 }));
        assert_eq!(flaky.well, Sides { bare: 0, naive: 15, guarded: 15 });
        // A fifth of 40 calls, one at once, four in four seconds, and what was in the bank.
        assert_eq!(flaky.allowed, 8 + 1 + 4 + 3 + 1);
    }
}
