use std::collections::VecDeque;

/// Memory above this many entries is given back when it is empty.
const KEPT: usize = 1_024;

/// Permits by the instant at which they count, oldest first: one entry for all permits of one slice of time.
///
/// An entry stands at the latest of its permits' instants. With slices of 1 ns that is the instant of each of them.
#[derive(Debug)]
pub(super) struct Runs {
    runs: VecDeque<Run>,
    /// The permits that came before those of the first entry, ever.
    gone: u64,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    at: u64,
    /// All permits that ever came, up to this entry's last: so the permits of any stretch are a subtraction, and are found by bisection.
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

    /// How many permits there are.
    pub(super) fn permits(&self) -> u64 {
        self.before(self.runs.len())
    }

    /// How many permits count at `instant` or earlier.
    pub(super) fn up_to(&self, instant: u64) -> u64 {
        self.before(self.runs.partition_point(|run| run.at <= instant))
    }

    /// The instant of the last entry.
    pub(super) fn last(&self) -> Option<u64> {
        self.runs.back().map(|run| run.at)
    }

    /// The instant of the first entry for which `is_far_enough` holds; it holds for all entries after one for which it does.
    pub(super) fn first_where(&self, is_far_enough: impl Fn(u64) -> bool) -> Option<u64> {
        let index = self.runs.partition_point(|run| !is_far_enough(run.at));
        self.runs.get(index).map(|run| run.at)
    }

    /// Adds `permits` at `instant`, which is not before the last entry.
    pub(super) fn push(&mut self, instant: u64, permits: u32, slice: u64) {
        let end = self.gone + self.permits() + u64::from(permits);
        match self.runs.back_mut().filter(|last| in_one_slice(last.at, instant, slice)) {
            Some(last) => *last = Run { at: instant, end },
            None => self.runs.push_back(Run { at: instant, end }),
        }
    }

    /// Takes away up to `permits` of those in the slice of `instant`. Their entry stays where it stands unless it is empty.
    pub(super) fn remove(&mut self, instant: u64, permits: u32, slice: u64) -> u64 {
        let index = self.runs.partition_point(|run| run.at < instant);
        let Some(run) = self.runs.get(index).filter(|run| in_one_slice(run.at, instant, slice)) else {
            return 0;
        };
        let held = run.end - self.gone - self.before(index);
        let removed = held.min(permits.into());
        if index == 0 {
            self.gone += removed;
        } else {
            self.runs.range_mut(index..).for_each(|run| run.end -= removed);
        }
        if removed == held {
            self.runs.remove(index);
            if self.runs.is_empty() {
                self.runs.shrink_to(KEPT);
            }
        }
        removed
    }

    /// Drops all entries at `instant` or earlier.
    pub(super) fn forget_up_to(&mut self, instant: u64) {
        while let Some(run) = self.runs.front().filter(|run| run.at <= instant) {
            self.gone = run.end;
            self.runs.pop_front();
        }
    }

    /// Drops all entries.
    pub(super) fn clear(&mut self) {
        self.gone += self.permits();
        self.runs.clear();
    }

    /// How many permits the entries before `index` hold.
    fn before(&self, index: usize) -> u64 {
        index.checked_sub(1).and_then(|last| self.runs.get(last)).map_or(0, |run| run.end - self.gone)
    }
}

/// Whether two instants lie in one of the slices into which time is cut.
pub(super) const fn in_one_slice(a: u64, b: u64, slice: u64) -> bool {
    a == b || a / slice == b / slice
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// Runs in slices of 10, with permits as given.
    fn runs(permits: &[(u64, u32)]) -> Runs {
        let mut runs = Runs::new();
        permits.iter().for_each(|(at, permits)| runs.push(*at, *permits, 10));
        runs
    }

    fn entries(runs: &Runs) -> Vec<(u64, u64)> {
        let sizes = (0..runs.runs.len()).map(|i| runs.before(i + 1) - runs.before(i));
        runs.runs.iter().map(|run| run.at).zip(sizes).collect()
    }

    #[test]
    fn permits_of_one_slice_share_an_entry_at_the_last_of_them() {
        assert_eq!(entries(&runs(&[(10, 1), (10, 2), (19, 3), (20, 4), (35, 5)])), [(19, 6), (20, 4), (35, 5)]);
        let mut exact = Runs::new();
        [(10, 1), (10, 2), (11, 3)].iter().for_each(|(at, permits)| exact.push(*at, *permits, 1));
        assert_eq!(entries(&exact), [(10, 3), (11, 3)]);
    }

    #[test]
    fn permits_are_counted_up_to_any_instant() {
        let mut runs = runs(&[(0, 1), (15, 2), (25, 4), (35, 8)]);
        let counts = |runs: &Runs| [0, 14, 15, 16, 25, 35, 99].map(|at| runs.up_to(at));
        assert_eq!((counts(&runs), runs.permits()), ([1, 1, 3, 3, 7, 15, 15], 15));
        runs.forget_up_to(15);
        assert_eq!((counts(&runs), runs.permits()), ([0, 0, 0, 0, 4, 12, 12], 12));
        assert_eq!((runs.last(), runs.first_where(|at| at > 25)), (Some(35), Some(35)));
        runs.clear();
        assert_eq!((runs.permits(), runs.last(), runs.first_where(|_| true)), (0, None, None));
        runs.push(40, 3, 10);
        assert_eq!((entries(&runs), runs.permits()), (vec![(40, 3)], 3));
    }

    #[test]
    fn permits_are_taken_away_wherever_they_are() {
        let fresh = || runs(&[(5, 1), (12, 2), (18, 2), (25, 4), (35, 8)]);
        for (at, permits, removed, left) in [
            (0, 1, 1, vec![(18, 4), (25, 4), (35, 8)]),
            (12, 3, 3, vec![(5, 1), (18, 1), (25, 4), (35, 8)]),
            (18, 4, 4, vec![(5, 1), (25, 4), (35, 8)]),
            (25, 9, 4, vec![(5, 1), (18, 4), (35, 8)]),
            (35, 7, 7, vec![(5, 1), (18, 4), (25, 4), (35, 1)]),
            (19, 1, 0, vec![(5, 1), (18, 4), (25, 4), (35, 8)]),
            (40, 1, 0, vec![(5, 1), (18, 4), (25, 4), (35, 8)]),
        ] {
            let mut runs = fresh();
            assert_eq!(runs.remove(at, permits, 10), removed, "at {at}");
            assert_eq!(entries(&runs), left, "at {at}");
            assert_eq!(runs.permits(), left.iter().map(|(_, permits)| permits).sum::<u64>());
            runs.push(41, 1, 10);
            assert_eq!(runs.up_to(40) + 1, runs.permits());
        }
    }

    #[test]
    fn memory_of_many_entries_is_given_back_when_they_are_gone() {
        let mut runs = Runs::new();
        (0..5_000).for_each(|at| runs.push(at, 1, 1));
        (0..5_000).rev().for_each(|at| assert_eq!(runs.remove(at, 1, 1), 1));
        assert!(runs.runs.capacity() < 2 * KEPT, "{}", runs.runs.capacity());
        let mut roomy = Runs::new();
        roomy.make_room(7);
        let room = roomy.runs.capacity();
        roomy.make_room(70);
        assert_eq!((room >= 7, roomy.runs.capacity()), (true, room));
    }
}
