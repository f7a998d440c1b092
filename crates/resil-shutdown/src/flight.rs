use resil_core::seeded_bug;
use resil_core::sync::atomic::{AtomicUsize, Ordering};

/// How much is in flight, and whether the intake is open: one word, so that nothing slips in between.
#[derive(Debug)]
pub(crate) struct Flight(AtomicUsize);

/// The lowest bit: the intake is closed.
const CLOSED: usize = 1;
/// The other bits count.
const ONE: usize = 2;

impl Flight {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Counts one more, also after the intake was closed.
    #[inline]
    pub(crate) fn enter(&self) {
        self.0.fetch_add(ONE, Ordering::Relaxed);
    }

    /// Counts one more, unless the intake is closed.
    #[inline]
    pub(crate) fn try_enter(&self) -> bool {
        seeded_bug!("flight_entered_in_two_steps" => {
            let is_open = self.0.load(Ordering::Relaxed) & CLOSED == 0;
            if is_open {
                self.enter();
            }
            return is_open;
        });
        // What is refused leaves no trace, so that a storm of it does not hold up the drain.
        let enter = |word| (word & CLOSED == 0).then_some(word + ONE);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter).is_ok()
    }

    /// Counts one less; whether it was the last one after the intake was closed, so that somebody waits to hear of it.
    #[inline]
    #[must_use = "somebody waits for the last one"]
    pub(crate) fn leave(&self) -> bool {
        seeded_bug!("flight_left_in_two_steps" => {
            let is_closed = self.0.load(Ordering::Relaxed) & CLOSED != 0;
            return self.0.fetch_sub(ONE, Ordering::Relaxed) / ONE == 1 && is_closed;
        });
        // Whoever sees the count at zero sees all that was done in flight.
        self.0.fetch_sub(ONE, Ordering::AcqRel) == ONE | CLOSED
    }

    /// Closes the intake.
    pub(crate) fn close(&self) {
        // What those who have left released goes on through this.
        self.0.fetch_or(CLOSED, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire) / ONE
    }
}
