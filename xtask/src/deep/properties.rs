//! The properties with many more cases than an everyday run has time for.

use crate::ledger::Ledger;
use crate::stopwatch::Stopwatch;
use crate::test;
use crate::workspace::Workspace;

const CASES: &str = "100000";

/// Runs every `tests/model.rs` in release.
pub(crate) fn run(workspace: &Workspace, ledger: &mut Ledger) -> Option<String> {
    let before = ledger.tally();
    let watch = Stopwatch::start();
    let passed = test::properties(workspace, &mut test::with_cases(CASES), ledger);
    let after = ledger.tally();
    if after == before {
        return None;
    }
    let cases = std::env::var("PROPTEST_CASES").unwrap_or_else(|_| CASES.into());
    let verdict = if passed { "no difference" } else { "**a difference was found**" };
    let (ran, seconds) = (after.ran() - before.ran(), watch.elapsed().as_secs());
    Some(format!("Properties: {ran}; {cases} random histories each, in {seconds} s: {verdict}."))
}
