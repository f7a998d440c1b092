use std::collections::VecDeque;

/// Memory above this many entries is given back when it is empty.
pub(super) const KEPT: usize = 1_024;

/// A row of permits, in entries that each stand at one instant.
#[derive(Debug)]
pub(super) struct Runs {
    runs: VecDeque<Run>,
    /// The permits that came before those of the first entry.
    gone: u64,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    at: u64,
    /// All permits that came, up to this entry's last: so those of any stretch are a subtraction, and any of them is found by bisection.
    end: u64,
}

impl Runs {
    pub(super) const fn new() -> Self {
        Self { runs: VecDeque::new(), gone: 0 }
    }

    /// Makes room for so many entries, if there is none at all.
    pub(super) fn make_room(&mut self, entries: usize) {
        if self.runs.capacity() == 0 {
            self.runs.reserve_exact(entries);
        }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// How many permits there are.
    pub(super) fn permits(&self) -> u64 {
        self.before(self.len())
    }

    /// How many permits the entries before `index` hold.
    pub(super) fn before(&self, index: usize) -> u64 {
        index.checked_sub(1).and_then(|last| self.runs.get(last)).map_or(0, |run| run.end - self.gone)
    }

    /// The instant of the entry at `index`.
    pub(super) fn at(&self, index: usize) -> Option<u64> {
        self.runs.get(index).map(|run| run.at)
    }

    /// The instant of the last entry.
    pub(super) fn last(&self) -> Option<u64> {
        self.runs.back().map(|run| run.at)
    }

    /// The entry of the permit that has `rank` permits up to it, itself included.
    pub(super) fn index_of(&self, rank: u64) -> Option<usize> {
        let index = self.runs.partition_point(|run| run.end - self.gone < rank);
        (rank > 0 && index < self.len()).then_some(index)
    }

    /// The last of the first `entries` that lies in one slice with `instant`, where no later one stands before an earlier one.
    pub(super) fn last_in_slice(&self, instant: u64, slice: u64, entries: usize) -> Option<u64> {
        let after =
            self.runs.partition_point(|run| run.at <= instant || in_one_slice(run.at, instant, slice));
        let last = self.at(after.min(entries).checked_sub(1)?)?;
        in_one_slice(last, instant, slice).then_some(last)
    }

    /// Adds `permits` at `instant`, which is not before that of the last entry. They share the entry of their slice.
    pub(super) fn add(&mut self, instant: u64, permits: u32, slice: u64) {
        let end = self.gone + self.permits() + u64::from(permits);
        match self.runs.back_mut().filter(|last| in_one_slice(last.at, instant, slice)) {
            Some(last) => *last = Run { at: instant, end },
            None => self.runs.push_back(Run { at: instant, end }),
        }
    }

    /// Makes an entry of its own for `permits` at `instant`, so that it has this index.
    pub(super) fn insert(&mut self, index: usize, instant: u64, permits: u32) {
        let end = self.gone + self.before(index);
        self.runs.insert(index, Run { at: instant, end });
        self.runs.range_mut(index..).for_each(|run| run.end += u64::from(permits));
    }

    /// Moves the entry at `index` to `instant`.
    pub(super) fn move_to(&mut self, index: usize, instant: u64) {
        if let Some(run) = self.runs.get_mut(index) {
            run.at = instant;
        }
    }

    /// Takes up to `permits` out of the entry in the slice of `instant`, which stays where it stands unless it is empty.
    pub(super) fn take_back(&mut self, instant: u64, permits: u32, slice: u64) {
        let index = self.runs.partition_point(|run| run.at < instant);
        if self.at(index).is_some_and(|at| in_one_slice(at, instant, slice)) {
            self.take(index, permits.into());
        }
    }

    /// Takes up to `permits` out of the entry at `index`, and the entry away if it is empty then.
    pub(super) fn take(&mut self, index: usize, permits: u64) {
        let held = self.before(index + 1) - self.before(index);
        let taken = held.min(permits);
        // The sums before it or those from it on, whichever are fewer.
        if index < self.len() / 2 {
            self.gone += taken;
            self.runs.range_mut(..index).for_each(|run| run.end += taken);
        } else {
            self.runs.range_mut(index..).for_each(|run| run.end -= taken);
        }
        if taken == held {
            self.runs.remove(index);
            if self.runs.is_empty() {
                self.runs.shrink_to(KEPT);
            }
        }
    }

    /// Drops the entries in front that stand at `instant` or earlier, and says how many they were.
    pub(super) fn forget_up_to(&mut self, instant: u64) -> usize {
        let mut entries = 0;
        while let Some(run) = self.runs.front().filter(|run| run.at <= instant) {
            self.gone = run.end;
            self.runs.pop_front();
            entries += 1;
        }
        entries
    }

    /// Drops all entries.
    pub(super) fn clear(&mut self) {
        self.gone += self.permits();
        self.runs.clear();
    }
}

/// Whether two instants lie in one of the slices into which time is cut.
const fn in_one_slice(a: u64, b: u64, slice: u64) -> bool {
    a == b || a / slice == b / slice
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// Runs in slices of 10, with permits as given.
    fn runs(permits: &[(u64, u32)]) -> Runs {
        let mut runs = Runs::new();
        for (at, permits) in permits {
            runs.add(*at, *permits, 10);
        }
        runs
    }

    fn entries(runs: &Runs) -> Vec<(u64, u64)> {
        let sizes = (1..=runs.len()).map(|index| runs.before(index) - runs.before(index - 1));
        runs.runs.iter().map(|run| run.at).zip(sizes).collect()
    }

    #[test]
    fn permits_of_one_slice_share_an_entry_at_the_last_of_them() {
        assert_eq!(
            entries(&runs(&[(10, 1), (10, 2), (19, 3), (20, 4), (35, 5)])),
            [(19, 6), (20, 4), (35, 5)]
        );
        let mut exact = Runs::new();
        for (at, permits) in [(10, 1), (10, 2), (11, 3)] {
            exact.add(at, permits, 1);
        }
        assert_eq!(entries(&exact), [(10, 3), (11, 3)]);
    }

    #[test]
    fn every_permit_is_found_by_its_rank() {
        let mut runs = runs(&[(0, 1), (15, 2), (25, 4)]);
        let found = |runs: &Runs| {
            [0, 1, 2, 3, 4, 7, 8].map(|rank| runs.index_of(rank).and_then(|index| runs.at(index)))
        };
        assert_eq!(found(&runs), [None, Some(0), Some(15), Some(15), Some(25), Some(25), None]);
        assert_eq!((runs.forget_up_to(14), runs.permits(), runs.last()), (1, 6, Some(25)));
        assert_eq!(found(&runs), [None, Some(15), Some(15), Some(25), Some(25), None, None]);
        assert_eq!((runs.forget_up_to(15), runs.forget_up_to(24), runs.permits()), (1, 0, 4));
        runs.clear();
        assert_eq!((runs.permits(), runs.last(), runs.index_of(1)), (0, None, None));
        runs.add(40, 3, 10);
        assert_eq!((entries(&runs), runs.permits()), (vec![(40, 3)], 3));
    }

    #[test]
    fn the_last_of_a_slice_is_found_among_the_first_entries() {
        let mut runs = Runs::new();
        for (index, at) in [5, 12, 12, 17, 30].into_iter().enumerate() {
            runs.insert(index, at, 1);
        }
        let last = |instant, entries| runs.last_in_slice(instant, 10, entries);
        assert_eq!(
            [last(12, 5), last(12, 4), last(12, 3), last(12, 1), last(12, 0)],
            [Some(17), Some(17), Some(12), None, None]
        );
        assert_eq!(
            [last(5, 5), last(39, 5), last(39, 4), last(20, 5), last(40, 5)],
            [Some(5), Some(30), None, None, None]
        );
        assert_eq!(
            [1, 5, 12, 30].map(|instant| runs.last_in_slice(instant, 1, 5)),
            [None, Some(5), Some(12), Some(30)]
        );
    }

    #[test]
    fn entries_are_put_in_moved_and_taken_out_wherever_they_are() {
        for index in 0..=4 {
            let mut runs = runs(&[(5, 1), (12, 2), (25, 4), (35, 8)]);
            let mut expected = entries(&runs);
            runs.insert(index, 50, 3);
            expected.insert(index, (50, 3));
            assert_eq!(entries(&runs), expected);
            runs.move_to(index, 51);
            runs.take(index, 2);
            expected[index] = (51, 1);
            assert_eq!((entries(&runs), runs.permits()), (expected.clone(), 16));
            runs.take(index, 9);
            expected.remove(index);
            assert_eq!((entries(&runs), runs.permits()), (expected, 15));
            runs.add(60, 1, 10);
            assert_eq!(
                [15, 16].map(|rank| runs.index_of(rank).and_then(|index| runs.at(index))),
                [Some(35), Some(60)]
            );
        }
    }

    #[test]
    fn permits_are_taken_back_from_their_slice_only() {
        for (at, permits, left) in [
            (0, 1, vec![(18, 4), (25, 4), (35, 8)]),
            (12, 3, vec![(5, 1), (18, 1), (25, 4), (35, 8)]),
            (18, 4, vec![(5, 1), (25, 4), (35, 8)]),
            (25, 9, vec![(5, 1), (18, 4), (35, 8)]),
            (35, 7, vec![(5, 1), (18, 4), (25, 4), (35, 1)]),
            (19, 1, vec![(5, 1), (18, 4), (25, 4), (35, 8)]),
            (40, 1, vec![(5, 1), (18, 4), (25, 4), (35, 8)]),
        ] {
            let mut runs = runs(&[(5, 1), (12, 2), (18, 2), (25, 4), (35, 8)]);
            runs.take_back(at, permits, 10);
            assert_eq!(entries(&runs), left, "at {at}");
        }
    }

    #[test]
    fn memory_of_many_entries_is_given_back_when_they_are_gone() {
        let mut runs = Runs::new();
        (0..5_000).for_each(|at| runs.add(at, 1, 1));
        (0..5_000).rev().for_each(|at| runs.take_back(at, 1, 1));
        assert_eq!(runs.len(), 0);
        assert!(runs.runs.capacity() < 2 * KEPT, "{}", runs.runs.capacity());
        let mut roomy = Runs::new();
        roomy.make_room(7);
        let room = roomy.runs.capacity();
        roomy.make_room(70);
        assert_eq!((room >= 7, roomy.runs.capacity()), (true, room));
    }
}
