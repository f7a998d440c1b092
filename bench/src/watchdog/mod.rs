//! The watchdog. Nobody else has one: it is compared with what one would write by hand.

mod ours;
pub mod rows;

use crate::memory;
use crate::pattern::{Gate, Pattern};
use crate::row::OURS;

/// A ping, with the loop around it.
const MOST_INSTRUCTIONS: f64 = 12.0;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "watchdog",
    title: "Watchdog",
    package: "resil-watchdog",
    rows: rows::ALL,
    peers: Vec::new,
    instances: |counter| memory::instances::<(), _>(counter, &[(OURS, ours::instance)], &[], &[("watchdog", ())]),
    keys: None,
    waits: false,
    stops: None,
    allocating: &[],
    gates: &[Gate { row: "ping", contender: OURS, most: MOST_INSTRUCTIONS }],
    method: "\
- By hand one would store the present `Instant` where another thread reads it: under a lock, as an `Instant` is no
  word, or as nanoseconds in an atomic. *resil* stores a word, and its monitor keeps the time.
- The monitor runs while it is measured. Nobody is silent for as long as the timeout, an hour.
",
    sizes: "",
};
