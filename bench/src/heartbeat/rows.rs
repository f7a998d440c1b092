//! The rows.

use crate::floor;
use crate::heartbeat::{by_hand, ours};
use crate::row::Row;

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "beat",
        title: "A beat",
        reference: by_hand::RENAMED,
        two_threads: false,
        targets: &[],
        contenders: || by_hand::beats().into_iter().chain(ours::beats()).collect(),
    },
    Row {
        key: "read",
        title: "A look at the file",
        reference: by_hand::READ,
        two_threads: false,
        targets: &[],
        contenders: || vec![by_hand::look(), ours::look()],
    },
    Row {
        key: "progress",
        title: "A step of a worker",
        reference: "one fetch_add",
        two_threads: false,
        targets: &[],
        contenders: || {
            let mut all = floor::chosen(&["one store", "one fetch_add"]);
            all.push(ours::advance());
            all
        },
    },
];
