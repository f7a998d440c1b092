use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{Behind, Line};
use crate::call::run_admitted;
use crate::{CallAsync, Judge, Timer};

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
            Ok(permit) => run_admitted(&Behind(self), self.begin(permit), judge, f),
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

    // Only what a call does that need not wait, in its first poll, so that all of it fits into the caller.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        let mut this = self.as_mut().project();
        let admitted = match this.turn.as_mut().project() {
            TurnProjection::Ahead { .. } => this.call.policy().0.admit_now(),
            TurnProjection::Waiting { .. } | TurnProjection::Over => None,
        };
        let Some(admitted) = admitted else { return self.go_on(cx) };
        this.turn.set(Turn::Over);
        let held = admitted.map(|permit| this.call.policy().0.begin(permit));
        match this.call.begin(held) {
            Ok(call) => call.poll(cx),
            Err(refusal) => Poll::Ready(J::refused(refusal)),
        }
    }
}

impl<L, T, F, J> CallInLine<L, T, F, J>
where
    L: Line,
    T: Timer,
    F: Future,
    J: Judge<F::Output>,
{
    /// A poll of a call that waits, or runs already.
    #[cold]
    #[inline(never)]
    fn go_on(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        let mut this = self.project();
        let admitted = loop {
            match this.turn.as_mut().project() {
                TurnProjection::Over => return this.call.poll(cx),
                TurnProjection::Waiting { wait } => break ready!(wait.poll(cx)),
                TurnProjection::Ahead { timer } => {
                    let Some(timer) = timer.take() else { unreachable!("it is taken once") };
                    let wait = this.call.policy().0.wait_with(timer);
                    this.turn.set(Turn::Waiting { wait });
                }
            }
        };
        this.turn.set(Turn::Over);
        let held = admitted.map(|permit| this.call.policy().0.begin(permit));
        match this.call.begin(held) {
            Ok(call) => call.poll(cx),
            Err(refusal) => Poll::Ready(J::refused(refusal)),
        }
    }
}

impl<L: Line, T: Timer, F, J> fmt::Debug for CallInLine<L, T, F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_running = matches!(self.turn, Turn::Over);
        f.debug_struct("CallInLine").field("running", &is_running).finish_non_exhaustive()
    }
}
