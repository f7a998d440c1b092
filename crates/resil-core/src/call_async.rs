use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::guard::PanicFuse;
use crate::{Judge, Policy, Rejected, Verdict};

pin_project! {
    /// The future of a guarded call: asks its policy at the first poll, then runs the inner future in place.
    ///
    /// Made by [`PolicyExt::call_async`](crate::PolicyExt::call_async) and its kin. It stores the inner future once, allocates nothing and
    /// runs on any runtime.
    ///
    /// Cancel-safe: dropped before the first poll it has asked for nothing; dropped later, the call settles as [`Verdict::Cancelled`]
    /// once the inner future has been dropped.
    ///
    /// # Panics
    /// When polled after it has ended. A panic of the inner future settles as [`Verdict::Panicked`] and goes on unwinding.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct CallAsync<P, F, J> where P: Policy {
        // Drops before the admission: a cancelled call has let go of what it used when its slot is free again.
        #[pin]
        future: F,
        // Present until the call is judged.
        judge: Option<J>,
        admission: Admission<P>,
    }
}

/// The policy and, while the call runs, its permit. Dropped with it, the call was cancelled.
struct Admission<P: Policy> {
    policy: P,
    permit: Option<P::Permit>,
    asked: bool,
}

impl<P: Policy> Drop for Admission<P> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.policy.settle(permit, Verdict::Cancelled);
        }
    }
}

impl<P: Policy, F, J> CallAsync<P, F, J> {
    #[inline]
    pub(crate) fn new(policy: P, future: F, judge: J) -> Self {
        Self { future, judge: Some(judge), admission: Admission { policy, permit: None, asked: false } }
    }

    /// A call that is admitted already and holds `permit`.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) fn resume(policy: P, permit: Option<P::Permit>, future: F, judge: J) -> Self {
        Self { future, judge: Some(judge), admission: Admission { policy, permit, asked: true } }
    }

    /// The policy.
    #[inline]
    pub(crate) fn policy(&self) -> &P {
        &self.admission.policy
    }

    /// The call, about which the policy was asked by somebody else.
    #[inline]
    pub(crate) fn begin(
        mut self: Pin<&mut Self>,
        admitted: Result<P::Permit, Rejected>,
    ) -> Result<Pin<&mut Self>, Rejected> {
        let admission = self.as_mut().project().admission;
        admission.asked = true;
        admission.permit = Some(admitted?);
        Ok(self)
    }
}

impl<P, F, J> Future for CallAsync<P, F, J>
where
    P: Policy,
    F: Future,
    J: Judge<F::Output>,
{
    type Output = J::Output;

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        let this = self.project();
        let Admission { policy, permit, asked } = this.admission;
        if !*asked {
            *asked = true;
            match policy.admit() {
                Ok(admitted) => *permit = Some(admitted),
                Err(refusal) => return Poll::Ready(J::refused(refusal)),
            }
        }
        assert!(permit.is_some(), "a guarded call was polled after it had ended");
        let fuse = PanicFuse::new(&*policy, permit);
        let Poll::Ready(result) = this.future.poll(cx) else {
            fuse.defuse();
            return Poll::Pending;
        };
        // The fuse still burns: a classifier may panic too.
        if let Some(judge) = this.judge.take() {
            fuse.settle(judge.verdict(&result));
        }
        Poll::Ready(J::ran(result))
    }
}

impl<P: Policy, F, J> fmt::Debug for CallAsync<P, F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Admission { permit, asked, .. } = &self.admission;
        f.debug_struct("CallAsync")
            .field("running", &permit.is_some())
            .field("ended", &(*asked && permit.is_none()))
            .finish_non_exhaustive()
    }
}
