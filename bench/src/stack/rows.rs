//! The rows about the whole stack.

use crate::contender::Contender;
use crate::floor;
use crate::peer;
use crate::row::{OURS, Row, Target};
use crate::stack::operation::Operation;
use crate::stack::ours;
use crate::stack::peers::{self, by_hand, tower_resilience};

/// The pieces of the common floor that a stack is made of.
const PIECES: [&str; 6] = [
    floor::BARE,
    floor::BARE_ASYNC,
    "one fetch_add",
    "load + CAS",
    "resil MonotonicClock",
    "std Instant::now",
];

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "ready",
        title: "Synchronous, success",
        reference: by_hand::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(floor::bare(), Operation::Sync),
    },
    Row {
        key: "async-ready",
        title: "Async, success at once",
        reference: by_hand::NAME,
        two_threads: false,
        targets: &[
            Target::new(OURS, by_hand::NAME, 0.55).with_fast_clock(),
            Target::new(OURS, tower_resilience::NAME, 0.08).with_fast_clock(),
        ],
        contenders: || compared(floor::bare_async(), Operation::Async),
    },
    Row {
        key: "async-boxed",
        title: "Async, success at once, the types hidden",
        reference: tower_resilience::NAME,
        two_threads: false,
        targets: &[],
        contenders: || {
            let mut all = ours::beside_boxed(Operation::Async);
            all.extend(tower_resilience::contender(Operation::Async));
            all
        },
    },
    Row::floor(|| floor::chosen(&PIECES)),
];

/// The floor, ours, and every peer that has the operation.
fn compared(floor: Contender, operation: Operation) -> Vec<Contender> {
    peer::compared(floor, ours::contenders(operation), peers::ALL, operation)
}
