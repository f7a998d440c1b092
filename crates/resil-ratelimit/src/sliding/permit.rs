use resil_core::sync::lock;
use resil_core::{Clock, Policy, Rejected, Verdict};

use super::SlidingWindow;

/// An admitted call of a [`SlidingWindow`](crate::SlidingWindow): it goes back through `settle`, which keeps it spent, or `release`,
/// which takes it out of the window.
///
/// ```
/// use resil_ratelimit::{Limit, Policy, SlidingWindow};
///
/// let contract = SlidingWindow::new("contract", Limit::per_hour(1));
/// let permit = contract.admit()?; // `call` and its kin do this
/// assert_eq!(contract.available(), 0);
/// contract.release(permit); // the call was not made
/// assert_eq!(contract.available(), 1);
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit goes back through `settle` or `release`"]
pub struct SlidingPermit {
    /// When it was given.
    pub(super) at: u64,
    /// How often the window had been reset by then.
    pub(super) resets: u64,
}

impl<C: Clock> Policy for SlidingWindow<C> {
    type Permit = SlidingPermit;

    fn admit(&self) -> Result<SlidingPermit, Rejected> {
        self.take(1)
    }

    /// A call that was made has used its permit, whatever became of it.
    fn settle(&self, _: SlidingPermit, _: Verdict) {}

    fn release(&self, permit: SlidingPermit) {
        let mut book = lock(&self.book);
        book.tally.refunded += 1;
        if book.resets == permit.resets {
            book.log.take_back(permit.at, 1);
        }
    }
}
