pub use source::place;
pub(crate) use source::{move_on, thread_number};

#[cfg(not(any(loom, shuttle)))]
mod source {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Set in every number and in every place, so that 0 can stand for none.
    const SOME: u32 = 1 << 31;

    thread_local! {
        static NUMBER: Cell<u32> = const { Cell::new(0) };
        static PLACE: Cell<u32> = const { Cell::new(0) };
    }

    /// A number for this thread, never 0, given out in order of first use. Works also while the thread's locals are dropped.
    #[inline]
    pub(crate) fn thread_number() -> u32 {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.get();
        if number != 0 {
            return number;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed) | SOME;
        NUMBER.set(number);
        number
    }

    /// Where this thread counts among the stripes of any counters; spread by the threads' numbers. Never 0.
    #[inline]
    pub fn place() -> u32 {
        let place = PLACE.get();
        if place != 0 {
            return place;
        }
        let place = first_place(thread_number());
        PLACE.set(place);
        place
    }

    /// Gives this thread another place, as it met another thread at this one.
    pub(crate) fn move_on() {
        PLACE.set(next_place(place()));
    }

    /// An odd factor keeps neighbouring numbers apart in the lowest bits; 2^32 divided by the golden ratio.
    fn first_place(number: u32) -> u32 {
        number.wrapping_mul(0x9E37_79B1) | SOME
    }

    /// Marsaglia's xorshift (2003), which visits every number but 0.
    fn next_place(mut place: u32) -> u32 {
        place ^= place << 13;
        place ^= place >> 17;
        place ^ (place << 5)
    }

    #[cfg(test)]
    mod tests {
        use std::collections::BTreeSet;
        use std::thread;

        use super::*;

        #[test]
        fn a_thread_keeps_its_number_and_no_other_has_it() {
            let numbers =
                |_| thread::scope(|scope| scope.spawn(|| [thread_number(), thread_number()]).join());
            let numbers: Vec<_> = (0..10).map(|n| numbers(n).unwrap()).collect();
            assert!(numbers.iter().all(|[first, second]| first == second && *first != 0));
            assert_eq!(numbers.iter().map(|[first, _]| first).collect::<BTreeSet<_>>().len(), 10);
        }

        #[test]
        fn a_thread_keeps_its_place_until_it_moves_on() {
            let places = || {
                let places = [place(), place()];
                move_on();
                (places, place(), place())
            };
            let ([first, second], third, fourth) = thread::scope(|scope| scope.spawn(places).join()).unwrap();
            assert!(first == second && third == fourth && first != third);
        }

        #[test]
        fn threads_that_come_one_after_the_other_start_apart() {
            for start in [0, 7, 1_000, SOME - 64] {
                let places: BTreeSet<_> = (start..start + 64).map(|n| first_place(n | SOME) % 64).collect();
                assert_eq!(places.len(), 64);
                assert!((start..start + 64).all(|n| first_place(n) != 0));
            }
        }

        #[test]
        fn who_moves_on_gets_everywhere() {
            let places: Vec<_> =
                std::iter::successors(Some(SOME), |place| Some(next_place(*place))).take(10_000).collect();
            assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 10_000, "no place comes twice");
            for stripe in 0..64 {
                let visits = places.iter().filter(|place| **place % 64 == stripe).count();
                assert!((78..235).contains(&visits), "{visits} visits to {stripe} instead of about 156");
            }
            // The first of the series from 1, as published with the shifts 13, 17 and 5.
            assert_eq!(next_place(1), 270_369);
            assert_eq!(next_place(270_369), 67_634_689);
        }
    }
}

#[cfg(any(loom, shuttle))]
mod source {
    #[cfg(loom)]
    use loom::{lazy_static, thread_local};
    #[cfg(shuttle)]
    use shuttle::{lazy_static, thread_local};

    use crate::sync::atomic::{AtomicU32, Ordering};

    // All threads of a checker are one for `std`, and its numbers have to begin anew with each execution.
    lazy_static! {
        static ref NEXT: AtomicU32 = AtomicU32::new(1);
    }
    thread_local! {
        static NUMBER: u32 = NEXT.fetch_add(1, Ordering::Relaxed);
    }

    /// A number for this thread of the checker, never 0, given out in order of first use.
    pub(crate) fn thread_number() -> u32 {
        NUMBER.with(|number| *number)
    }

    /// Where this thread counts among the stripes of any counters.
    pub fn place() -> u32 {
        thread_number()
    }

    /// In a model a thread stays where it is.
    pub(crate) fn move_on() {}
}
