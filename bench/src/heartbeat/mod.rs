//! The heartbeat. Nobody else has one: it is compared with what one would write by hand.

mod by_hand;
mod ours;
mod place;
pub mod rows;

use crate::memory;
use crate::pattern::Pattern;
use crate::row::OURS;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "heartbeat",
    title: "Heartbeat",
    package: "resil-heartbeat",
    rows: rows::ALL,
    peers: Vec::new,
    instances: |counter| memory::instances::<(), _>(counter, &[(OURS, ours::instance)], &[], &[("heartbeat", ())]),
    keys: None,
    waits: false,
    stops: None,
    allocating: &["beat", "read"],
    gates: &[],
    method: "\
- A beat is `beat_now`: what the beating thread does, without the wait. By hand one would write the file in place, where a
  reader finds it torn, or write another and rename it over the first; both write the four keys of kstlib, *resil* twelve.
- A look at the file opens, reads and judges it. By hand: reads it whole and parses it.
- The files are in the system's folder for such; what a rename and an fsync cost is the file system's.
",
    sizes: "",
};
