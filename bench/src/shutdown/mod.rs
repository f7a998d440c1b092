//! The shutdown and its peers.

pub mod operation;
pub mod ours;
pub mod peers;
pub mod rows;
pub mod stopping;
mod telling;

use crate::memory;
use crate::pattern::{Gate, Pattern};
use crate::peer;
use crate::row::OURS;
use crate::shutdown::operation::Kind;

/// A look at a token, with the loop around it and the check of what was seen.
const MOST_INSTRUCTIONS: f64 = 16.0;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "shutdown",
    title: "Shutdown",
    package: "resil-shutdown",
    rows: rows::ALL,
    peers: || peer::packages(peers::ALL),
    instances: |counter| {
        let kinds = [("token", Kind::Token), ("what waits for all", Kind::Waiter)];
        memory::instances(counter, &[(OURS, ours::instance)], peers::ALL, &kinds)
    },
    keys: None,
    waits: false,
    stops: Some(stopping::allocations),
    allocating: &["child", "tell-children"],
    gates: &[Gate { row: "look", contender: OURS, most: MOST_INSTRUCTIONS }],
    method: "\
- *tokio-util* is its `CancellationToken` and its `TaskTracker`; what else belongs to a stop is left out or done by
  hand. The tokens of *tokio-graceful-shutdown* are tokio-util's.
- A look, a wait and a child are of a token that is not triggered. A wait that is begun and given up is what each
  round of a loop around `select!` makes. Where 1,000 wait, the waits and their wakers, which count, are made before
  and dropped after the time is taken.
- 1,000 tasks are stopped at once: *resil* gives each a child token and counts it as in flight; the end waits for
  them, runs one callback, and makes its report. With *one token* they share the handle's. The peers: a subsystem
  each, waited for by `handle_shutdown_requests`; a child token and a tracked task each.
- 1,000 tasks are stopped in order: each has ended before the next is told. *resil*: for each an async callback with
  a priority of its own that triggers the task's token and awaits the task; with *one callback* a task of the runtime
  goes through them, and the callback awaits that. *tokio-graceful-shutdown*: detached subsystems, told and joined by
  their parent, as its own example does it. *tokio-util*: a loop that cancels and joins. Only *resil, in order* has a
  limit of time and an entry in a report for each.
- Names are made before; each contender has its own runtime in each round, and the stop is asked for in a task.
",
    sizes: "",
};
