use resil_core::Moment;

use crate::window::Share;

/// The outcomes of the last so many slices of time, counted slice by slice in a ring.
///
/// Recording and judging cost the same however many calls the window holds.
#[derive(Debug)]
pub(crate) struct TimeWindow {
    ring: Box<[Share]>,
    /// Nanoseconds per slice.
    width: u64,
    /// The number of the newest slice that holds outcomes: nanoseconds of the clock / width. `None` while all are empty.
    newest: Option<u64>,
    sum: Share,
}

impl TimeWindow {
    pub(crate) fn new(span_nanos: u64, slices: u32) -> Self {
        Self {
            ring: vec![Share::default(); slices as usize].into(),
            width: span_nanos.div_ceil(slices.into()).max(1),
            newest: None,
            sum: Share::default(),
        }
    }

    /// A window of other slices; what it can hold of this one's outcomes counts from the start of its old slice.
    pub(crate) fn resliced(&self, span_nanos: u64, slices: u32) -> Self {
        let mut resliced = Self::new(span_nanos, slices);
        for (number, slice) in self.slices() {
            if slice.calls > 0 {
                resliced.advance(Moment::from_nanos(number.saturating_mul(self.width)));
                resliced.add(slice.calls, slice.bad);
            }
        }
        resliced
    }

    /// Makes the slice of `now` the newest; an earlier `now` than the newest slice changes nothing.
    pub(crate) fn advance(&mut self, now: Moment) {
        let number = now.as_nanos() / self.width;
        let Some(newest) = self.newest else {
            self.newest = Some(number);
            return;
        };
        let Some(steps) = number.checked_sub(newest).filter(|steps| *steps > 0) else { return };
        if steps >= self.ring.len() as u64 {
            self.clear();
        } else {
            for passed in newest + 1..=number {
                let place = self.place(passed);
                let expired = std::mem::take(&mut self.ring[place]);
                self.sum.calls -= expired.calls;
                self.sum.bad -= expired.bad;
            }
        }
        self.newest = Some(number);
    }

    /// Adds outcomes to the newest slice.
    pub(crate) fn add(&mut self, calls: u64, bad: u64) {
        let place = self.place(self.newest.unwrap_or(0));
        for share in [&mut self.ring[place], &mut self.sum] {
            share.calls += calls;
            share.bad += bad;
        }
    }

    pub(crate) fn share(&self) -> Share {
        self.sum
    }

    pub(crate) fn share_at(&self, now: Moment) -> Share {
        let last = (now.as_nanos() / self.width).max(self.newest.unwrap_or(0));
        let first = last.saturating_add(1).saturating_sub(self.ring.len() as u64);
        self.slices().filter(|(number, _)| *number >= first).fold(Share::default(), |sum, (_, slice)| Share {
            calls: sum.calls + slice.calls,
            bad: sum.bad + slice.bad,
        })
    }

    /// The end of the newest slice; the clock's origin while all are empty.
    pub(crate) fn slice_end(&self) -> Moment {
        match self.newest {
            Some(newest) => Moment::from_nanos(newest.saturating_add(1).saturating_mul(self.width)),
            None => Moment::ZERO,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ring.fill(Share::default());
        self.newest = None;
        self.sum = Share::default();
    }

    /// The slices with their numbers, oldest first.
    fn slices(&self) -> impl Iterator<Item = (u64, Share)> {
        let numbers = self.newest.map(|newest| newest.saturating_sub(self.ring.len() as u64 - 1)..=newest);
        numbers.into_iter().flatten().map(|number| (number, self.ring[self.place(number)]))
    }

    fn place(&self, number: u64) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "less than the ring's length")]
        let place = (number % self.ring.len() as u64) as usize;
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_exactly_the_outcomes_of_its_slices(
            slices in 1_u32..20,
            width in 1_u64..50,
            steps in prop::collection::vec((0_u64..200, -50_i64..80, any::<bool>()), 0..80),
        ) {
            let mut window = TimeWindow::new(width * u64::from(slices), slices);
            let mut now = 1_000_u64;
            let mut naive: Vec<(u64, bool)> = Vec::new();
            for (ahead, step, bad) in steps {
                now = now.saturating_add_signed(step);
                let number = (now / width).max(naive.iter().map(|(number, _)| *number).max().unwrap_or(0));
                naive.push((number, bad));
                window.advance(Moment::from_nanos(now));
                window.add(1, bad.into());
                for at in [now, now + ahead] {
                    let last = (at / width).max(number);
                    let held = || naive.iter().filter(|(number, _)| number + u64::from(slices) > last);
                    let expected = Share { calls: held().count() as u64, bad: held().filter(|(_, bad)| *bad).count() as u64 };
                    prop_assert_eq!(window.share_at(Moment::from_nanos(at)), expected);
                }
                prop_assert_eq!(window.share(), window.share_at(Moment::ZERO));
            }
        }
    }

    #[test]
    fn a_span_that_does_not_divide_is_rounded_up() {
        let mut window = TimeWindow::new(10, 3);
        window.advance(Moment::from_nanos(0));
        window.add(1, 1);
        assert_eq!(window.share_at(Moment::from_nanos(11)).calls, 1);
        assert_eq!(window.share_at(Moment::from_nanos(12)).calls, 0);
    }

    #[test]
    fn the_end_of_time_overflows_nothing() {
        let mut window = TimeWindow::new(u64::MAX / 4, 1);
        window.advance(Moment::MAX);
        window.add(1, 0);
        assert_eq!(window.slice_end(), Moment::MAX);
        assert_eq!(window.share_at(Moment::MAX).calls, 1);
    }
}
