use crate::window::Share;

/// The last N outcomes as a ring of bits, one for each call; a set bit is a bad outcome.
#[derive(Debug)]
pub(crate) struct CallWindow {
    ring: Box<[u64]>,
    size: u32,
    /// Where the next outcome goes.
    next: u32,
    held: u32,
    bad: u32,
}

impl CallWindow {
    pub(crate) fn new(size: u32) -> Self {
        Self { ring: vec![0; size.div_ceil(64) as usize].into(), size, next: 0, held: 0, bad: 0 }
    }

    /// A window of another size that holds the newest outcomes of this one.
    pub(crate) fn resized(&self, size: u32) -> Self {
        let mut resized = Self::new(size);
        let kept = self.held.min(size);
        let oldest = self.next + self.size - kept;
        for i in 0..kept {
            let at = (oldest + i) % self.size;
            resized.push(1, (self.ring[at as usize / 64] >> (at % 64) & 1) as u32);
        }
        resized
    }

    /// Records `count` outcomes (at most 32), the oldest in the highest of the lowest `count` bits. They push out as many of the oldest.
    pub(crate) fn push(&mut self, count: u32, bits: u32) {
        let mut left = count;
        while left > 0 {
            // As many as fit into the word and before the ring's end.
            let (word, shift) = (self.next as usize / 64, self.next % 64);
            let run = left.min(64 - shift).min(self.size - self.next);
            let mask = u64::MAX >> (64 - run);
            // In the ring the oldest has the lowest bit.
            let incoming = (u64::from(bits >> (left - run)) & mask).reverse_bits() >> (64 - run);
            let outgoing = self.ring[word] >> shift & mask;
            self.ring[word] ^= (incoming ^ outgoing) << shift;
            self.bad = self.bad + incoming.count_ones() - outgoing.count_ones();
            self.next = (self.next + run) % self.size;
            self.held = (self.held + run).min(self.size);
            left -= run;
        }
    }

    pub(crate) fn share(&self) -> Share {
        Share { calls: self.held.into(), bad: self.bad.into() }
    }

    pub(crate) fn clear(&mut self) {
        self.ring.fill(0);
        (self.next, self.held, self.bad) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn it_holds_exactly_the_last_outcomes(
            size in 1_u32..300,
            resized in 1_u32..300,
            batches in prop::collection::vec((1_u32..=32, any::<u32>()), 0..60),
        ) {
            let mut window = CallWindow::new(size);
            let mut naive = VecDeque::new();
            for (count, bits) in batches {
                window.push(count, bits);
                for i in (0..count).rev() {
                    naive.push_back(bits >> i & 1);
                    if naive.len() > size as usize {
                        naive.pop_front();
                    }
                }
                let bad = u64::from(naive.iter().sum::<u32>());
                prop_assert_eq!(window.share(), Share { calls: naive.len() as u64, bad });
            }
            let newest = naive.iter().rev().take(resized as usize);
            let expected = Share { calls: newest.len() as u64, bad: newest.map(|bit| u64::from(*bit)).sum() };
            prop_assert_eq!(window.resized(resized).share(), expected);
        }
    }

    #[test]
    fn any_number_of_old_successes_is_forgotten_within_one_window() {
        let mut window = CallWindow::new(100);
        (0..1_000_000 / 32).for_each(|_| window.push(32, 0));
        (0..100).for_each(|_| window.push(1, 1));
        assert_eq!(window.share(), Share { calls: 100, bad: 100 });
    }
}
