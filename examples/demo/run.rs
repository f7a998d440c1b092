//! One run as it was recorded: what the report and the picture are made from.

use resil::Quota;
use resil::breaker::State;

use crate::allowance::Allowance;
use crate::contract::Contract;
use crate::guard::{Change, Waits};
use crate::ledger::Ledger;
use crate::load::{Progress, Schedule};
use crate::pace::Pace;
use crate::phases::Script;
use crate::retries::Retries;
use crate::sides::Sides;
use crate::visits::Visit;

/// What one side left behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) ledger: &'a Ledger,
    /// What the upstream itself wrote down.
    pub(crate) visits: &'a [Visit],
}

/// A run that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) script: &'a Script,
    pub(crate) pace: Pace,
    pub(crate) schedule: Schedule,
    pub(crate) contract: Contract,
    /// What the guarded side asks for at most.
    pub(crate) promise: Quota,
    pub(crate) allowance: Allowance,
    pub(crate) seed: u64,
    pub(crate) sides: Sides<Side<'a>>,
    pub(crate) retries: Retries,
    /// Each change of the breaker's state, and the state at the end.
    pub(crate) diary: &'a [Change],
    pub(crate) final_state: State,
    /// How long calls of the guarded side waited for the limiter.
    pub(crate) waits: Waits,
    /// How far the load came, and how late the most belated call was sent.
    pub(crate) progress: Progress,
}

#[cfg(test)]
impl<'a> Run<'a> {
    /// A run of 20 calls per second with the same ledger on every side, for tests.
    pub(crate) fn of_all(script: &'a Script, ledger: &'a Ledger, diary: &'a [Change]) -> Self {
        let side = Side { ledger, visits: &[] };
        Self {
            script,
            pace: Pace::of(script.length()),
            schedule: Schedule::new(20, script),
            contract: Contract::for_load(20),
            promise: Contract::for_load(20).promise(),
            allowance: Allowance::for_load(20),
            seed: 1,
            sides: Sides { bare: side, naive: side, guarded: side },
            retries: Retries::default(),
            diary,
            final_state: State::Closed,
            waits: Waits::default(),
            progress: Progress { until: script.length(), most_late: std::time::Duration::ZERO },
        }
    }
}
