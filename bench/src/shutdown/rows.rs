//! The rows about single calls. What a stop of many tasks costs is measured by `stopping`.

use crate::contender::Contender;
use crate::floor;
use crate::peer;
use crate::row::Row;
use crate::shutdown::operation::Operation;
use crate::shutdown::ours;
use crate::shutdown::peers::{self, tokio_util};

/// How many wait where all are told.
const WAITERS: usize = 1_000;

/// The pieces of the common floor that a token and a count are made of.
const PIECES: [&str; 5] = [
    "one load",
    "one fetch_add",
    "std Mutex, lock and unlock",
    "Arc, clone and drop",
    "allocate and free 64 bytes",
];

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "look",
        title: "A look at a token",
        reference: tokio_util::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(Some("one load"), Operation::Look),
    },
    Row {
        key: "in-flight",
        title: "One in flight, counted in and out",
        reference: tokio_util::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(Some("one fetch_add"), Operation::Count),
    },
    Row {
        key: "async-wait",
        title: "A wait for a token, begun and given up",
        reference: tokio_util::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(None, Operation::Wait),
    },
    Row {
        key: "child",
        title: "A child of a token, made and dropped",
        reference: tokio_util::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(None, Operation::Child),
    },
    Row {
        key: "tell",
        title: "A token triggered, for which 1,000 wait",
        reference: tokio_util::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(None, Operation::Tell(WAITERS)),
    },
    Row {
        key: "tell-children",
        title: "A token triggered that has 1,000 children, for each of which one waits",
        reference: tokio_util::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(None, Operation::TellChildren(WAITERS)),
    },
    Row {
        key: "two-threads-in-flight",
        title: "Two threads on one count, in and out",
        reference: tokio_util::NAME,
        two_threads: true,
        targets: &[],
        contenders: || {
            let mut all = vec![floor::shared_fetch_add()];
            all.extend(compared(None, Operation::Count));
            all
        },
    },
    Row {
        key: "floor",
        title: "The floor",
        reference: "one load",
        two_threads: false,
        targets: &[],
        contenders: || floor::chosen(&PIECES),
    },
];

/// A piece of the floor, ours, and every peer that has the operation.
fn compared(piece: Option<&str>, operation: Operation) -> Vec<Contender> {
    let mut all = piece.map_or_else(Vec::new, |piece| floor::chosen(&[piece]));
    all.extend(ours::contenders(operation));
    all.extend(peer::contenders(peers::ALL, operation));
    all
}
