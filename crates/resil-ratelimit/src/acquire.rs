use std::borrow::Borrow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{Clock, Deadline, Moment, Rejected, Timer};

pub(crate) use crate::place::Request;
use crate::place::{Bookable, Booked, Wait};
use crate::{Permit, RateLimiter};

pin_project! {
    /// The wait for permits: made by [`acquire_with`](RateLimiter::acquire_with) and its kin.
    ///
    /// It books its place at the first poll, so waiters are served in the order of their first polls, and sleeps once, until its
    /// instant. A wait that could not end in time, by its own limits or by the [current deadline](Deadline::current), is refused
    /// at the first poll, with the hint when to come again, and books nothing.
    ///
    /// Cancel-safe: dropped before its end, it gives up its place. If others have booked behind it, the next waiter to come gets it.
    ///
    /// ```
    /// use resil_ratelimit::{ManualClock, Quota, RateLimiter};
    /// use std::time::Duration;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = ManualClock::new(); // as the clock and as the timer
    /// let limiter = RateLimiter::with_clock("search".into(), Quota::per_second(1), clock.clone());
    /// limiter.acquire_with(clock.clone()).await?; // at once
    ///
    /// let too_long = limiter.acquire_with(clock.clone()).within(Duration::from_millis(10)).await;
    /// assert_eq!(too_long.unwrap_err().retry_after(), Some(Duration::from_secs(1)));
    /// # Ok::<_, resil_ratelimit::Rejected>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Acquire<P, C, T>
    where
        P: Borrow<RateLimiter<C>>,
        C: Clock,
        T: Timer,
    {
        #[pin]
        wait: Wait<RateLimiter<C>, P, T>,
    }
}

impl<C: Clock> Bookable for RateLimiter<C> {
    type Clock = C;
    type Amount = u32;

    const NOTHING: u32 = 0;

    fn clock(&self) -> &C {
        &self.clock
    }

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn take_now(&self, permits: u32) -> Option<Permit> {
        self.take_if_any(permits).map(Permit)
    }

    fn book(&self, permits: u32, latest: impl FnOnce() -> Moment) -> Result<Booked<Permit>, Rejected> {
        self.book_place(permits, latest)
    }

    fn arrive(&self, permit: Permit, permits: u32, since: Option<Moment>) -> Permit {
        Self::arrive(self, permits, since);
        permit
    }

    fn give_up(&self, permit: Permit) {
        Self::give_up(self, permit.0);
    }
}

impl<P, C, T> Acquire<P, C, T>
where
    P: Borrow<RateLimiter<C>>,
    C: Clock,
    T: Timer,
{
    /// The wait for one permit of `limiter`, which is held by reference or in an `Arc`, by `timer`.
    pub fn new(limiter: P, timer: T) -> Self {
        Self::requesting(limiter, Request::ONE, timer)
    }

    pub(crate) fn requesting(limiter: P, request: Request, timer: T) -> Self {
        Self { wait: Wait::new(limiter, request, timer) }
    }

    /// Waits for so many permits, all at once; a heavy wait is not overtaken by light ones.
    pub fn permits(mut self, permits: u32) -> Self {
        self.wait.request.permits = permits;
        self
    }

    /// Waits no longer than `max_wait`, counted from the first poll.
    pub fn within(mut self, max_wait: Duration) -> Self {
        self.wait.request.within = Some(max_wait);
        self
    }

    /// Waits no longer than until `deadline`.
    pub fn by(mut self, deadline: Deadline) -> Self {
        self.wait.request.by = Some(deadline);
        self
    }
}

impl<P, C, T> Future for Acquire<P, C, T>
where
    P: Borrow<RateLimiter<C>>,
    C: Clock,
    T: Timer,
{
    type Output = Result<(), Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().wait.poll(cx).map_ok(drop)
    }
}

impl<P, C, T> std::fmt::Debug for Acquire<P, C, T>
where
    P: Borrow<RateLimiter<C>>,
    C: Clock,
    T: Timer,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acquire")
            .field("limiter", &self.wait.limiter().name())
            .field("request", &self.wait.request)
            .field("until", &self.wait.until())
            .finish_non_exhaustive()
    }
}

impl<C: Clock> RateLimiter<C> {
    /// Waits for one permit by `timer`: any runtime's sleep. See [`Acquire`] for more permits and for limits of the wait.
    pub fn acquire_with<T: Timer>(&self, timer: T) -> Acquire<&Self, C, T> {
        Acquire::new(self, timer)
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::time::Duration;

    use resil_core::{Clock, Deadline, TokioTimer};

    use super::Acquire;
    use crate::RateLimiter;

    type OnTokio<'a, C> = Acquire<&'a RateLimiter<C>, C, TokioTimer<&'a C>>;

    /// Waits by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<C: Clock> RateLimiter<C> {
        /// Waits for one permit.
        pub fn acquire(&self) -> OnTokio<'_, C> {
            Acquire::new(self, TokioTimer::on(&self.clock))
        }

        /// Waits for `permits`, all at once.
        pub fn acquire_n(&self, permits: u32) -> OnTokio<'_, C> {
            self.acquire().permits(permits)
        }

        /// Waits for one permit, no longer than `max_wait`.
        pub fn acquire_timeout(&self, max_wait: Duration) -> OnTokio<'_, C> {
            self.acquire().within(max_wait)
        }

        /// Waits for `permits`, all at once, no longer than `max_wait`.
        pub fn acquire_timeout_n(&self, permits: u32, max_wait: Duration) -> OnTokio<'_, C> {
            self.acquire().permits(permits).within(max_wait)
        }

        /// Waits for one permit, no longer than until `deadline`.
        pub fn acquire_deadline(&self, deadline: Deadline) -> OnTokio<'_, C> {
            self.acquire().by(deadline)
        }

        /// Waits for `permits`, all at once, no longer than until `deadline`.
        pub fn acquire_deadline_n(&self, permits: u32, deadline: Deadline) -> OnTokio<'_, C> {
            self.acquire().permits(permits).by(deadline)
        }
    }
}
