use std::borrow::Borrow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;
use resil_core::{Clock, Timer};

use crate::acquire::Request;
use crate::{Acquire, RateLimiter};

pin_project! {
    /// A stream whose items each wait for a permit; made by [`RateLimiter::throttle_with`].
    ///
    /// An item is taken from the stream first and handed on once there is a permit for it, so that no permit is spent on a stream that
    /// has nothing. Dropping the stream drops an item that waits and gives up its place in line. Deadlines are not for streams: an item
    /// waits as long as it takes. The stream ends early only if the limiter's time does, after 18 years.
    ///
    /// ```
    /// use futures_core::Stream;
    /// use resil_ratelimit::{ManualClock, Quota, RateLimiter};
    ///
    /// fn paced<'a>(
    ///     pages: impl Stream<Item = String> + 'a,
    ///     limiter: &'a RateLimiter<ManualClock>,
    ///     timer: ManualClock,
    /// ) -> impl Stream<Item = String> + 'a {
    ///     limiter.throttle_with(pages, timer)
    /// }
    /// # let _ = paced(Nothing, &RateLimiter::with_clock("x".into(), Quota::per_second(1), ManualClock::new()), ManualClock::new());
    /// # struct Nothing;
    /// # impl Stream for Nothing { type Item = String;
    /// #   fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<String>> { None.into() } }
    /// ```
    #[must_use = "streams do nothing unless they are polled"]
    pub struct Throttled<S, P, C, T>
    where
        S: Stream,
        P: Borrow<RateLimiter<C>>,
        P: Clone,
        C: Clock,
        T: Timer,
        T: Clone,
    {
        #[pin]
        stream: S,
        // The item that waits, and its wait.
        item: Option<S::Item>,
        #[pin]
        wait: Option<Acquire<P, C, T>>,
        limiter: P,
        timer: T,
        is_over: bool,
    }
}

impl<C: Clock> RateLimiter<C> {
    /// `stream`, with items that each wait for a permit by `timer`.
    pub fn throttle_with<S: Stream, T: Timer + Clone>(
        &self,
        stream: S,
        timer: T,
    ) -> Throttled<S, &Self, C, T> {
        Throttled { stream, item: None, wait: None, limiter: self, timer, is_over: false }
    }
}

impl<S, P, C, T> Stream for Throttled<S, P, C, T>
where
    S: Stream,
    P: Borrow<RateLimiter<C>> + Clone,
    C: Clock,
    T: Timer + Clone,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        if *this.is_over {
            return Poll::Ready(None);
        }
        if this.wait.is_none() {
            *this.item = ready!(this.stream.poll_next(cx));
            if this.item.is_some() {
                this.wait.set(Some(Acquire::requesting(
                    this.limiter.clone(),
                    Request::PATIENT,
                    this.timer.clone(),
                )));
            }
        }
        if let Some(wait) = this.wait.as_mut().as_pin_mut() {
            let permitted = ready!(wait.poll(cx));
            this.wait.set(None);
            if permitted.is_err() {
                *this.item = None;
            }
        }
        *this.is_over = this.item.is_none();
        Poll::Ready(this.item.take())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.is_over {
            return (0, Some(0));
        }
        let held = usize::from(self.item.is_some());
        let (at_least, at_most) = self.stream.size_hint();
        (at_least.saturating_add(held), at_most.and_then(|most| most.checked_add(held)))
    }
}

impl<S, P, C, T> FusedStream for Throttled<S, P, C, T>
where
    S: Stream,
    P: Borrow<RateLimiter<C>> + Clone,
    C: Clock,
    T: Timer + Clone,
{
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl<S, P, C, T> fmt::Debug for Throttled<S, P, C, T>
where
    S: Stream,
    P: Borrow<RateLimiter<C>> + Clone,
    C: Clock,
    T: Timer + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttled").field("wait", &self.wait).finish_non_exhaustive()
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use futures_core::Stream;
    use resil_core::{Clock, TokioTimer};

    use super::Throttled;
    use crate::RateLimiter;

    impl<C: Clock> RateLimiter<C> {
        /// `stream`, with items that each wait for a permit by tokio's timer.
        pub fn throttle<S: Stream>(&self, stream: S) -> Throttled<S, &Self, C, TokioTimer<&C>> {
            self.throttle_with(stream, TokioTimer::on(&self.clock))
        }
    }
}
