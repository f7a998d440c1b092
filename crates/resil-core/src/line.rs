mod call;
mod then;

use std::future::{Future, Ready, ready};

use crate::{Policy, Rejected, Timer, Verdict};

pub use call::{CallInLine, LineExt};
pub use then::{Then, WaitThen};

/// A line in which calls wait for their admission, such as a limiter that books an instant for each: for authors of policies.
///
/// Where a [`Policy`] says at once whether a call may be made, a line may take its time. What comes of the wait is a permit of the
/// policy behind it, which is settled or released like any other. A line is a handle that is cheap to clone: a reference, an `Arc`,
/// or a few of them.
///
/// `()` is the line that nobody waits in. [`Then`] puts a policy behind a line.
///
/// ```
/// use resil_core::{Line, LineExt};
/// assert_eq!(().call(|| Ok::<_, ()>(7)), Ok(7));
/// # fn is_line(_: impl Line) {} is_line(());
/// ```
pub trait Line: Clone {
    /// The policy that gives the permits.
    type Policy: Policy;

    /// What a call holds while it runs: the permit, or less where only a call that is not made gives something back.
    type Held: Send;

    /// The wait; it owns what it needs. Dropping it gives up the place in line.
    type Wait<T: Timer>: Future<Output = Result<<Self::Policy as Policy>::Permit, Rejected>>;

    /// The policy that gives the permits, to hand them back to.
    fn policy(&self) -> Self::Policy;

    /// Waits by `timer` for an admission, or for the refusal of a wait that cannot end well.
    fn wait_with<T: Timer>(&self, timer: T) -> Self::Wait<T>;

    /// Waits for an admission with the thread parked.
    ///
    /// # Errors
    /// The refusal of a wait that cannot end well.
    fn wait_blocking(&self) -> Result<<Self::Policy as Policy>::Permit, Rejected>;

    /// An admission, or a refusal, where no wait is needed for it; `None` says that only a wait will tell, and is what a line says
    /// unless it knows better.
    ///
    /// Calls ask this first, so that one which need not wait is not charged for a wait.
    #[inline]
    fn admit_now(&self) -> Option<Result<<Self::Policy as Policy>::Permit, Rejected>> {
        None
    }

    /// A call begins that has this permit: what it holds until its end.
    fn begin(&self, permit: <Self::Policy as Policy>::Permit) -> Self::Held;

    /// A call has come to its end.
    fn settle(&self, held: Self::Held, verdict: Verdict);

    /// Takes back the permit of a call that is not made after all.
    fn release(&self, permit: <Self::Policy as Policy>::Permit);
}

impl<L: Line> Line for &L {
    type Policy = L::Policy;
    type Held = L::Held;
    type Wait<T: Timer> = L::Wait<T>;

    #[inline]
    fn policy(&self) -> L::Policy {
        (**self).policy()
    }

    #[inline]
    fn wait_with<T: Timer>(&self, timer: T) -> L::Wait<T> {
        (**self).wait_with(timer)
    }

    #[inline]
    fn wait_blocking(&self) -> Result<PermitOf<L>, Rejected> {
        (**self).wait_blocking()
    }

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn admit_now(&self) -> Option<Result<PermitOf<L>, Rejected>> {
        (**self).admit_now()
    }

    #[inline]
    fn begin(&self, permit: PermitOf<L>) -> L::Held {
        (**self).begin(permit)
    }

    #[inline]
    fn settle(&self, held: L::Held, verdict: Verdict) {
        (**self).settle(held, verdict);
    }

    #[inline]
    fn release(&self, permit: PermitOf<L>) {
        (**self).release(permit);
    }
}

impl Line for () {
    type Policy = ();
    type Held = ();
    type Wait<T: Timer> = Ready<Result<(), Rejected>>;

    #[inline]
    fn policy(&self) {}

    #[inline]
    fn wait_with<T: Timer>(&self, _: T) -> Self::Wait<T> {
        ready(Ok(()))
    }

    #[inline]
    fn wait_blocking(&self) -> Result<(), Rejected> {
        Ok(())
    }

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn admit_now(&self) -> Option<Result<(), Rejected>> {
        Some(Ok(()))
    }

    #[inline]
    fn begin(&self, (): ()) {}

    #[inline]
    fn settle(&self, (): (), _: Verdict) {}

    #[inline]
    fn release(&self, (): ()) {}
}

/// The permit of a line.
type PermitOf<L> = <<L as Line>::Policy as Policy>::Permit;

/// A line as the policy of calls that run.
struct Behind<L>(L);

impl<L: Line> Policy for Behind<L> {
    type Permit = L::Held;

    #[cold]
    fn admit(&self) -> Result<L::Held, Rejected> {
        let admitted = self.0.admit_now().unwrap_or_else(|| self.0.policy().admit());
        admitted.map(|permit| self.0.begin(permit))
    }

    #[inline]
    fn settle(&self, held: L::Held, verdict: Verdict) {
        self.0.settle(held, verdict);
    }

    /// It has begun, so it can only be ignored.
    #[cold]
    fn release(&self, held: L::Held) {
        self.0.settle(held, Verdict::Ignored);
    }
}
