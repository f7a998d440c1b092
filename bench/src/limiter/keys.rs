//! Limiters with a permit count per key: random keys for them, and their bytes per key.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::contender::{Caller, Contender, Guarded, batch};
use crate::limiter::limiting::shows_itself;
use crate::limiter::operation::Spec;
use crate::memory::Counter;
use crate::record::KeyMemory;
use crate::work::{Load, Seen, Work};

/// The bytes per key of a million that we promise.
pub const MOST_BYTES: f64 = 52.0;
/// The bytes per key beyond that promise.
pub const STRETCH_BYTES: f64 = 32.0;

/// The keys whose memory is measured.
const COUNTED: u64 = 1_000_000;

/// Untimed calls before each batch: between two batches of one contender the others have filled the caches.
const WARMING: u64 = 20_000;

/// A keyed limiter that an adaptor wraps around one crate's.
pub trait Keyed: Send + Sync + 'static {
    /// Asks for one permit of a key.
    fn check(&self, key: u64) -> Seen;

    /// Lets go of idle keys, where the crate leaves that to the caller.
    fn evict(&self) {}
}

/// A keyed limiter that is asked for random keys out of so many.
struct Drawing<K> {
    limiter: K,
    keys: u64,
    batches: AtomicU64,
}

/// Draws a key and asks for it.
struct Draw<'a, K> {
    limiter: &'a K,
    keys: u64,
    seed: u64,
}

impl<K: Keyed> Drawing<K> {
    fn new(limiter: K, keys: u64) -> Self {
        Self { limiter, keys, batches: AtomicU64::new(0) }
    }
}

impl<K: Keyed> Guarded for Drawing<K> {
    fn caller(&self) -> impl Caller {
        let batch = self.batches.fetch_add(1, Ordering::Relaxed);
        Draw { limiter: &self.limiter, keys: self.keys, seed: scatter(batch) }
    }
}

impl<K: Keyed> Caller for Draw<'_, K> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        self.limiter.check(drawn(self.seed.wrapping_add(work.input), self.keys))
    }
}

impl Contender {
    /// The keyed limiter built by `build`, in which each of `keys` keys has been seen, asked for random ones.
    pub fn limiting_keys<K: Keyed>(
        name: &str,
        keys: u64,
        build: impl Fn(Spec, u64) -> Option<K> + Send + Sync + 'static,
    ) -> Option<Self> {
        let limiter = build(Spec::PLENTY, keys)?;
        ask(&limiter, 0..keys);
        let guard = Arc::new(Drawing::new(limiter, keys));
        let warmed = Arc::clone(&guard);
        let proof = move || shows_itself(|| Some(Drawing::new(build(Spec::FEW, 1)?, 1)));
        Some(Self::around(name, Load::Success, guard, proof).prepared(move || {
            batch(&*warmed, Load::Success, WARMING);
        }))
    }
}

/// Asks once for each key.
fn ask(limiter: &impl Keyed, indices: Range<u64>) {
    for index in indices {
        black_box(limiter.check(key(index)));
    }
}

/// The price of drawing a key, which is in every figure of a row with keys.
pub(super) fn drawing(keys: u64) -> Contender {
    let batches = AtomicU64::new(0);
    Contender::plain("drawing a key", move |calls| {
        let seed = scatter(batches.fetch_add(1, Ordering::Relaxed));
        for input in 0..calls {
            black_box(drawn(seed.wrapping_add(input), keys));
        }
    })
}

/// A random key out of so many.
#[inline(always)]
fn drawn(seed: u64, keys: u64) -> u64 {
    key(((u128::from(scatter(seed)) * u128::from(keys)) >> 64) as u64)
}

/// The key of an index: no two have the same, and they lie far apart.
#[inline(always)]
const fn key(index: u64) -> u64 {
    index.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The finisher of splitmix64: a number that looks random, and another one for each seed.
#[inline(always)]
const fn scatter(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Measures the bytes per key of one limiter.
pub(super) fn memory<K: Keyed>(
    name: &str,
    counter: Counter,
    build: impl Fn(Spec, u64) -> Option<K>,
) -> Option<KeyMemory> {
    // The first one pays for what all limiters share.
    drop(build(Spec::PLENTY, COUNTED));
    let mut limiter = None;
    let first = counter(&mut || {
        limiter = build(Spec::PLENTY, COUNTED);
        if let Some(limiter) = &limiter {
            ask(limiter, 0..COUNTED);
        }
    });
    let limiter = limiter?;
    let others = counter(&mut || {
        limiter.evict();
        ask(&limiter, COUNTED..2 * COUNTED);
    });
    Some(KeyMemory {
        name: name.to_owned(),
        keys: COUNTED,
        per_key: first.live as f64 / COUNTED as f64,
        after_others: (first.live + others.live) as f64 / COUNTED as f64,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_differ_and_every_one_is_drawn() {
        let all: HashSet<u64> = (0..100).map(key).collect();
        let seen: HashSet<u64> = (0..10_000).map(|seed| drawn(seed, 100)).collect();
        assert_eq!(all.len(), 100);
        assert_eq!(seen, all);
    }

    #[test]
    fn two_batches_draw_different_keys() {
        let run =
            |batch: u64| (0..100).map(|input| drawn(scatter(batch).wrapping_add(input), 1 << 40)).collect();
        let (one, other): (HashSet<u64>, HashSet<u64>) = (run(1), run(2));
        assert!(one.is_disjoint(&other));
    }
}
