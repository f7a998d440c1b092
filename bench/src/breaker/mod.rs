//! The circuit breaker and its peers.

mod guarding;
pub mod operation;
pub mod ours;
pub mod peers;
pub mod rows;

use crate::breaker::operation::{COUNT_WINDOW, Rule, TIME_WINDOW};
use crate::memory;
use crate::pattern::{Gate, Pattern};
use crate::peer;
use crate::row::OURS;

/// Admission and settlement of a successful call, in instructions.
const MOST_INSTRUCTIONS: f64 = 80.0;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "breaker",
    title: "Circuit breaker",
    package: "resil-breaker",
    rows: rows::ALL,
    peers: || peer::packages(peers::ALL),
    instances: |counter| {
        let kinds = [
            ("consecutive", Rule::Consecutive),
            ("100 calls", Rule::Count(COUNT_WINDOW)),
            ("one second", Rule::Time(TIME_WINDOW)),
        ];
        memory::instances(counter, &[(OURS, ours::instance)], peers::ALL, &kinds)
    },
    keys: None,
    waits: false,
    stops: None,
    allocating: &[],
    gates: &[
        Gate { row: "closed-consecutive", contender: ours::BY_HAND, most: MOST_INSTRUCTIONS },
        Gate { row: "closed-consecutive", contender: OURS, most: MOST_INSTRUCTIONS },
    ],
    method: "\
- All contenders guard the same work: hand a number through a call whose input and outcome the compiler cannot see.
- *breaker* and *seatbelt* have no sync call and *tower-resilience* is a tower service only: in a sync row their
  future is polled on the spot. *recloser* has no consecutive rule: it gets a ring of five that must be all failures.
- *seatbelt* reads its fast clock. *tower-resilience* visits every call of a time window at each call: outside the scale row
  its window is emptied every 1,000 calls. Its count window starts over only when the state changes.
- Seatbelt's half-open state admits by chance or ends at the first success, as failsafe's does: neither can be measured.
",
    sizes: "Seatbelt's total has its clock in it, which breakers may share.",
};
