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
