//! The peers of the whole stack.

pub mod by_hand;
pub mod seatbelt;
pub mod tower_resilience;

use crate::peer::{self, Peer};
use crate::stack::operation::Operation;

/// All peers, in the order of the tables. Each has more packages than the one that stands here.
pub const ALL: &[Peer<Operation, ()>] = &[
    Peer {
        name: by_hand::NAME,
        package: "governor",
        contender: by_hand::contender,
        instance: by_hand::instance,
    },
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

/// The name of each peer in the tables and its packages in the lock file.
pub fn packages() -> Vec<(&'static str, &'static str)> {
    let others = [
        (by_hand::NAME, "recloser"),
        (by_hand::NAME, "backon"),
        (by_hand::NAME, "tokio"),
        (tower_resilience::NAME, "tower-resilience-ratelimiter"),
        (tower_resilience::NAME, "tower-resilience-circuitbreaker"),
        (tower_resilience::NAME, "tower-resilience-timelimiter"),
    ];
    peer::packages(ALL).into_iter().chain(others).collect()
}
