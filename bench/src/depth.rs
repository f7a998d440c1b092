//! The place of a batch on the stack.
//!
//! Where the stack begins is chance, once for each process, and whether what a call writes there lies across two cache lines
//! can double its price. So the rounds take turns at the places that there are in a line.

use std::hint::black_box;

/// Runs `work` at the place of that round.
#[inline]
pub fn at<T>(round: usize, work: impl FnOnce() -> T) -> T {
    // A stack moves by 16 bytes, and a line has 64.
    match round % 4 {
        0 => below::<16, _>(work),
        1 => below::<32, _>(work),
        2 => below::<48, _>(work),
        _ => below::<64, _>(work),
    }
}

#[inline(never)]
fn below<const BYTES: usize, T>(work: impl FnOnce() -> T) -> T {
    let mut padding = [0_u8; BYTES];
    black_box(&mut padding);
    let result = work();
    black_box(&mut padding);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn place() -> usize {
        let here = [0_u8; 16];
        black_box(&raw const here).addr() % 64
    }

    #[test]
    fn the_rounds_take_turns_at_all_places_of_a_line() {
        let mut places: Vec<_> = (0..4).map(|round| at(round, place)).collect();
        assert_eq!(at(4, place), places[0]);
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 4, "{places:?}");
    }
}
