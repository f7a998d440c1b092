//! The whole stack, retry, limiter, breaker and time limit around one call, and what the peers make of it.

pub mod operation;
pub mod ours;
pub mod peers;
pub mod rows;
mod standing;

use crate::memory;
use crate::pattern::{Gate, Pattern};
use crate::row::OURS;

/// A call that succeeds at once, in instructions, with the loop around it and the work in it; a good part of them read the
/// operating system's clock.
const MOST_INSTRUCTIONS: f64 = 800.0;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "stack",
    title: "The whole stack",
    package: "resil-pipeline",
    rows: rows::ALL,
    peers: peers::packages,
    instances: |counter| memory::instances(counter, &[(OURS, ours::instance)], peers::ALL, &[("stack", ())]),
    keys: None,
    waits: false,
    stops: None,
    allocating: &["async-boxed"],
    gates: &[Gate { row: "async-ready", contender: OURS, most: MOST_INSTRUCTIONS }],
    method: "\
- In each, from the outside in: a retry of three attempts, a limiter that has permits for all, a breaker that stays closed, a
  limit of an hour for each attempt. All succeed at once.
- *resil* is a `Pipeline` in which calls would wait for their permit, all counters on; *resil, refusing* refuses them
  instead, as the peers' limiters do; *resil, and a deadline* has a limit around the whole call, too; *resil, in Arcs*
  holds its limiter and its breaker in an `Arc` each rather than in a static. *resil, nested* is the same calls in each
  other without a pipeline. The boxed pipeline is the only one that allocates.
- *by hand* is governor, recloser, backon and tokio's `timeout` in one async block, and the errors told apart in it;
  without the time limit where the call is synchronous, as there is none.
- *tower-resilience* is its four layers, each with a boxed future. *seatbelt* has no limiter: governor's stands in its
  place, in a layer that is written by hand. Both know futures only.
- Afterwards each is built again, three times. With ten permits it must grant ten and refuse the next; work that always
  fails must be attempted three times, and the circuit must then open; work that never ends must be cut off.
",
    sizes: "With all its parts; the total of *seatbelt* has its clock in it.",
};
