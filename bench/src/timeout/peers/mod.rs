//! The peers of the time limit.

pub mod seatbelt;
pub mod tokio;
pub mod tower;
pub mod tower_resilience;

use crate::peer::Peer;
use crate::timeout::operation::Operation;

/// All peers, in the order of the tables.
pub const ALL: &[Peer<Operation, ()>] = &[
    Peer { name: tokio::NAME, package: "tokio", contender: tokio::contender, instance: tokio::instance },
    Peer { name: tower::NAME, package: "tower", contender: tower::contender, instance: tower::instance },
    Peer {
        name: tower_resilience::NAME,
        package: "tower-resilience-timelimiter",
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
