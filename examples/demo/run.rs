//! One run as it was recorded: what the report and the picture are made from.

use std::time::Duration;

use resil::breaker::State;

use crate::guard::Change;
use crate::ledger::Ledger;
use crate::load::Schedule;
use crate::pace::Pace;
use crate::phases::Script;

/// What one side left behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) ledger: &'a Ledger,
    /// Requests that the upstream itself counted while it was sick.
    pub(crate) taken_while_sick: u64,
}

/// A run that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) script: &'a Script,
    pub(crate) pace: Pace,
    pub(crate) schedule: Schedule,
    pub(crate) seed: u64,
    pub(crate) bare: Side<'a>,
    pub(crate) guarded: Side<'a>,
    /// Each change of the breaker's state, and the state at the end.
    pub(crate) diary: &'a [Change],
    pub(crate) final_state: State,
    /// How late the most belated call was sent.
    pub(crate) most_late: Duration,
}

#[cfg(test)]
impl<'a> Run<'a> {
    /// A run of 20 calls per second with the same ledger on both sides, for tests.
    pub(crate) fn of_both(script: &'a Script, ledger: &'a Ledger, diary: &'a [Change]) -> Self {
        let side = Side { ledger, taken_while_sick: 0 };
        Self {
            script,
            pace: Pace::of(script.length()),
            schedule: Schedule { rate: 20, length: script.length() },
            seed: 1,
            bare: side,
            guarded: side,
            diary,
            final_state: State::Closed,
            most_late: Duration::ZERO,
        }
    }
}
