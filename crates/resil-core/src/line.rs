use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::call::run_admitted;
use crate::{CallAsync, Judge, Policy, Rejected, Timer, Verdict};

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

    /// An admission, or a refusal, where no wait is needed for it; `None` says that only a wait will tell, and is what a line says
    /// unless it knows better.
    ///
    /// Calls ask this first, so that one which need not wait is not charged for a wait.
    #[inline]
    fn admit_now(&self) -> Option<Result<<Self::Policy as Policy>::Permit, Rejected>> {
        None
    }

    /// Hands the permit of a call that was made back to the [policy](Self::policy). A line that can do so without another handle of the
    /// policy should.
    #[inline]
    fn settle_permit(&self, permit: <Self::Policy as Policy>::Permit, verdict: Verdict) {
        self.policy().settle(permit, verdict);
    }

    /// Hands the permit of a call that was not made back to the [policy](Self::policy), likewise.
    #[inline]
    fn release_permit(&self, permit: <Self::Policy as Policy>::Permit) {
        self.policy().release(permit);
    }
}

impl<L: Line> Line for &L {
    type Policy = L::Policy;
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
    fn settle_permit(&self, permit: PermitOf<L>, verdict: Verdict) {
        (**self).settle_permit(permit, verdict);
    }

    #[inline]
    fn release_permit(&self, permit: PermitOf<L>) {
        (**self).release_permit(permit);
    }
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

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn admit_now(&self) -> Option<Result<(), Rejected>> {
        Some(Ok(()))
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

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn admit_now(&self) -> Option<Result<<Self::Policy as Policy>::Permit, Rejected>> {
        Some(self.line.admit_now()?.and_then(|permit| self.admit(permit)))
    }

    #[inline]
    fn settle_permit(&self, permit: <Self::Policy as Policy>::Permit, verdict: Verdict) {
        (Behind(&self.line), &self.policy).settle(permit, verdict);
    }

    #[inline]
    fn release_permit(&self, permit: <Self::Policy as Policy>::Permit) {
        (Behind(&self.line), &self.policy).release(permit);
    }
}

/// A line as a policy: it hears what became of a call, and is asked where nobody waits.
struct Behind<L>(L);

impl<L: Line> Policy for Behind<L> {
    type Permit = PermitOf<L>;

    #[cold]
    fn admit(&self) -> Result<PermitOf<L>, Rejected> {
        self.0.admit_now().unwrap_or_else(|| self.0.policy().admit())
    }

    #[inline]
    fn settle(&self, permit: PermitOf<L>, verdict: Verdict) {
        self.0.settle_permit(permit, verdict);
    }

    #[inline]
    fn release(&self, permit: PermitOf<L>) {
        self.0.release_permit(permit);
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

type PermitOf<L> = <<L as Line>::Policy as Policy>::Permit;

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
            self.line.release_permit(permit);
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
    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn call_judged<R, J: Judge<R>>(&self, judge: J, f: impl FnOnce() -> R) -> J::Output {
        match self.admit_now().unwrap_or_else(|| self.wait_blocking()) {
            Ok(permit) => run_admitted(&Behind(self), permit, judge, f),
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
        let call = CallAsync::new(Behind(self.clone()), future, judge);
        CallInLine { call, turn: Turn::Ahead { timer: Some(timer) } }
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
        call: CallAsync<Behind<L>, F, J>,
        #[pin]
        turn: Turn<L::Wait<T>, T>,
    }
}

pin_project! {
    /// The turn of a call.
    #[project = TurnProjection]
    enum Turn<W, T> {
        // The line has not been asked.
        Ahead { timer: Option<T> },
        Waiting { #[pin] wait: W },
        Over,
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
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        let mut this = self.as_mut().project();
        let admitted = match this.turn.as_mut().project() {
            TurnProjection::Over => return this.call.poll(cx),
            TurnProjection::Ahead { .. } => this.call.policy().0.admit_now(),
            TurnProjection::Waiting { .. } => None,
        };
        let admitted = match admitted {
            Some(admitted) => {
                this.turn.set(Turn::Over);
                admitted
            }
            None => ready!(self.as_mut().wait(cx)),
        };
        let call = self.project().call;
        match call.begin(admitted) {
            Ok(call) => call.poll(cx),
            Err(refusal) => Poll::Ready(J::refused(refusal)),
        }
    }
}

impl<L: Line, T: Timer, F, J> CallInLine<L, T, F, J> {
    /// Out of line, so that a call which need not wait has nothing to do with it.
    #[cold]
    #[inline(never)]
    fn wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<PermitOf<L>, Rejected>> {
        let mut this = self.project();
        loop {
            match this.turn.as_mut().project() {
                TurnProjection::Waiting { wait } => {
                    let admitted = ready!(wait.poll(cx));
                    this.turn.set(Turn::Over);
                    return Poll::Ready(admitted);
                }
                TurnProjection::Ahead { timer } => {
                    let Some(timer) = timer.take() else { unreachable!("it is taken once") };
                    let wait = this.call.as_ref().policy().0.wait_with(timer);
                    this.turn.set(Turn::Waiting { wait });
                }
                TurnProjection::Over => unreachable!("who has had a turn does not wait"),
            }
        }
    }
}

impl<L: Line, T: Timer, F, J> fmt::Debug for CallInLine<L, T, F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_running = matches!(self.turn, Turn::Over);
        f.debug_struct("CallInLine").field("running", &is_running).finish_non_exhaustive()
    }
}
