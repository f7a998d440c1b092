//! Numbers at random, for what has to be unlike others and need not be secret: for authors of policies.
//!
//! ```
//! use resil_core::dice::{self, Dice};
//!
//! let mut dice = Dice::new(42);
//! assert_eq!(dice.throw(), Dice::new(42).throw()); // the same seed, the same numbers
//! assert_eq!(dice::between(10, 20, 0), 10);
//! assert_eq!(dice::between(10, 20, u64::MAX), 20);
//! ```

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
// Not the checkers' atomics: a model knows nothing of chance.
use std::sync::atomic::{AtomicU64, Ordering};

/// By how much SplitMix64 goes on from one number to the next.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A source of numbers that depend on nothing but its seed: SplitMix64 (Steele, Lea, Flood 2014).
///
/// ```
/// use resil_core::dice::Dice;
/// let mut dice = Dice::new(0);
/// assert_eq!(dice.throw(), 0xE220_A839_7B1D_CDAF);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dice(u64);

impl Dice {
    /// The source that begins with `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn throw(&mut self) -> u64 {
        let thrown = mixed(self.0);
        self.0 = self.0.wrapping_add(STEP);
        thrown
    }
}

/// Spreads neighbouring numbers over all 64 bits: one step of SplitMix64.
pub const fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The place of `thrown` among all 64 bits, as a fraction: 0.0 or more and less than 1.0.
#[expect(clippy::cast_precision_loss, reason = "53 bits, which a float holds exactly")]
pub const fn fraction(thrown: u64) -> f64 {
    (thrown >> 11) as f64 / (1_u64 << 53) as f64
}

/// The whole number from `low` to `high`, both included, at the place that `thrown` has among all 64 bits; `low` if there is none.
pub const fn between(low: u64, high: u64, thrown: u64) -> u64 {
    let numbers = high.saturating_sub(low) as u128 + 1;
    low + ((thrown as u128 * numbers) >> 64) as u64
}

/// 64 bits that no other process has: the hash of its id under fresh keys, which std gets from the system's source of randomness.
pub fn unlike_others() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The next number of the process's own source, which every thread may ask: one atomic addition.
pub fn throw() -> u64 {
    static START: OnceLock<u64> = OnceLock::new();
    static THROWS: AtomicU64 = AtomicU64::new(0);

    let number = THROWS.fetch_add(STEP, Ordering::Relaxed);
    mixed(START.get_or_init(unlike_others).wrapping_add(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of SplitMix64 for the seeds 0 and 1234567.
    #[test]
    fn numbers_are_mixed_as_published() {
        assert_eq!([mixed(0), mixed(1_234_567)], [0xE220_A839_7B1D_CDAF, 6_457_827_717_110_365_317]);
        let mut dice = Dice::new(1_234_567);
        assert_eq!([dice.throw(), dice.throw()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn the_corners_of_the_source_are_the_corners_of_the_range() {
        for (low, high) in [(0, 0), (7, 7), (0, 1), (3, 1_000), (0, u64::MAX), (u64::MAX - 1, u64::MAX)] {
            assert_eq!((between(low, high, 0), between(low, high, u64::MAX)), (low, high));
        }
        assert_eq!(between(5, 4, u64::MAX), 5);
        assert_eq!((fraction(0), fraction(1 << 63), fraction(u64::MAX) < 1.0), (0.0, 0.5, true));
    }

    #[test]
    fn each_number_of_a_range_is_as_likely_as_any_other() {
        let mut dice = Dice::new(1);
        let mut seen = [0_u32; 10];
        (0..100_000).for_each(|_| seen[usize::try_from(between(0, 9, dice.throw())).unwrap()] += 1);
        assert!(seen.iter().all(|times| (9_600..=10_400).contains(times)), "{seen:?}");
    }

    #[test]
    fn throws_and_processes_are_unlike_each_other() {
        assert_ne!(throw(), throw());
        assert_ne!(unlike_others(), unlike_others());
    }
}
