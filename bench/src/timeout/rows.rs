//! The rows about the time limit.

use std::hint::black_box;

use crate::contender::Contender;
use crate::floor;
use crate::peer;
use crate::poll::soon;
use crate::row::{OURS, Row, Target};
use crate::timeout::operation::{Later, Operation, Task as _};
use crate::timeout::ours;
use crate::timeout::peers::{self, tokio};
use crate::work::{Load, Seen, Work, repeat};

/// The work without a limit, pending once.
const BARE_PENDING: &str = "bare future, pending once";

/// The pieces of the common floor that a time limit is made of.
const PIECES: [&str; 4] = [floor::BARE, floor::BARE_ASYNC, CLOCK, "std Instant::now"];

const CLOCK: &str = "resil MonotonicClock";

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "async-ready",
        title: "Async, ready at once",
        reference: tokio::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, tokio::NAME, 0.15)],
        contenders: || compared(floor::bare_async(), Operation::Ready),
    },
    Row {
        key: "async-pending",
        title: "Async, pending once",
        reference: tokio::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, tokio::NAME, 1.05).with_fast_clock()],
        contenders: || compared(bare_pending(), Operation::Pending),
    },
    Row {
        key: "sync",
        title: "Synchronous",
        reference: CLOCK,
        two_threads: false,
        targets: &[],
        contenders: || {
            let mut all = floor::chosen(&[floor::BARE, CLOCK]);
            all.extend(ours::contenders(Operation::Sync));
            all
        },
    },
    Row::floor(|| floor::chosen(&PIECES)),
];

/// The floor, ours, and every peer that has the operation.
fn compared(floor: Contender, operation: Operation) -> Vec<Contender> {
    peer::compared(floor, ours::contenders(operation), peers::ALL, operation)
}

fn bare_pending() -> Contender {
    Contender::plain(BARE_PENDING, |calls| {
        black_box(repeat(Load::Success, calls, |work: Work| Seen::bare(soon(Later::of(work)))));
    })
}
