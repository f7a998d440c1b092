//! How spans grow from one time to the next: for authors of policies.

/// `base` times `factor` to the power of `steps`, and never more than `max`, in nanoseconds.
///
/// Nothing overflows. What is not exact in a float is off by one part in 2^52 for each step at most; `max` is kept exactly, and so is
/// `base` where nothing has grown yet.
///
/// ```
/// use resil_core::growth::exponential;
/// assert_eq!([0, 1, 2, 3].map(|steps| exponential(100, 3.0, steps, 1_000)), [100, 300, 900, 1_000]);
/// ```
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded to one part in 2^52; a cast to an integer saturates"
)]
pub fn exponential(base: u64, factor: f64, steps: u32, max: u64) -> u64 {
    if steps == 0 || base == 0 {
        return base.min(max);
    }
    let grown = base as f64 * factor.powi(i32::try_from(steps).unwrap_or(i32::MAX));
    // What is no number has grown out of all bounds.
    if grown < max as f64 { grown as u64 } else { max }
}

/// The part of `nanos` that `share` (0.0 to 1.0) of it is, rounded down, and never more than all of it.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded to one part in 2^52; a cast to an integer saturates"
)]
pub fn part(nanos: u64, share: f64) -> u64 {
    ((nanos as f64 * share) as u64).min(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_by_the_factor_up_to_the_maximum_and_never_overflows() {
        assert_eq!([0, 1, 2, 3, 4].map(|steps| exponential(1, 3.0, steps, 20)), [1, 3, 9, 20, 20]);
        assert_eq!(exponential(1, 1_000.0, u32::MAX, u64::MAX), u64::MAX);
        assert_eq!(exponential(u64::MAX, 1.0, 5, u64::MAX), u64::MAX);
        assert_eq!(exponential(5, f64::NAN, 1, 20), 20);
        assert_eq!(exponential(0, 1_000.0, 100, 20), 0);
        // Infinity times nothing is no number.
        assert_eq!(exponential(0, 1_000.0, u32::MAX, 20), 0);
    }

    #[test]
    fn spans_that_no_float_equals_are_kept_exactly() {
        let odd = (1 << 53) + 1;
        assert_eq!((exponential(odd, 2.0, 0, u64::MAX), exponential(odd, 2.0, 5, odd)), (odd, odd));
    }

    #[test]
    fn a_part_is_never_more_than_the_whole() {
        assert_eq!([0.0, 0.5, 1.0].map(|share| part(1_001, share)), [0, 500, 1_001]);
        for nanos in [0, 1, (1 << 53) + 1, u64::MAX - 1, u64::MAX] {
            assert!(part(nanos, 1.0) <= nanos && part(nanos, 1.0) >= nanos - nanos / (1 << 50));
        }
    }
}
