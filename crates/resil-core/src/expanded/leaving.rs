use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// What the caller gets of the guarded call that `future` is.
#[inline]
pub const fn leave_async<F: Future, L: Fn(F::Output) -> R, R>(future: F, leave: L) -> Leaving<F, L> {
    Leaving { future: Some(future), leave }
}

pin_project! {
    /// A guarded call, as its function returns it. Cancel-safe if the call is.
    ///
    /// # Panics
    /// When polled after it has ended.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Leaving<F, L> {
        #[pin]
        future: Option<F>,
        leave: L,
    }
}

impl<F: Future, L: Fn(F::Output) -> R, R> Future for Leaving<F, L> {
    type Output = R;

    #[expect(clippy::inline_always, reason = "it is no more than a name for the call")]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        let call = this.future.as_mut().as_pin_mut().expect("a guarded call was polled after it had ended");
        let Poll::Ready(result) = call.poll(cx) else { return Poll::Pending };
        // As an async function lets go of its arguments at its end. One that was refused has them still.
        this.future.set(None);
        Poll::Ready((this.leave)(result))
    }
}

impl<F, L> fmt::Debug for Leaving<F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaving").finish_non_exhaustive()
    }
}
