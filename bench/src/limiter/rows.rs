//! The rows about the limiter.

use crate::contender::Contender;
use crate::floor;
use crate::limiter::floor::{CLOCK_LOAD_CAS, clock_load_cas, pieces};
use crate::limiter::keys;
use crate::limiter::operation::{Form, Operation};
use crate::limiter::ours::{self, LEASED};
use crate::limiter::peers::{self, governor, leaky_bucket, tower_resilience};
use crate::peer;
use crate::row::{OURS, OURS_UNCOUNTED, Row, Target};

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "allowed",
        title: "Allowed",
        reference: governor::NAME,
        two_threads: false,
        targets: &[
            Target::new(OURS, governor::NAME, 1.0).with_fast_clock(),
            Target::new(OURS_UNCOUNTED, governor::NAME, 0.85).with_fast_clock(),
            Target::new(OURS_UNCOUNTED, CLOCK_LOAD_CAS, 1.1),
        ],
        contenders: || compared(clock_load_cas(), Operation::allowed(Form::Direct)),
    },
    Row {
        key: "denied",
        title: "Denied",
        reference: governor::NAME,
        two_threads: false,
        targets: &[
            Target::new(OURS_UNCOUNTED, governor::NAME, 0.85).with_fast_clock(),
            Target::new(OURS, governor::NAME, 1.3).with_fast_clock(),
        ],
        contenders: || compared(clock_load_cas(), Operation::denied(Form::Direct)),
    },
    Row {
        key: "async-allowed",
        title: "Async, allowed",
        reference: governor::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(clock_load_cas(), Operation::allowed(Form::Async)),
    },
    Row {
        key: "tower-allowed",
        title: "Tower layer, allowed",
        reference: tower_resilience::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(floor::bare_tower(), Operation::allowed(Form::Tower)),
    },
    Row {
        key: "tower-denied",
        title: "Tower layer, denied",
        reference: tower_resilience::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(floor::bare_tower(), Operation::denied(Form::Tower)),
    },
    Row {
        key: "two-threads-allowed",
        title: "Two threads on one limiter, allowed",
        reference: governor::NAME,
        two_threads: true,
        targets: &[
            Target::new(OURS, governor::NAME, 1.1).with_fast_clock(),
            Target::new(LEASED, governor::NAME, 0.15).with_fast_clock(),
        ],
        contenders: || {
            let operation = Operation::allowed(Form::Direct);
            let mut all = vec![floor::shared_fetch_add()];
            all.extend(compared(clock_load_cas(), operation));
            all.retain(|contender| contender.name != leaky_bucket::NAME);
            all.extend(leaky_bucket::fair(operation));
            all.extend(ours::alone(operation));
            all
        },
    },
    Row {
        key: "keyed-10k",
        title: "10,000 keys, allowed",
        reference: governor::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, governor::NAME, 0.75).with_fast_clock()],
        contenders: || keyed(10_000),
    },
    Row {
        key: "keyed-1m",
        title: "1,000,000 keys, allowed",
        reference: governor::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, governor::NAME, 0.5).with_fast_clock()],
        contenders: || keyed(1_000_000),
    },
    Row {
        key: "floor",
        title: "The floor",
        reference: CLOCK_LOAD_CAS,
        two_threads: false,
        targets: &[],
        contenders: pieces,
    },
];

/// The floor, ours, and every peer that has the operation.
fn compared(floor: Contender, operation: Operation) -> Vec<Contender> {
    peer::compared(floor, ours::contenders(operation), peers::ALL, operation)
}

/// The same with so many keys.
fn keyed(count: u64) -> Vec<Contender> {
    let mut all = compared(keys::drawing(count), Operation::allowed(Form::Keyed(count)));
    all.extend(governor::in_one_map(count));
    all
}
