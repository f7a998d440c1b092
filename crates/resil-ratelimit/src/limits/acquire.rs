use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{Clock, Deadline, Rejected, Timer};

use super::RateLimits;
use crate::place::{Bookable, Request, Wait, wait_blocking};

pin_project! {
    /// The wait for permits of several quotas: made by [`acquire_with`](RateLimits::acquire_with) and its kin.
    ///
    /// It books its place on all quotas at the first poll, so waiters are served in the order of their first polls, and sleeps once,
    /// until its instant. A wait that could not end in time, by its own limits or by the [current deadline](Deadline::current), is
    /// refused at the first poll, with the hint when to come again, and books nothing.
    ///
    /// Cancel-safe: dropped before its end, it gives up its place. If others have booked behind it, the next waiter to come gets it.
    ///
    /// ```
    /// use resil_ratelimit::{ManualClock, Quota, RateLimits};
    /// use std::time::Duration;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = ManualClock::new(); // as the clock and as the timer
    /// let quotas = [Quota::per_minute(500), Quota::per_minute(60_000)];
    /// let openai = RateLimits::with_clock("openai".into(), quotas, clock.clone());
    /// openai.acquire_with(clock.clone()).each([1, 60_000]).await?; // at once
    ///
    /// let too_long = openai.acquire_with(clock.clone()).each([1, 2_000]).within(Duration::from_secs(1)).await;
    /// assert_eq!(too_long.unwrap_err().retry_after(), Some(Duration::from_secs(2)));
    /// # Ok::<_, resil_ratelimit::Rejected>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct LimitsAcquire<L, P, T>
    where
        L: Bookable,
        P: Borrow<L>,
        T: Timer,
    {
        #[pin]
        wait: Wait<L, P, T>,
    }
}

impl<const N: usize, P, C, T> LimitsAcquire<RateLimits<N, C>, P, T>
where
    P: Borrow<RateLimits<N, C>>,
    C: Clock,
    T: Timer,
{
    /// The wait for one permit of each quota of `limits`, which are held by reference or in an `Arc`, by `timer`.
    pub const fn new(limits: P, timer: T) -> Self {
        Self { wait: Wait::new(limits, Request::of([1; N]), timer) }
    }

    /// Waits for so many permits, a number for each quota, all at once; a heavy wait is not overtaken by light ones.
    pub fn each(mut self, permits: [u32; N]) -> Self {
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

impl<L: Bookable, P: Borrow<L>, T: Timer> Future for LimitsAcquire<L, P, T> {
    type Output = Result<(), Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().wait.poll(cx).map_ok(drop)
    }
}

impl<L: Bookable + fmt::Debug, P: Borrow<L>, T: Timer> fmt::Debug for LimitsAcquire<L, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitsAcquire")
            .field("limits", self.wait.limiter())
            .field("request", &self.wait.request)
            .field("until", &self.wait.until())
            .finish_non_exhaustive()
    }
}

impl<const N: usize, C: Clock> RateLimits<N, C> {
    /// Waits for one permit of each quota by `timer`: any runtime's sleep. See [`LimitsAcquire`] for more permits and for limits of the
    /// wait.
    pub fn acquire_with<T: Timer>(&self, timer: T) -> LimitsAcquire<Self, &Self, T> {
        LimitsAcquire::new(self, timer)
    }
}

/// Waits that park the calling thread, in one line with all other waits.
///
/// A wait that could not end in time, by its own limit or by the [current deadline](Deadline::current), is refused at once, with the
/// hint when to come again, and books nothing.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimits};
/// use std::time::Duration;
///
/// let limits = RateLimits::new("search", [Quota::per_second(1_000).burst(1), Quota::per_day(3)]);
/// for _ in 0..3 {
///     limits.acquire_blocking()?; // the second and the third wait a millisecond
/// }
/// assert!(limits.acquire_blocking_timeout(Duration::from_secs(1)).is_err()); // at once: the day has no more
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
impl<const N: usize, C: Clock> RateLimits<N, C> {
    /// Waits for one permit of each quota.
    pub fn acquire_blocking(&self) -> Result<(), Rejected> {
        self.acquire_blocking_each([1; N])
    }

    /// Waits for `permits`, a number for each quota, all at once.
    pub fn acquire_blocking_each(&self, permits: [u32; N]) -> Result<(), Rejected> {
        wait_blocking(self, Request::of(permits))
    }

    /// Waits for one permit of each quota, no longer than `max_wait`.
    pub fn acquire_blocking_timeout(&self, max_wait: Duration) -> Result<(), Rejected> {
        self.acquire_blocking_timeout_each([1; N], max_wait)
    }

    /// Waits for `permits`, a number for each quota, all at once, no longer than `max_wait`.
    pub fn acquire_blocking_timeout_each(
        &self,
        permits: [u32; N],
        max_wait: Duration,
    ) -> Result<(), Rejected> {
        wait_blocking(self, Request { within: Some(max_wait), ..Request::of(permits) })
    }

    /// Waits for one permit of each quota, no longer than until `deadline`.
    pub fn acquire_blocking_deadline(&self, deadline: Deadline) -> Result<(), Rejected> {
        self.acquire_blocking_deadline_each([1; N], deadline)
    }

    /// Waits for `permits`, a number for each quota, all at once, no longer than until `deadline`.
    pub fn acquire_blocking_deadline_each(
        &self,
        permits: [u32; N],
        deadline: Deadline,
    ) -> Result<(), Rejected> {
        wait_blocking(self, Request { by: Some(deadline), ..Request::of(permits) })
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::time::Duration;

    use resil_core::{Clock, Deadline, TokioTimer};

    use super::LimitsAcquire;
    use crate::RateLimits;

    type OnTokio<'a, const N: usize, C> =
        LimitsAcquire<RateLimits<N, C>, &'a RateLimits<N, C>, TokioTimer<&'a C>>;

    /// Waits by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<const N: usize, C: Clock> RateLimits<N, C> {
        /// Waits for one permit of each quota.
        pub fn acquire(&self) -> OnTokio<'_, N, C> {
            LimitsAcquire::new(self, TokioTimer::on(&self.clock))
        }

        /// Waits for `permits`, a number for each quota, all at once.
        pub fn acquire_each(&self, permits: [u32; N]) -> OnTokio<'_, N, C> {
            self.acquire().each(permits)
        }

        /// Waits for one permit of each quota, no longer than `max_wait`.
        pub fn acquire_timeout(&self, max_wait: Duration) -> OnTokio<'_, N, C> {
            self.acquire().within(max_wait)
        }

        /// Waits for `permits`, a number for each quota, all at once, no longer than `max_wait`.
        pub fn acquire_timeout_each(&self, permits: [u32; N], max_wait: Duration) -> OnTokio<'_, N, C> {
            self.acquire().each(permits).within(max_wait)
        }

        /// Waits for one permit of each quota, no longer than until `deadline`.
        pub fn acquire_deadline(&self, deadline: Deadline) -> OnTokio<'_, N, C> {
            self.acquire().by(deadline)
        }

        /// Waits for `permits`, a number for each quota, all at once, no longer than until `deadline`.
        pub fn acquire_deadline_each(&self, permits: [u32; N], deadline: Deadline) -> OnTokio<'_, N, C> {
            self.acquire().each(permits).by(deadline)
        }
    }
}
