//! The rows about the retry.

use std::hint::black_box;

use crate::contender::Contender;
use crate::floor;
use crate::peer;
use crate::poll::ready;
use crate::retry::operation::{Form, Operation};
use crate::retry::ours;
use crate::retry::peers::{self, backon};
use crate::row::{OURS, Row, Target};
use crate::trouble::{Attempt, attempt};
use crate::work::{Load, Seen, Work, repeat};

/// What one would write without a crate: another attempt where the first one failed.
const LOOP: &str = "a loop";

/// The pieces of the common floor that a retry is made of.
const PIECES: [&str; 4] = [floor::BARE, floor::BARE_ASYNC, "one fetch_add", "resil MonotonicClock"];

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "first-try",
        title: "The first attempt succeeds",
        reference: floor::BARE,
        two_threads: false,
        targets: &[Target::new(OURS, floor::BARE, 1.5)],
        contenders: || compared(floor::bare(), Operation::first_try(Form::Sync)),
    },
    Row {
        key: "async-first-try",
        title: "Async, the first attempt succeeds",
        reference: backon::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, backon::NAME, 0.25)],
        contenders: || compared(floor::bare_async(), Operation::first_try(Form::Async)),
    },
    Row {
        key: "second-try",
        title: "The second attempt succeeds, without a delay",
        reference: backon::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(by_loop(), Operation::second_try(Form::Sync)),
    },
    Row {
        key: "async-second-try",
        title: "Async, the second attempt succeeds, without a delay",
        reference: backon::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(by_loop_async(), Operation::second_try(Form::Async)),
    },
    Row::floor(|| floor::chosen(&PIECES)),
];

/// The floor, ours, and every peer that has the operation.
fn compared(floor: Contender, operation: Operation) -> Vec<Contender> {
    peer::compared(floor, ours::contenders(operation), peers::ALL, operation)
}

fn by_loop() -> Contender {
    Contender::plain(LOOP, |calls| {
        black_box(repeat(Load::SecondTry, calls, |work: Work| {
            Seen::bare(attempt(work).or_else(|_| attempt(work)))
        }));
    })
}

fn by_loop_async() -> Contender {
    Contender::plain(LOOP, |calls| {
        black_box(repeat(Load::SecondTry, calls, |work: Work| {
            Seen::bare(ready(async move {
                match Attempt(work).await {
                    Ok(value) => Ok(value),
                    Err(_) => Attempt(work).await,
                }
            }))
        }));
    })
}
