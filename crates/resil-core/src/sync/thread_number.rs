pub(crate) use source::{move_on, place, thread_number};

#[cfg(not(any(loom, shuttle)))]
mod source {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A small number for this thread, given out in order of first use. Works also while the thread's locals are dropped.
    #[inline]
    pub(crate) fn thread_number() -> u32 {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        thread_local! {
            static NUMBER: Cell<u32> = const { Cell::new(u32::MAX) };
        }
        let number = NUMBER.get();
        if number != u32::MAX {
            return number;
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed) & 0x7FFF_FFFF;
        NUMBER.set(number);
        number
    }

    thread_local! {
        static PLACE: Cell<u32> = const { Cell::new(0) };
    }

    /// Where this thread counts among the stripes of any counters; spread by the threads' numbers. Never 0.
    #[inline]
    pub(crate) fn place() -> u32 {
        let place = PLACE.get();
        if place != 0 {
            return place;
        }
        // An odd factor keeps neighbouring numbers apart in the lowest bits; 2^32 divided by the golden ratio.
        let place = (thread_number() + 1).wrapping_mul(0x9E37_79B1) | 1 << 31;
        PLACE.set(place);
        place
    }

    /// Gives this thread another place, as it met another thread at this one. Marsaglia's xorshift (2003).
    pub(crate) fn move_on() {
        let mut place = place();
        place ^= place << 13;
        place ^= place >> 17;
        place ^= place << 5;
        PLACE.set(place);
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
        static ref NEXT: AtomicU32 = AtomicU32::new(0);
    }
    thread_local! {
        static NUMBER: u32 = NEXT.fetch_add(1, Ordering::Relaxed);
    }

    /// A small number for this thread of the checker, given out in order of first use.
    pub(crate) fn thread_number() -> u32 {
        NUMBER.with(|number| *number)
    }

    pub(crate) fn place() -> u32 {
        thread_number()
    }

    /// In a model a thread stays where it is.
    pub(crate) fn move_on() {}
}
