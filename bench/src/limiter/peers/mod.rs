//! The peers of the limiter.

pub mod governor;
pub mod leaky_bucket;
pub mod ratelimit;
pub mod tower;
pub mod tower_resilience;

use crate::limiter::operation::{Form, Operation};
use crate::peer::Peer;

/// All peers, in the order of the tables.
pub const ALL: &[Peer<Operation, Form>] = &[
    Peer {
        name: governor::NAME,
        package: "governor",
        contender: governor::contender,
        instance: governor::instance,
    },
    Peer {
        name: leaky_bucket::NAME,
        package: "leaky-bucket",
        contender: leaky_bucket::contender,
        instance: leaky_bucket::instance,
    },
    Peer {
        name: ratelimit::NAME,
        package: "ratelimit",
        contender: ratelimit::contender,
        instance: ratelimit::instance,
    },
    Peer { name: tower::NAME, package: "tower", contender: tower::contender, instance: tower::instance },
    Peer {
        name: tower_resilience::NAME,
        package: "tower-resilience-ratelimiter",
        contender: tower_resilience::contender,
        instance: tower_resilience::instance,
    },
];
