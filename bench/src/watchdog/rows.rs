//! The rows.

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::contender::Contender;
use crate::floor::{self, Padded, each};
use crate::row::{OURS, Row, Target};
use crate::watchdog::ours;

/// What a ping cannot be cheaper than.
pub const RELAXED_STORE: &str = "one relaxed store";

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "ping",
        title: "A ping",
        reference: RELAXED_STORE,
        two_threads: false,
        targets: &[Target::new(OURS, RELAXED_STORE, 1.5), Target::new(ours::A_PINGER, RELAXED_STORE, 1.5)],
        contenders: || by_hand().into_iter().chain(ours::pings()).collect(),
    },
    Row {
        key: "two-threads-ping",
        title: "Two threads, each with a ping",
        reference: floor::SHARED_FETCH_ADD,
        two_threads: true,
        targets: &[],
        contenders: || std::iter::once(floor::shared_fetch_add()).chain(ours::pings_of_two()).collect(),
    },
    Row {
        key: "check",
        title: "A look at whether all are well",
        reference: "std Instant::now",
        two_threads: false,
        targets: &[],
        contenders: || {
            let mut all = floor::chosen(&["std Instant::now"]);
            all.push(ours::check());
            all
        },
    },
];

/// What one would write by hand, and what that is made of.
fn by_hand() -> Vec<Contender> {
    let (word, nanos) = (Padded(AtomicU64::new(0)), Padded(AtomicU64::new(0)));
    let (origin, held) = (Instant::now(), Mutex::new(Instant::now()));
    vec![
        each(RELAXED_STORE, move || black_box(&word.0).store(1, Ordering::Relaxed)),
        each("an Instant in an atomic", move || {
            let since = Instant::now().duration_since(origin).as_nanos() as u64;
            black_box(&nanos.0).store(since, Ordering::Relaxed);
        }),
        each("an Instant in a Mutex", move || held.lock().map(|mut held| *held = Instant::now()).is_ok()),
    ]
}
