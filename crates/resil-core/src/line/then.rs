use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{Behind, Line, PermitOf};
use crate::{Policy, Rejected, Timer, Verdict};

/// A policy that is asked once the wait in a line is over: the limiter's turn first, then the breaker.
///
/// Who waits holds nothing of the policy. When it refuses, the line gets its permit back.
///
/// ```
/// use resil_core::testing::{Spy, Told};
/// use resil_core::{LineExt, Then};
///
/// let (first, second) = (Spy::admitting("first"), Spy::refusing("second"));
/// let line = Then::new(Then::new((), &first), &second);
/// assert!(line.call(|| Ok::<_, ()>(7)).is_err());
/// assert_eq!(first.told(), [Told::Admitted, Told::Released]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Then<L, P> {
    line: L,
    policy: P,
}

impl<L: Line, P: Policy + Clone> Then<L, P> {
    /// `line`, and `policy` behind it: a reference or an `Arc` of it.
    pub const fn new(line: L, policy: P) -> Self {
        Self { line, policy }
    }
}

impl<L: Line, P: Policy + Clone> Line for Then<L, P> {
    type Policy = (L::Policy, P);
    type Held = (L::Held, P::Permit);
    type Wait<T: Timer> = WaitThen<L, P, T>;

    #[inline]
    fn policy(&self) -> Self::Policy {
        (self.line.policy(), self.policy.clone())
    }

    #[inline]
    fn wait_with<T: Timer>(&self, timer: T) -> WaitThen<L, P, T> {
        WaitThen { wait: self.line.wait_with(timer), line: self.clone() }
    }

    #[inline]
    fn wait_blocking(&self) -> Result<<Self::Policy as Policy>::Permit, Rejected> {
        let permit = self.line.wait_blocking()?;
        self.admit(permit)
    }

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn admit_now(&self) -> Option<Result<<Self::Policy as Policy>::Permit, Rejected>> {
        Some(self.line.admit_now()?.and_then(|permit| self.admit(permit)))
    }

    #[inline]
    fn begin(&self, (permit, admitted): PermitOf<Self>) -> Self::Held {
        (self.line.begin(permit), admitted)
    }

    // As tuples of policies are settled: from the inside out.
    #[inline]
    fn settle(&self, held: Self::Held, verdict: Verdict) {
        (Behind(&self.line), &self.policy).settle(held, verdict);
    }

    #[inline]
    fn release(&self, (permit, admitted): PermitOf<Self>) {
        let _returning = Returning { line: &self.line, permit: Some(permit) };
        self.policy.release(admitted);
    }
}

impl<L: Line, P: Policy + Clone> Then<L, P> {
    /// Asks the policy for somebody whose wait is over.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn admit(&self, permit: <L::Policy as Policy>::Permit) -> Result<PermitOf<Self>, Rejected> {
        let returning = Returning { line: &self.line, permit: Some(permit) };
        let admitted = self.policy.admit()?;
        Ok((returning.keep(), admitted))
    }
}

/// A permit of the line that goes back when the policy refuses, or panics.
struct Returning<'a, L: Line> {
    line: &'a L,
    permit: Option<PermitOf<L>>,
}

impl<L: Line> Returning<'_, L> {
    #[inline]
    fn keep(mut self) -> PermitOf<L> {
        match self.permit.take() {
            Some(permit) => permit,
            None => unreachable!("only `keep` and `drop` take the permit, and both end this value"),
        }
    }
}

impl<L: Line> Drop for Returning<'_, L> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.line.release(permit);
        }
    }
}

pin_project! {
    /// The wait in the line of a [`Then`], and the question to its policy. Cancel-safe.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct WaitThen<L, P, T>
    where
        L: Line,
        T: Timer,
    {
        #[pin]
        wait: L::Wait<T>,
        line: Then<L, P>,
    }
}

impl<L: Line, P: Policy + Clone, T: Timer> Future for WaitThen<L, P, T> {
    type Output = Result<PermitOf<Then<L, P>>, Rejected>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let permit = ready!(this.wait.poll(cx))?;
        Poll::Ready(this.line.admit(permit))
    }
}

impl<L: Line, P, T: Timer> fmt::Debug for WaitThen<L, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitThen").finish_non_exhaustive()
    }
}
