//! The peers: one adaptor file each, all with the same two functions.

pub mod breaker;
pub mod failsafe;
pub mod nobreak;
pub mod recloser;
pub mod seatbelt;
pub mod tower_resilience;

use crate::contender::{Contender, Instance};
use crate::operation::{Operation, Rule};

/// One peer crate.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its name in the tables.
    pub name: &'static str,
    /// The package in the lock file, where its version stands.
    pub package: &'static str,
    /// The peer at an operation; `None` when the crate has no such thing.
    pub contender: fn(Operation) -> Option<Contender>,
    /// One breaker of the peer; `None` when the crate lacks the rule.
    pub instance: fn(Rule) -> Option<Instance>,
}

/// All peers, in the order of the tables.
pub const ALL: &[Peer] = &[
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

/// Every peer that has the operation.
pub fn contenders(operation: Operation) -> Vec<Contender> {
    ALL.iter().filter_map(|peer| (peer.contender)(operation)).collect()
}
