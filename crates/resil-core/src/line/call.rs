use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{Behind, Line, PermitOf};
use crate::call::run_admitted;
use crate::{CallAsync, Judge, Rejected, Timer};

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
