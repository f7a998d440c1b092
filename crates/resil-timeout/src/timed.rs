use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use resil_core::{Clock, Judge, Limited, Start, TimedOut, Timer};

use crate::Timeout;
use crate::settings::Terms;

pin_project! {
    /// A future under a [`Timeout`], whatever it returns; made by [`Timeout::run_with`].
    ///
    /// It stores the future once, beside the sleep of its timer, and allocates nothing. Cancel-safe if the future is: dropped while it is
    /// pending, the call counts as cancelled once the future has been dropped.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Timed<'a, C, T, F> where T: Timer {
        #[pin]
        limited: Limited<F, T>,
        // Drops after the future: what is counted as cancelled has let go of what it used.
        account: Account<'a, C>,
    }
}

/// Where it is counted what became of the call. Dropped while it is pending, the call was cancelled.
struct Account<'a, C> {
    timeout: &'a Timeout<C>,
    is_pending: bool,
}

impl<C> Drop for Account<'_, C> {
    #[inline]
    fn drop(&mut self) {
        if self.is_pending {
            self.timeout.count_cancelled();
        }
    }
}

impl<'a, C: Clock, T: Timer, F> Timed<'a, C, T, F> {
    #[inline]
    pub(crate) fn new(timeout: &'a Timeout<C>, terms: Terms, timer: T, future: F) -> Self {
        let account = Account { timeout, is_pending: false };
        // In two branches, so that what is usual is written where it stays.
        if terms.is_apart || terms.is_queued {
            return Self { limited: Limited::new(account.unusual(terms), timer, future), account };
        }
        Self { limited: Limited::new(Start::of_nanos(terms.nanos), timer, future), account }
    }
}

impl<C: Clock> Account<'_, C> {
    #[cold]
    fn unusual(&self, terms: Terms) -> Start {
        let mut start = Start::of_nanos(terms.nanos);
        if terms.is_queued {
            start = start.since(self.timeout.clock.now());
        }
        if terms.is_apart {
            start = start.alone();
        }
        start
    }
}

impl<C: Clock, T: Timer, F: Future> Future for Timed<'_, C, T, F> {
    type Output = Result<F::Output, TimedOut>;

    #[expect(clippy::inline_always, reason = "a real call costs as much as its limit")]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Account { timeout, is_pending } = this.account;
        // Should the future panic, it was not cancelled.
        *is_pending = false;
        match this.limited.poll_on(cx, timeout.name, &timeout.clock) {
            Poll::Pending => {
                *is_pending = true;
                Poll::Pending
            }
            Poll::Ready(ended) => Poll::Ready(ended.map_err(|cut| timeout.tell(cut))),
        }
    }
}

impl<C, T: Timer, F> fmt::Debug for Timed<'_, C, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed")
            .field("timeout", &self.account.timeout.name)
            .field("deadline", &self.limited.deadline())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// A call under a [`Timeout`]; made by [`Timeout::call_async_with`] and its kin. Cancel-safe as [`Timed`] is.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct CallTimed<'a, C, T, F, J> where T: Timer {
        #[pin]
        timed: Timed<'a, C, T, F>,
        judge: PhantomData<fn() -> J>,
    }
}

impl<'a, C, T: Timer, F, J> CallTimed<'a, C, T, F, J> {
    #[inline]
    pub(crate) const fn new(timed: Timed<'a, C, T, F>) -> Self {
        Self { timed, judge: PhantomData }
    }
}

impl<C, T, F, J> Future for CallTimed<'_, C, T, F, J>
where
    C: Clock,
    T: Timer,
    F: Future,
    J: Judge<F::Output>,
{
    type Output = J::Output;

    #[expect(clippy::inline_always, reason = "a real call costs as much as its limit")]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        match self.project().timed.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(result)) => Poll::Ready(J::ran(result)),
            Poll::Ready(Err(limit)) => Poll::Ready(J::cut_off(limit)),
        }
    }
}

impl<C, T: Timer, F, J> fmt::Debug for CallTimed<'_, C, T, F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallTimed").field(&self.timed).finish()
    }
}
