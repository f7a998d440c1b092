//! The floor of a limiter: the clock is read, and a word is loaded and exchanged.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use resil_core::{Clock as _, MonotonicClock};

use crate::contender::Contender;
use crate::floor::{self, Padded, each};
use crate::limiter::keys;

/// Our clock is read, and a word is loaded and exchanged for one that depends on both.
pub const CLOCK_LOAD_CAS: &str = "clock, load + CAS";

/// Those pieces of the common floor that a limiter is made of.
const PIECES: [&str; 8] = [
    floor::BARE,
    "one load",
    "one fetch_add",
    "load + CAS",
    "std Instant::now",
    "quanta Clock::now",
    "resil MonotonicClock",
    "resil Counters::add",
];

/// The least that a limiter can do, with the clock that ours reads; for two threads, repeated until it succeeds.
pub fn clock_load_cas() -> Contender {
    let word = Padded(AtomicU64::new(0));
    each(CLOCK_LOAD_CAS, move || {
        let now = MonotonicClock.now().as_nanos();
        let word = &black_box(&word).0;
        let next = |seen: u64| Some(seen.max(now) + 1);
        word.fetch_update(Ordering::AcqRel, Ordering::Relaxed, next)
    })
}

/// Every piece of a limiter's floor.
pub fn pieces() -> Vec<Contender> {
    let mut all = floor::chosen(&PIECES);
    all.push(clock_load_cas());
    all.push(keys::drawing(1_000_000));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_is_missing() {
        assert_eq!(pieces().len(), PIECES.len() + 2);
    }
}
