//! The rate limiter and its peers.

mod floor;
pub mod keys;
mod limiting;
pub mod operation;
pub mod ours;
pub mod peers;
pub mod rows;
pub mod waiting;

use crate::limiter::operation::Form;
use crate::limiter::ours::LEASED;
use crate::limiter::peers::governor;
use crate::memory;
use crate::pattern::{Gate, Pattern};
use crate::peer;
use crate::row::{OURS, OURS_UNCOUNTED};

/// A permit that is there, in instructions; a third of them read the operating system's clock.
const MOST_INSTRUCTIONS: f64 = 180.0;

/// The pattern.
pub const PATTERN: Pattern = Pattern {
    name: "limiter",
    title: "Rate limiter",
    package: "resil-ratelimit",
    rows: rows::ALL,
    peers: || peer::packages(peers::ALL),
    instances: |counter| {
        let kinds = [("functions", Form::Direct), ("tower service", Form::Tower)];
        let ours: [(_, fn(_) -> _); 2] = [(OURS, ours::instance), (LEASED, ours::leased_instance)];
        memory::instances(counter, &ours, peers::ALL, &kinds)
    },
    keys: Some(|counter| ours::memory(counter).into_iter().chain(governor::memory(counter)).collect()),
    waits: true,
    stops: None,
    allocating: &[],
    gates: &[
        Gate { row: "allowed", contender: OURS, most: MOST_INSTRUCTIONS },
        Gate { row: "allowed", contender: OURS_UNCOUNTED, most: MOST_INSTRUCTIONS },
    ],
    method: "\
- Where calls are allowed, every limiter has one permit per nanosecond and a burst of a second's; where they are
  denied, one permit per hour, and that one is taken. The answer is looked at, with what comes along in it.
- *governor* counts nothing, so that *resil, counters off* does what it does; *resil* counts, as it does by default.
  governor's clock is quanta's; *ratelimit*'s and *tower*'s are std's.
- On one thread *leaky-bucket* is told to be unfair, which is faster: it then reads the clock only when its balance is used
  up, which it never is where calls are allowed. On two threads it would refuse in spite of its balance, so there, and
  where tasks wait, it is fair. *ratelimit* refills at most once per microsecond.
- *tower*'s `RateLimit` belongs to one owner: it is not to be ready, rather than to refuse. It and *tower-resilience* know
  fixed windows, and get windows that hold a whole burst.
- Keys are `u64`, drawn at random; each of them has been seen before, and each batch comes after 20,000 untimed calls that
  warm the caches up. Drawing a key is part of the figures; the floor tells its price.
- With *async*, the future of a wait that need not wait is polled once.
",
    sizes: "",
};
