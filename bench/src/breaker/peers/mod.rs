//! The peers of the breaker.

pub mod breaker;
pub mod failsafe;
pub mod nobreak;
pub mod recloser;
pub mod seatbelt;
pub mod tower_resilience;

use crate::breaker::operation::{Operation, Rule};
use crate::peer::Peer;

/// All peers, in the order of the tables.
pub const ALL: &[Peer<Operation, Rule>] = &[
    Peer {
        name: recloser::NAME,
        package: "recloser",
        contender: recloser::contender,
        instance: recloser::instance,
    },
    Peer {
        name: failsafe::NAME,
        package: "failsafe",
        contender: failsafe::contender,
        instance: failsafe::instance,
    },
    Peer {
        name: nobreak::NAME,
        package: "nobreak",
        contender: nobreak::contender,
        instance: nobreak::instance,
    },
    Peer {
        name: breaker::NAME,
        package: "breaker",
        contender: breaker::contender,
        instance: breaker::instance,
    },
    Peer {
        name: seatbelt::NAME,
        package: "seatbelt",
        contender: seatbelt::contender,
        instance: seatbelt::instance,
    },
    Peer {
        name: tower_resilience::NAME,
        package: "tower-resilience-circuitbreaker",
        contender: tower_resilience::contender,
        instance: tower_resilience::instance,
    },
];
