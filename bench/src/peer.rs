//! The peers: one adaptor file each, all with the same two functions.

use crate::contender::{Contender, Instance};

/// One peer crate, at the operations of a pattern and in the kinds of which it is made.
#[derive(Debug, Clone, Copy)]
pub struct Peer<Operation: 'static, Kind: 'static> {
    /// Its name in the tables.
    pub name: &'static str,
    /// The package in the lock file, where its version stands.
    pub package: &'static str,
    /// The peer at an operation; `None` when the crate has no such thing.
    pub contender: fn(Operation) -> Option<Contender>,
    /// One instance of the peer; `None` when the crate lacks the kind.
    pub instance: fn(Kind) -> Option<Instance>,
}

/// Every peer that has the operation.
pub fn contenders<Operation: Copy, Kind>(
    peers: &[Peer<Operation, Kind>],
    operation: Operation,
) -> Vec<Contender> {
    peers.iter().filter_map(|peer| (peer.contender)(operation)).collect()
}

/// The floor, ours, and every peer that has the operation.
pub fn compared<Operation: Copy, Kind>(
    floor: Contender,
    ours: Vec<Contender>,
    peers: &[Peer<Operation, Kind>],
    operation: Operation,
) -> Vec<Contender> {
    let mut all = vec![floor];
    all.extend(ours);
    all.extend(contenders(peers, operation));
    all
}

/// The name of each peer in the tables and its package in the lock file.
pub fn packages<Operation, Kind>(peers: &[Peer<Operation, Kind>]) -> Vec<(&'static str, &'static str)> {
    peers.iter().map(|peer| (peer.name, peer.package)).collect()
}
