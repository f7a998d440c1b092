use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::call::run_admitted;
use crate::{CallAsync, Judge, Policy, Rejected, Timer};

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
}

impl Line for () {
    type Policy = ();
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
}

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
}

impl<L: Line, P: Policy + Clone> Then<L, P> {
    /// Asks the policy for somebody whose wait is over.
    #[inline]
    fn admit(&self, permit: <L::Policy as Policy>::Permit) -> Result<PermitOf<Self>, Rejected> {
        let returning = Returning { policy: self.line.policy(), permit: Some(permit) };
        let admitted = self.policy.admit()?;
        Ok((returning.keep(), admitted))
    }
}

type PermitOf<L> = <<L as Line>::Policy as Policy>::Permit;

/// A permit of the line that goes back when the policy refuses, or panics.
struct Returning<P: Policy> {
    policy: P,
    permit: Option<P::Permit>,
}

impl<P: Policy> Returning<P> {
    #[inline]
    fn keep(mut self) -> P::Permit {
        match self.permit.take() {
            Some(permit) => permit,
            None => unreachable!("only `keep` and `drop` take the permit, and both end this value"),
        }
    }
}

impl<P: Policy> Drop for Returning<P> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.policy.release(permit);
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

/// Calls that wait in any [`Line`] for their turn.
pub trait LineExt: Line {
    /// Runs `f` once it is admitted. Parks the thread until then.
    ///
    /// # Errors
    /// [`Error::Rejected`](crate::Error::Rejected) if it is refused, at once or after its wait.
    ///
    /// # Panics
    /// A panic of `f` settles as [`Verdict::Panicked`](crate::Verdict::Panicked) and goes on unwinding.
    fn call<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, crate::Error<E>> {
        self.call_judged(crate::Flat(crate::ByResult), f)
    }

    /// Runs `f` once it is admitted, and lets `judge` say what became of it.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    #[inline]
    fn call_judged<R, J: Judge<R>>(&self, judge: J, f: impl FnOnce() -> R) -> J::Output {
        match self.wait_blocking() {
            Ok(permit) => run_admitted(&self.policy(), permit, judge, f),
            Err(refusal) => J::refused(refusal),
        }
    }

    /// Runs `future` once it is admitted, and lets `judge` say what became of it; `timer` is any runtime's sleep.
    ///
    /// Cancel-safe: dropped in its wait, it gives up its place in line; dropped later, the call settles as cancelled.
    #[inline]
    fn call_async_judged<T, F, J>(&self, timer: T, judge: J, future: F) -> CallInLine<Self, T, F, J>
    where
        T: Timer,
        F: Future,
        J: Judge<F::Output>,
    {
        let wait = self.wait_with(timer);
        CallInLine { state: State::Waiting { wait, next: Some((self.policy(), future, judge)) } }
    }
}

impl<L: Line> LineExt for L {}

pin_project! {
    /// A call that waits in a line; made by [`LineExt::call_async_judged`].
    ///
    /// It stores the inner future once and allocates nothing of its own.
    ///
    /// Cancel-safe: dropped in its wait, it gives up its place; dropped later, the call settles as
    /// [`Verdict::Cancelled`](crate::Verdict::Cancelled).
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct CallInLine<L, T, F, J>
    where
        L: Line,
        T: Timer,
    {
        #[pin]
        state: State<L, T, F, J>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<L, T, F, J>
    where
        L: Line,
        T: Timer,
    {
        Waiting {
            #[pin]
            wait: L::Wait<T>,
            // Not polled yet, so it may move.
            next: Option<(L::Policy, F, J)>,
        },
        Running {
            #[pin]
            call: CallAsync<L::Policy, F, J>,
        },
    }
}

impl<L, T, F, J> Future for CallInLine<L, T, F, J>
where
    L: Line,
    T: Timer,
    F: Future,
    J: Judge<F::Output>,
{
    type Output = J::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        let mut state = self.project().state;
        if let StateProjection::Waiting { wait, next } = state.as_mut().project() {
            let permit = match ready!(wait.poll(cx)) {
                Ok(permit) => permit,
                Err(refusal) => return Poll::Ready(J::refused(refusal)),
            };
            let Some((policy, future, judge)) = next.take() else {
                panic!("a guarded call was polled after it had ended")
            };
            state.set(State::Running { call: CallAsync::resume(policy, Some(permit), future, judge) });
        }
        match state.project() {
            StateProjection::Running { call } => call.poll(cx),
            StateProjection::Waiting { .. } => unreachable!("it has just begun to run"),
        }
    }
}

impl<L: Line, T: Timer, F, J> fmt::Debug for CallInLine<L, T, F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_running = matches!(self.state, State::Running { .. });
        f.debug_struct("CallInLine").field("running", &is_running).finish_non_exhaustive()
    }
}
