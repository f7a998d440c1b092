use std::fmt;

use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::{OnceLock, move_on, place, thread_number};
use crate::{const_fn, seeded_bug};

/// How often a word is asked whether several threads count on it: once in so many additions.
const SAMPLE: u64 = 64;

/// After so many samples that found another thread than the sample before, the counters are striped.
const SWITCHES: u32 = if cfg!(any(loom, shuttle)) { 1 } else { 4 };

/// `N` counters that many threads can bump at once: for authors of policies.
///
/// They live in `N` words until several threads are seen on them; then each thread gets one of a few cache lines, so that an idle
/// policy stays small and a hot one does not serialise its callers (the idea of Java's `LongAdder`, after Lea). A counter never runs
/// backwards and is exact at rest; while others count, sums may lag.
///
/// ```
/// use resil_core::Counters;
///
/// static COUNTERS: Counters<2> = Counters::new();
/// COUNTERS.add(1, true);
/// assert_eq!(COUNTERS.sums(), [0, 1]);
/// ```
#[repr(C)]
pub struct Counters<const N: usize> {
    words: [AtomicU64; N],
    /// The thread of the last sample, and how often it was another one: heuristics, so a lost update does not matter.
    last_thread: AtomicU32,
    switches: AtomicU32,
    stripes: OnceLock<Box<[Stripe<N>]>>,
}

/// One cache line, or two where the processor fetches them in pairs.
#[repr(align(128))]
struct Stripe<const N: usize> {
    words: [AtomicU64; N],
    /// The thread of the last sample.
    last_thread: AtomicU32,
}

impl<const N: usize> Stripe<N> {
    fn new() -> Self {
        Self { words: zeros(), last_thread: AtomicU32::new(0) }
    }

    /// Two threads that meet on a stripe part: whoever notices moves on.
    #[cold]
    fn look_for_company(&self) {
        let this_thread = thread_number();
        let last_thread = self.last_thread.swap(this_thread, Ordering::Relaxed);
        if last_thread != 0 && last_thread != this_thread {
            move_on();
        }
    }
}

#[cfg(not(any(loom, shuttle)))]
const fn zeros<const N: usize>() -> [AtomicU64; N] {
    [const { AtomicU64::new(0) }; N]
}

#[cfg(any(loom, shuttle))]
fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

/// Four lines for each processor, so that threads seldom meet: a power of two.
fn lines_for(processors: usize) -> usize {
    (4 * processors).clamp(8, 64).next_power_of_two()
}

/// Whether an addition of `n` to a word that was `before` is one of those that look for other threads. A model has so few that all do.
#[inline]
const fn is_sample(before: u64, n: u64) -> bool {
    cfg!(any(loom, shuttle)) || before % SAMPLE < n
}

impl<const N: usize> Counters<N> {
    const_fn! {
        /// All counters at zero.
        pub const fn new() -> Self {
            Self {
                words: zeros(),
                last_thread: AtomicU32::new(0),
                switches: AtomicU32::new(0),
                stripes: OnceLock::new(),
            }
        }
    }

    /// Adds one to counter `index`: one atomic addition. With `may_stripe`, contention that is seen allocates the stripes.
    ///
    /// # Panics
    /// If `index` is not below `N`.
    #[inline]
    pub fn add(&self, index: usize, may_stripe: bool) {
        self.add_many(index, 1, may_stripe);
    }

    /// Adds `n` to counter `index` as [`add`](Self::add) does; sums wrap around.
    ///
    /// # Panics
    /// If `index` is not below `N`.
    #[inline]
    pub fn add_many(&self, index: usize, n: u64, may_stripe: bool) {
        if let Some(stripes) = self.stripes.get() {
            // Their number is a power of two.
            let stripe = &stripes[place() as usize & (stripes.len() - 1)];
            let before = stripe.words[index].fetch_add(n, Ordering::Relaxed);
            if is_sample(before, n) {
                stripe.look_for_company();
            }
        } else {
            let word = &self.words[index];
            let before = seeded_bug!("counters_lose_additions" => {
                let before = word.load(Ordering::Relaxed);
                word.store(before + n, Ordering::Relaxed);
                before
            } else { word.fetch_add(n, Ordering::Relaxed) });
            if is_sample(before, n) && may_stripe {
                self.look_for_contention();
            }
        }
    }

    /// The sum of each counter.
    pub fn sums(&self) -> [u64; N] {
        let stripes = self.stripes.get().map_or(&[][..], |stripes| stripes);
        // What was counted before the stripes stays in the words: nothing is ever moved, so nothing is ever missed.
        std::array::from_fn(|i| {
            let on_stripes: u64 = stripes.iter().map(|stripe| stripe.words[i].load(Ordering::Relaxed)).sum();
            let on_words = self.words[i].load(Ordering::Relaxed);
            seeded_bug!("counters_leave_words_behind" => { if !stripes.is_empty() { return on_stripes } });
            on_words + on_stripes
        })
    }

    /// Whether contention has been seen and the counters are striped.
    pub fn is_striped(&self) -> bool {
        self.stripes.get().is_some()
    }

    #[cold]
    fn look_for_contention(&self) {
        let this_thread = thread_number();
        let last_thread = self.last_thread.swap(this_thread, Ordering::Relaxed);
        if last_thread != 0 && last_thread != this_thread {
            let switches = self.switches.fetch_add(1, Ordering::Relaxed) + 1;
            if switches >= SWITCHES {
                self.stripe();
            }
        }
    }

    /// Goes over to cache lines of their own for the threads.
    fn stripe(&self) {
        let processors = std::thread::available_parallelism().map_or(4, usize::from);
        let lines = if cfg!(any(loom, shuttle)) { 2 } else { lines_for(processors) };
        // Whoever comes second drops its own.
        drop(self.stripes.set((0..lines).map(|_| Stripe::new()).collect()));
    }
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Counters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.sums()).finish()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn sums_are_exact_at_rest_whether_striped_or_not() {
        let counters = Counters::<3>::new();
        let each = if cfg!(miri) { 50 } else { 10_000 };
        for striped in [false, true] {
            if striped {
                counters.stripe();
            }
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..each).for_each(|i| counters.add(i % 2, false)));
                }
            });
            assert_eq!(counters.is_striped(), striped);
        }
        assert_eq!(counters.sums(), [4 * each as u64, 4 * each as u64, 0]);
    }

    #[test]
    fn one_addition_of_64_or_a_large_one_is_a_sample() {
        assert_eq!(
            [(0, 1), (1, 1), (63, 1), (64, 1), (65, 1)].map(|(before, n)| is_sample(before, n)),
            [true, false, false, true, false]
        );
        assert!(is_sample(65, 2) && !is_sample(66, 2) && is_sample(100, 64) && !is_sample(0, 0));
    }

    #[test]
    fn there_are_four_lines_for_each_processor_within_limits() {
        assert_eq!([1, 2, 3, 4, 8, 16, 100].map(lines_for), [8, 8, 16, 16, 32, 64, 64]);
    }

    #[test]
    fn printing_shows_the_sums() {
        let counters = Counters::<2>::new();
        counters.add_many(1, 7, true);
        assert_eq!(format!("{counters:?}"), "[0, 7]");
    }

    #[test]
    fn one_thread_alone_never_stripes() {
        let counters = Counters::<1>::new();
        (0..100_000).for_each(|_| counters.add(0, true));
        assert!(!counters.is_striped());
    }

    #[test]
    fn several_threads_in_turn_stripe_unless_forbidden() {
        for may_stripe in [false, true] {
            let counters = Counters::<1>::new();
            for switches in 0..=SWITCHES {
                thread::scope(|scope| {
                    scope.spawn(|| (0..SAMPLE).for_each(|_| counters.add(0, may_stripe)));
                });
                assert_eq!(counters.is_striped(), may_stripe && switches == SWITCHES);
            }
            assert_eq!(counters.sums(), [u64::from(SWITCHES + 1) * SAMPLE]);
        }
    }

    #[test]
    fn of_two_threads_that_meet_on_a_stripe_the_second_moves_on() {
        let counters = Counters::<1>::new();
        counters.stripe();
        let stripes = counters.stripes.get().unwrap();
        let visit = || {
            let before = place();
            let stripe = &stripes[before as usize & (stripes.len() - 1)];
            let was_visited = stripe.last_thread.load(Ordering::Relaxed) != 0;
            (0..SAMPLE).for_each(|_| counters.add(0, false));
            (was_visited, place() != before)
        };
        let visits: Vec<_> = (0..4 * stripes.len())
            .map(|_| thread::scope(|scope| scope.spawn(visit).join()).unwrap())
            .collect();
        assert!(visits.iter().all(|(was_visited, moved_on)| was_visited == moved_on), "{visits:?}");
        assert!(visits.contains(&(false, false)) && visits.contains(&(true, true)), "{visits:?}");
        assert_eq!(counters.sums(), [visits.len() as u64 * SAMPLE]);
    }
}
