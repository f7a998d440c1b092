//! The retry and its peers.

pub mod operation;
pub mod ours;
pub mod peers;
mod retrying;
pub mod rows;

use crate::memory;
use crate::pattern::{Gate, Pattern};
use crate::peer;
use crate::row::OURS;

/// A call that succeeds at once, in instructions, with the loop around it and the work in it.
const MOST_INSTRUCTIONS: f64 = 40.0;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "retry",
    title: "Retry",
    package: "resil-retry",
    rows: rows::ALL,
    peers: || peer::packages(peers::ALL),
    instances: |counter| memory::instances(counter, &[(OURS, ours::instance)], peers::ALL, &[("settings", ())]),
    keys: None,
    waits: false,
    stops: None,
    allocating: &[],
    gates: &[Gate { row: "first-try", contender: OURS, most: MOST_INSTRUCTIONS }],
    method: "\
- All make three attempts at most, with delays of 100 ms, doubled each time, 10 s at most, with jitter. *resil* looks for
  a current deadline at each call, as it does by default; with a budget it takes note of each call, with *max_elapsed*
  and under a deadline it reads the clock.
- *tower*, *tower-resilience* and *seatbelt* are services, *tokio-retry2* knows futures only: they have no sync row.
  *tower*'s policy is written by hand, with its own backoff in it; it clones its request and its service for each call.
- Where the first attempt fails, the delay is zero and there is no timer, where a crate can do without one: *resil*,
  *backon* and *tower* get a sleep that is over, *seatbelt* passes over a delay of zero by itself, and a thread sleeps no
  time at all. *tokio-retry2* and *tower-resilience* know nothing but tokio's timer, whose shortest sleep is a millisecond.
- Afterwards each is built once more without delays: work that always fails must have been attempted three times.
",
    sizes: "What a call is made from; the peers' are values that a call takes or clones, or services.",
};
