//! The peers of the retry.

pub mod backon;
pub mod seatbelt;
pub mod tokio_retry2;
pub mod tower;
pub mod tower_resilience;

use crate::peer::Peer;
use crate::retry::operation::Operation;

/// All peers, in the order of the tables.
pub const ALL: &[Peer<Operation, ()>] = &[
    Peer { name: backon::NAME, package: "backon", contender: backon::contender, instance: backon::instance },
    Peer {
        name: tokio_retry2::NAME,
        package: "tokio-retry2",
        contender: tokio_retry2::contender,
        instance: tokio_retry2::instance,
    },
    Peer { name: tower::NAME, package: "tower", contender: tower::contender, instance: tower::instance },
    Peer {
        name: tower_resilience::NAME,
        package: "tower-resilience-retry",
        contender: tower_resilience::contender,
        instance: tower_resilience::instance,
    },
    Peer {
        name: seatbelt::NAME,
        package: "seatbelt",
        contender: seatbelt::contender,
        instance: seatbelt::instance,
    },
];
