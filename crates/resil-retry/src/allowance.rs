//! The arithmetic of a retry budget: pure.

use resil_core::{Moment, seeded_bug};

/// A token, in the parts in which deposits are counted: a call that deposits `share` percent of a token deposits `share` parts.
pub(crate) const TOKEN: u64 = 100;

const SECOND: u64 = 1_000_000_000;

/// The parts that are banked, of so many deposits of `share` parts each and of all that was taken: never more than `cap` tokens.
///
/// What is taken goes below zero when tokens of the floor come back; and whoever sees an old count of deposits beside it may find that
/// more is taken than is there.
pub(crate) fn banked(share: u8, cap: u32, deposits: u64, taken: u64) -> u64 {
    let banked = deposits.wrapping_mul(u64::from(share)).wrapping_sub(taken).cast_signed();
    let most = u64::from(cap) * TOKEN;
    if banked <= 0 && !seeded_bug!("old_deposits_believed") {
        0
    } else if banked.cast_unsigned() < most {
        banked.cast_unsigned()
    } else {
        most
    }
}

/// What is taken of the deposits once a token of the banked ones is withdrawn and those above the cap are forgotten; `None` if no whole
/// token is banked.
pub(crate) fn withdrawn(share: u8, cap: u32, deposits: u64, taken: u64) -> Option<u64> {
    let left = banked(share, cap, deposits, taken).checked_sub(TOKEN)?;
    Some(deposits.wrapping_mul(u64::from(share)).wrapping_sub(left))
}

/// The instant at which the floor is full again once a token of it is withdrawn; `None` if it has none.
///
/// So many tokens at once, and so many per second after: GCRA (ITU-T I.371), as a limiter does it.
pub(crate) fn from_floor(per_second: u32, full_at: Moment, now: Moment) -> Option<Moment> {
    let tokens = u64::from(per_second);
    // Rounded up, so that there are never more than so many per second.
    let interval = if tokens == 0 { return None } else { SECOND.div_ceil(tokens) };
    let full_at = full_at.max(now).as_nanos().checked_add(interval)?;
    (full_at.saturating_sub(now.as_nanos()) <= interval * tokens).then_some(Moment::from_nanos(full_at))
}

#[cfg(test)]
mod tests;
