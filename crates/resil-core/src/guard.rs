use std::fmt;
use std::mem;
use std::thread;

use crate::{Policy, Verdict};

/// An admitted call that settles by itself: for code that cannot be wrapped in a closure.
///
/// Made by [`PolicyExt::guard`](crate::PolicyExt::guard). Dropped unsettled it counts as [`Verdict::Cancelled`], and as
/// [`Verdict::Panicked`] if a panic that began after the admission drops it.
///
/// ```
/// # use resil_core::{Policy, PolicyExt, Rejected, Verdict};
/// # struct Open; impl Policy for Open { type Permit = (); fn admit(&self) -> Result<(), Rejected> { Ok(()) }
/// #   fn settle(&self, (): (), _: Verdict) {} fn release(&self, (): ()) {} }
/// # let policy = Open;
/// let guard = policy.guard()?;
/// if 2 + 2 == 4 {
///     guard.success();
/// } else {
///     guard.failure();
/// }
/// # Ok::<(), Rejected>(())
/// ```
#[must_use = "a guard that is dropped at once counts as a cancelled call"]
pub struct Guard<'a, P: Policy + ?Sized> {
    policy: &'a P,
    permit: Option<P::Permit>,
    admitted_in_a_panic: bool,
}

impl<'a, P: Policy + ?Sized> Guard<'a, P> {
    #[inline]
    pub(crate) fn new(policy: &'a P, permit: P::Permit) -> Self {
        Self { policy, permit: Some(permit), admitted_in_a_panic: thread::panicking() }
    }

    /// Settles the call as a success.
    pub fn success(self) {
        self.settle(Verdict::Success);
    }

    /// Settles the call as a failure.
    pub fn failure(self) {
        self.settle(Verdict::Failure);
    }

    /// Settles the call with `verdict`.
    pub fn settle(mut self, verdict: Verdict) {
        if let Some(permit) = self.permit.take() {
            self.policy.settle(permit, verdict);
        }
    }

    /// Takes the admission back: the call never started.
    pub fn release(mut self) {
        if let Some(permit) = self.permit.take() {
            self.policy.release(permit);
        }
    }
}

impl<P: Policy + ?Sized> Drop for Guard<'_, P> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            let panicked = thread::panicking() && !self.admitted_in_a_panic;
            self.policy.settle(permit, if panicked { Verdict::Panicked } else { Verdict::Cancelled });
        }
    }
}

impl<P: Policy + ?Sized> fmt::Debug for Guard<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("settled", &self.permit.is_none()).finish_non_exhaustive()
    }
}

/// Watches over a permit while foreign code runs: dropped by its panic, it settles as [`Verdict::Panicked`].
///
/// The permit stays where it is: some are large, and to move one there and back costs more than the rest of a call.
pub(crate) struct PanicFuse<'a, P: Policy + ?Sized> {
    policy: &'a P,
    permit: &'a mut Option<P::Permit>,
}

impl<'a, P: Policy + ?Sized> PanicFuse<'a, P> {
    #[inline]
    pub(crate) const fn new(policy: &'a P, permit: &'a mut Option<P::Permit>) -> Self {
        Self { policy, permit }
    }

    /// The foreign code came to an end, but not the call.
    #[inline]
    pub(crate) fn defuse(self) {
        mem::forget(self);
    }

    /// The call came to its end.
    #[inline]
    pub(crate) fn settle(self, verdict: Verdict) {
        let (policy, permit) = (self.policy, self.permit.take());
        mem::forget(self);
        if let Some(permit) = permit {
            policy.settle(permit, verdict);
        }
    }
}

impl<P: Policy + ?Sized> Drop for PanicFuse<'_, P> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            panicked(self.policy, permit);
        }
    }
}

/// Out of line, so that the path of an unwinding costs the others nothing.
#[cold]
#[inline(never)]
fn panicked<P: Policy + ?Sized>(policy: &P, permit: P::Permit) {
    policy.settle(permit, Verdict::Panicked);
}
