//! Whether the histories that are drawn reach what they are to test: else the comparison proves little.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::history::history;
use crate::play::play;
use crate::witness::Witness;

const HISTORIES: u32 = 600;
/// In how many of them each sight must be seen: a corner that is met by one history in 200 is met 500 times in the deep run.
const AT_LEAST: u32 = 3;

const STATES: [&str; 6] = ["Closed", "Open", "HalfOpen", "ForcedOpen", "Disabled", "MetricsOnly"];

/// Sights besides those that exist for each state.
const SIGHTS: &[&str] = &[
    "Closed -> Open by FailureThreshold",
    "Closed -> Open by FailureRate",
    "Closed -> Open by SlowRate",
    "Open -> HalfOpen by ResetTimeout",
    "HalfOpen -> Closed by ProbesSucceeded",
    "HalfOpen -> Open by ProbeFailed",
    "HalfOpen -> Open by HalfOpenExpired",
    "ForcedOpen -> Closed by ManualExpired",
    "Disabled -> Closed by ManualExpired",
    "MetricsOnly -> Closed by ManualExpired",
    "two transitions at once",
    "third opening in a row",
    "Open reads HalfOpen",
    "HalfOpen reads Open",
    "HalfOpen reads HalfOpen again",
    "ForcedOpen reads Closed",
    "Disabled reads Closed",
    "MetricsOnly reads Closed",
    "refused as CircuitOpen with a hint",
    "refused as CircuitHalfOpen with a hint",
    "refused as CircuitForcedOpen with a hint",
    "refused as CircuitForcedOpen without a hint",
    "refused as CircuitRampUp with a hint",
    "hint is a lease's end",
    "hint is the phase's end",
    "Rejected",
    "SlowCall",
    "ThresholdExceeded",
    "success trips",
    "trips by a count window that has slid",
    "trips by a time window that has slid",
    "outcome before the newest slice",
    "lease expired",
    "result of a probe that lost its lease",
    "release of a probe that lost its lease",
    "failed probe within the rate",
    "slow success counts against the probes",
    "admitted on the ramp",
    "ramp over",
    "by hand on the ramp",
    "reconfigured on the ramp",
    "trips on the ramp",
    "count window kept its outcomes",
    "count window grew again",
    "time window kept its outcomes",
    "time window kept some of its outcomes",
    "window of another kind starts empty",
    "success with counters off",
    "refusal with counters off",
];

#[test]
fn histories_reach_every_state_cause_refusal_and_corner() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::<String, u32>::new();
    for _ in 0..HISTORIES {
        let history = history().new_tree(&mut runner).expect("a history can be drawn").current();
        let mut witness = Witness::of_sights();
        play(&history, &mut witness).unwrap_or_else(|difference| panic!("{difference}\n{history:?}"));
        for sight in witness.into_sights() {
            *seen.entry(sight).or_default() += 1;
        }
    }
    let rare: Vec<_> = wanted()
        .into_iter()
        .map(|sight| (seen.get(&sight).copied().unwrap_or(0), sight))
        .filter(|(times, _)| *times < AT_LEAST)
        .collect();
    assert!(rare.is_empty(), "seen in fewer than {AT_LEAST} of {HISTORIES} histories: {rare:#?}");
}

fn wanted() -> Vec<String> {
    let mut wanted: Vec<String> = SIGHTS.iter().map(|sight| (*sight).to_owned()).collect();
    for state in STATES {
        wanted.push(format!("{state} reads {state}"));
        wanted.push(format!("{state} -> Closed by Reset"));
        for to in ["Closed", "ForcedOpen", "Disabled", "MetricsOnly"] {
            wanted.push(format!("{state} -> {to} by Forced"));
        }
        wanted.push(format!("late result in {state}"));
        for result in ["Success", "Failure"] {
            wanted.push(format!("{result} recorded in {state}"));
        }
        wanted.push(format!("clock stepped back in {state}"));
        wanted.push(format!("reconfigured in {state}"));
    }
    wanted
}
