use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{ByResult, Clock, Error, Flat, Judge, MonotonicClock, Nested, Timer};

use crate::acquire::Request;
use crate::{Acquire, RateLimiter};

/// A limiter whose calls wait for their permit, up to a limit, instead of being refused; made by [`RateLimiter::waiting`].
///
/// It stands around calls and is no member of a tuple of policies: there it would keep what those before it gave. In a stack, it
/// comes before the breaker, so that a waiter holds no probe.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter};
/// use std::time::Duration;
///
/// static SEARCH: RateLimiter = RateLimiter::new("search", Quota::per_second(1_000).burst(1));
///
/// let search = SEARCH.waiting(Duration::from_secs(1));
/// for _ in 0..3 {
///     search.call(|| Ok::<_, ()>("found"))?; // 1 ms apart
/// }
/// # Ok::<_, resil_ratelimit::Error<()>>(())
/// ```
#[derive(Debug)]
#[must_use = "it limits the calls that are made through it"]
pub struct Waiting<P, C = MonotonicClock> {
    pub(crate) limiter: P,
    pub(crate) max_wait: Duration,
    is_patient: bool,
    clock: PhantomData<fn() -> C>,
}

impl<P: Clone, C> Clone for Waiting<P, C> {
    fn clone(&self) -> Self {
        Self {
            limiter: self.limiter.clone(),
            max_wait: self.max_wait,
            is_patient: self.is_patient,
            clock: PhantomData,
        }
    }
}

impl<P: Copy, C> Copy for Waiting<P, C> {}

impl<C: Clock> RateLimiter<C> {
    /// This limiter, with calls that wait for their permit for up to `max_wait`.
    pub const fn waiting(&self, max_wait: Duration) -> Waiting<&Self, C> {
        Waiting::new(self, max_wait)
    }
}

impl<P: Borrow<RateLimiter<C>>, C: Clock> Waiting<P, C> {
    /// `limiter`, by reference or in an `Arc`, with calls that wait for their permit for up to `max_wait`.
    pub const fn new(limiter: P, max_wait: Duration) -> Self {
        Self { limiter, max_wait, is_patient: false, clock: PhantomData }
    }

    /// Whether calls wait also past the [current deadline](crate::Deadline::current), which else refuses a wait that it would end; by
    /// default no.
    pub const fn patient(mut self, waits: bool) -> Self {
        self.is_patient = waits;
        self
    }

    /// Runs `f` once there is a permit. Parks the thread until then.
    ///
    /// # Errors
    /// [`Error::Rejected`] at once if there will be none in time.
    pub fn call<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.limiter.borrow().wait_blocking(self.request())?;
        f().map_err(Error::Inner)
    }

    /// Runs `f`, which is guarded by other policies already, once there is a permit. Parks the thread until then.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_nested<T, E>(&self, f: impl FnOnce() -> Result<T, Error<E>>) -> Result<T, Error<E>> {
        self.limiter.borrow().wait_blocking(self.request())?;
        f()
    }

    /// Runs `future` once there is a permit; `timer` is any runtime's sleep.
    ///
    /// Cancel-safe: dropped in its wait, it gives up its place in line.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_async_with<T, E, S: Timer, F>(
        &self,
        timer: S,
        future: F,
    ) -> CallWaiting<&RateLimiter<C>, C, S, F, Flat<ByResult>>
    where
        F: Future<Output = Result<T, E>>,
    {
        CallWaiting { wait: Some(self.permit(timer)), future, judge: PhantomData }
    }

    /// Runs `future`, which is guarded by other policies already, once there is a permit; `timer` is any runtime's sleep.
    ///
    /// Cancel-safe: dropped in its wait, it gives up its place in line.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_async_nested_with<T, E, S: Timer, F>(
        &self,
        timer: S,
        future: F,
    ) -> CallWaiting<&RateLimiter<C>, C, S, F, Nested<ByResult>>
    where
        F: Future<Output = Result<T, Error<E>>>,
    {
        CallWaiting { wait: Some(self.permit(timer)), future, judge: PhantomData }
    }

    fn permit<T: Timer>(&self, timer: T) -> Acquire<&RateLimiter<C>, C, T> {
        Acquire::requesting(self.limiter.borrow(), self.request(), timer)
    }

    pub(crate) const fn request(&self) -> Request {
        Request { within: Some(self.max_wait), is_patient: self.is_patient, ..Request::ONE }
    }
}

pin_project! {
    /// A call that waits for its permit; made by [`Waiting::call_async_with`] and its kin. Cancel-safe.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct CallWaiting<P, C, T, F, J>
    where
        P: Borrow<RateLimiter<C>>,
        C: Clock,
        T: Timer,
    {
        #[pin]
        wait: Option<Acquire<P, C, T>>,
        #[pin]
        future: F,
        judge: PhantomData<fn() -> J>,
    }
}

impl<P, C, T, F, J> Future for CallWaiting<P, C, T, F, J>
where
    P: Borrow<RateLimiter<C>>,
    C: Clock,
    T: Timer,
    F: Future,
    J: Judge<F::Output>,
{
    type Output = J::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        let mut this = self.project();
        if let Some(wait) = this.wait.as_mut().as_pin_mut() {
            let permitted = ready!(wait.poll(cx));
            this.wait.set(None);
            if let Err(refusal) = permitted {
                return Poll::Ready(J::refused(refusal));
            }
        }
        this.future.poll(cx).map(J::ran)
    }
}

impl<P: Borrow<RateLimiter<C>>, C: Clock, T: Timer, F, J> fmt::Debug for CallWaiting<P, C, T, F, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallWaiting").field("wait", &self.wait).finish_non_exhaustive()
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::borrow::Borrow;
    use std::future::Future;

    use resil_core::{ByResult, Clock, Error, Flat, Nested, TokioTimer};

    use super::{CallWaiting, Waiting};
    use crate::RateLimiter;

    /// A call on tokio.
    type OnTokio<'a, C, F, J> = CallWaiting<&'a RateLimiter<C>, C, TokioTimer<&'a C>, F, J>;

    /// Waits by tokio's timer.
    impl<P: Borrow<RateLimiter<C>>, C: Clock> Waiting<P, C> {
        /// [`call_async_with`](Self::call_async_with) by tokio's timer.
        pub fn call_async<T, E, F>(&self, future: F) -> OnTokio<'_, C, F, Flat<ByResult>>
        where
            F: Future<Output = Result<T, E>>,
        {
            self.call_async_with(TokioTimer::on(&self.limiter.borrow().clock), future)
        }

        /// [`call_async_nested_with`](Self::call_async_nested_with) by tokio's timer.
        pub fn call_async_nested<T, E, F>(&self, future: F) -> OnTokio<'_, C, F, Nested<ByResult>>
        where
            F: Future<Output = Result<T, Error<E>>>,
        {
            self.call_async_nested_with(TokioTimer::on(&self.limiter.borrow().clock), future)
        }
    }
}
