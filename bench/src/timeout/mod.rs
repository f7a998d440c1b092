//! The time limit and its peers.

mod limiting;
pub mod operation;
pub mod ours;
pub mod peers;
pub mod rows;

use crate::memory;
use crate::pattern::{Gate, Pattern};
use crate::peer;
use crate::row::OURS;

/// A call that is ready at once, in instructions, with the loop around it and the work in it.
const MOST_INSTRUCTIONS: f64 = 220.0;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "timeout",
    title: "Time limit",
    package: "resil-timeout",
    rows: rows::ALL,
    peers: || peer::packages(peers::ALL),
    instances: |counter| memory::instances(counter, &[(OURS, ours::instance)], peers::ALL, &[("settings", ())]),
    keys: None,
    waits: false,
    stops: None,
    allocating: &[],
    gates: &[Gate { row: "async-ready", contender: OURS, most: MOST_INSTRUCTIONS }],
    method: "\
- The limit is an hour, and nothing ever comes near it. *tokio* makes its timer when the call is made; where the work is
  ready at once, it is never started. All timers but seatbelt's are tokio's; *seatbelt* reads its fast clock and keeps
  its timers in an ordered map behind a lock.
- Where the work is pending once, each future is polled twice, with nothing in between, and the timer is started and
  stopped.
- The limit of *resil* is also the current deadline of what is called. Under a deadline there is one around all calls
  already, which each of them heeds. Only *resil* knows synchronous calls: nothing cuts them off, they ask for the deadline.
- Afterwards each is built once more with a limit of 5 ms: work that never ends must have been cut off.
",
    sizes: "What a call is made from; with *tokio* that is only the limit itself.",
};
