use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use resil_core::{Clock, Error, Judge, Line, Timer};
use resil_retry::{CallRetrying, Operation};

use crate::assess::{Assess, ByOutcome};
use crate::attempt::{AttemptAsync, Attempts};
use crate::timely::Timely;
use crate::{LastGood, OrElse, OrLastGood};

/// What stands inside of the deadline.
type Retried<'p, A, C, T, Op, M, F, J, N, V, E> = CallRetrying<
    'p,
    C,
    T,
    Attempts<'p, A, C, T, Op, J, N>,
    fn(M) -> (V, E),
    AttemptAsync<'p, A, C, T, F, J, N>,
    ByOutcome,
>;

pin_project! {
    /// A call through a [`Pipeline`](crate::Pipeline); made by [`Pipeline::call_async_with`](crate::Pipeline::call_async_with) and its kin.
    ///
    /// It stores the future of an attempt once and allocates nothing.
    ///
    /// Cancel-safe if the futures are: dropped anywhere, places in line, permits, probes and tokens go back to whom they belong to.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct PipelineCall<'p, A, C, T, Op, M, F, J, N, V, E>
    where
        A: Line,
        C: Clock,
        C: 'static,
        T: Timer,
        F: Future,
        N: Judge<F::Output, Output = Result<V, Error<E>>>,
        J: Assess<V, E>,
    {
        #[pin]
        pub(crate) call: Timely<'p, C, T, Retried<'p, A, C, T, Op, M, F, J, N, V, E>>,
    }
}

impl<A, C, T, Op, M, F, J, N, V, E> PipelineCall<'_, A, C, T, Op, M, F, J, N, V, E>
where
    A: Line,
    C: Clock,
    T: Timer,
    F: Future,
    N: Judge<F::Output, Output = Result<V, Error<E>>>,
    J: Assess<V, E>,
{
    /// The same call, and if it brings nothing, what `fallback` makes of its error.
    ///
    /// ```
    /// use resil_pipeline::{ManualClock, Pipeline};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    ///
    /// let prices = Pipeline::new("prices");
    /// let live = prices.call_async_with(ManualClock::new(), || async { Err::<u32, _>("down") });
    /// let price = live.or_else(|_error| async { Ok::<_, ()>(42) }).await; // from the other region
    /// assert_eq!(price, Ok(42));
    /// # });
    /// ```
    pub const fn or_else<G, H, X>(self, fallback: G) -> OrElse<Self, G, H>
    where
        G: FnOnce(Error<E>) -> H,
        H: Future<Output = Result<V, X>>,
    {
        OrElse::new(self, fallback)
    }

    /// The same call, and if it brings nothing, the last good answer that `cache` has kept, if that is not too old.
    pub const fn or_last_good<K: Clock>(self, cache: &LastGood<V, K>) -> OrLastGood<'_, Self, V, K>
    where
        V: Clone,
    {
        OrLastGood::new(self, cache)
    }
}

impl<A, C, T, Op, M, F, J, N, V, E> Future for PipelineCall<'_, A, C, T, Op, M, F, J, N, V, E>
where
    A: Line,
    C: Clock,
    T: Timer + Clone,
    Op: Operation<M, Output = F>,
    F: Future,
    N: Judge<F::Output, Output = Result<V, Error<E>>>,
    J: Assess<V, E> + Clone,
    E: fmt::Debug,
{
    type Output = Result<V, Error<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match ready!(self.project().call.poll(cx)) {
            Ok(result) => Poll::Ready(result),
            Err(cut) => Poll::Ready(Err(Error::TimedOut(cut))),
        }
    }
}

impl<A, C, T, Op, M, F, J, N, V, E> fmt::Debug for PipelineCall<'_, A, C, T, Op, M, F, J, N, V, E>
where
    A: Line,
    C: Clock,
    T: Timer,
    F: Future,
    N: Judge<F::Output, Output = Result<V, Error<E>>>,
    J: Assess<V, E>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineCall").finish_non_exhaustive()
    }
}
