use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use resil_core::{Clock, Line, Policy, Rejected, Timer, Verdict};

use crate::place::{Bookable as _, Wait, wait_for_permit};
use crate::{Permit, RateLimiter, Waiting};

/// The line of a limiter, for pipelines: `limiter.waiting(max_wait)` stands before a breaker and what else is asked after it.
impl<P, C> Line for Waiting<P, C>
where
    P: Borrow<RateLimiter<C>> + Policy<Permit = Permit> + Clone,
    C: Clock,
{
    type Policy = P;
    // A call that was made has used its permit, whatever became of it.
    type Held = ();
    type Wait<T: Timer> = WaitForPermit<P, C, T>;

    #[inline]
    fn policy(&self) -> P {
        self.limiter.clone()
    }

    #[inline]
    fn wait_with<T: Timer>(&self, timer: T) -> WaitForPermit<P, C, T> {
        WaitForPermit::new(self, timer)
    }

    fn wait_blocking(&self) -> Result<Permit, Rejected> {
        wait_for_permit(self.limiter.borrow(), self.request()).map(the_one)
    }

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn admit_now(&self) -> Option<Result<Permit, Rejected>> {
        self.limiter.borrow().take_now(1).map(Ok)
    }

    #[inline]
    fn begin(&self, _: Permit) {}

    #[inline]
    fn settle(&self, (): (), _: Verdict) {}

    #[inline]
    fn release(&self, permit: Permit) {
        self.limiter.release(permit);
    }
}

/// The permit of a request for one.
pub(crate) fn the_one<M>(permit: Option<M>) -> M {
    permit.unwrap_or_else(|| unreachable!("it asks for one permit"))
}

pin_project! {
    /// The wait of a call for its permit; made by [`Waiting`] and by [`InLine`](crate::layer). Cancel-safe.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct WaitForPermit<P, C, T>
    where
        P: Borrow<RateLimiter<C>>,
        C: Clock,
        T: Timer,
    {
        #[pin]
        wait: Wait<RateLimiter<C>, P, T>,
    }
}

impl<P: Borrow<RateLimiter<C>> + Clone, C: Clock, T: Timer> WaitForPermit<P, C, T> {
    #[inline]
    pub(crate) fn new(waiting: &Waiting<P, C>, timer: T) -> Self {
        Self { wait: Wait::new(waiting.limiter.clone(), waiting.request(), timer) }
    }
}

impl<P: Borrow<RateLimiter<C>>, C: Clock, T: Timer> Future for WaitForPermit<P, C, T> {
    type Output = Result<Permit, Rejected>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(the_one(ready!(self.project().wait.poll(cx))?)))
    }
}

impl<P: Borrow<RateLimiter<C>>, C: Clock, T: Timer> fmt::Debug for WaitForPermit<P, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForPermit")
            .field("limiter", &self.wait.limiter().name())
            .field("until", &self.wait.until())
            .finish_non_exhaustive()
    }
}
