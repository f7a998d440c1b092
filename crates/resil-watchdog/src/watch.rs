use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use resil_core::{Name, TimedOut};

use crate::Pinger;
use crate::post::{Cord, Post};

pin_project! {
    /// A future that is watched, and cut off if it stands still; see [`Watchdog::watch`](crate::Watchdog::watch).
    ///
    /// ```
    /// # use std::{future, pin::pin, task::{Context, Waker}, time::Duration};
    /// # use resil_watchdog::{Watchdog, background::Parker, MonotonicClock};
    /// let dog = Watchdog::new(Duration::from_secs(30)).start()?;
    /// let answer = dog.watch(async { 6 * 7 }); // to be awaited
    /// # let answer = Parker::new().finish(answer, &MonotonicClock);
    /// assert_eq!(answer, Ok(42));
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Watch<F> {
        // None once it is done, or was cut off.
        #[pin]
        future: Option<F>,
        post: Arc<Post>,
        // Pings at each poll.
        pinger: Option<Pinger>,
        watchdog: Name,
    }
}

impl<F> Watch<F> {
    /// Each poll is a ping.
    pub(crate) fn of_polls(future: F, pinger: Pinger, watchdog: Name) -> Self {
        Self { future: Some(future), post: Arc::clone(pinger.post()), pinger: Some(pinger), watchdog }
    }

    /// Only what is pinged at `post` counts.
    pub(crate) fn of_pings(future: F, post: Arc<Post>, watchdog: Name) -> Self {
        Self { future: Some(future), post, pinger: None, watchdog }
    }
}

impl<F: Future> Future for Watch<F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(pinger) = this.pinger {
            pinger.ping();
        }
        // What is ready is not thrown away, though it comes late.
        if let Some(future) = this.future.as_mut().as_pin_mut()
            && let Poll::Ready(output) = future.poll(cx)
        {
            // Whoever awaits it may keep it for long.
            this.future.set(None);
            *this.pinger = None;
            return Poll::Ready(Ok(output));
        }
        let Some(cord) = this.post.cord() else { return Poll::Pending };
        match cord.hold(cx.waker()) {
            Some(silence) => {
                this.future.set(None);
                *this.pinger = None;
                Poll::Ready(Err(TimedOut::new(*this.watchdog, silence)))
            }
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for Watch<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("watchdog", &self.watchdog)
            .field("pings", &self.post.pings())
            .field("is_cut", &self.post.cord().and_then(Cord::is_cut).is_some())
            .finish_non_exhaustive()
    }
}
