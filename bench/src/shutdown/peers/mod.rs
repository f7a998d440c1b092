//! The peers of the shutdown.

pub mod tokio_graceful_shutdown;
pub mod tokio_util;

use crate::peer::Peer;
use crate::shutdown::operation::{Kind, Operation};

/// All peers, in the order of the tables.
pub const ALL: &[Peer<Operation, Kind>] = &[
    Peer {
        name: tokio_util::NAME,
        package: "tokio-util",
        contender: tokio_util::contender,
        instance: tokio_util::instance,
    },
    // Its handles live in the tasks that it starts, and their tokens are tokio-util's.
    Peer {
        name: tokio_graceful_shutdown::NAME,
        package: "tokio-graceful-shutdown",
        contender: |_| None,
        instance: |_| None,
    },
];
