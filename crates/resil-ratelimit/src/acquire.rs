use std::borrow::Borrow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{Clock, Deadline, Moment, Rejected, Timer};

use crate::RateLimiter;
use crate::charge::Charge;

/// What is waited for, and how long at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) permits: u32,
    pub(crate) within: Option<Duration>,
    pub(crate) by: Option<Deadline>,
    /// Whether the current deadline is none of its business.
    pub(crate) is_patient: bool,
}

impl Request {
    /// One permit, however long it takes.
    pub(crate) const ONE: Self = Self { permits: 1, within: None, by: None, is_patient: false };
    /// One permit, even after the current deadline.
    #[cfg(feature = "stream")]
    pub(crate) const PATIENT: Self = Self { is_patient: true, ..Self::ONE };

    /// The latest instant that this request and the current deadline accept.
    pub(crate) fn latest(self, clock: &impl Clock) -> Moment {
        let within = self.within.map_or(Moment::MAX, |within| clock.now().saturating_add(within));
        let current = if self.is_patient { None } else { Deadline::current() };
        [self.by, current].into_iter().flatten().map(Deadline::moment).fold(within, Moment::min)
    }
}

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
        place: Place<P, C>,
        request: Request,
        timer: T,
        // Made when there is something to wait for.
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

/// A place in the line of a limiter, given up when dropped.
pub(crate) struct Place<P: Borrow<RateLimiter<C>>, C: Clock> {
    limiter: P,
    booked: Option<Booked>,
    /// What was given at the end of the wait.
    granted: Option<Charge>,
    clock: std::marker::PhantomData<fn() -> C>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Booked {
    charge: Charge,
    /// When it may be used.
    pub(crate) at: Moment,
    since: Moment,
}

impl<P: Borrow<RateLimiter<C>>, C: Clock> Place<P, C> {
    pub(crate) const fn none(limiter: P) -> Self {
        Self { limiter, booked: None, granted: None, clock: std::marker::PhantomData }
    }

    pub(crate) fn limiter(&self) -> &RateLimiter<C> {
        self.limiter.borrow()
    }

    /// Books, and says until when to wait; `None` if the permits are there.
    pub(crate) fn book(&mut self, request: Request) -> Result<Option<Moment>, Rejected> {
        if request.permits == 0 {
            return Ok(None);
        }
        let limiter = self.limiter();
        let latest = request.latest(&limiter.clock);
        let since = limiter.clock.now();
        let (charge, at) = limiter.book(request.permits, latest)?;
        let booked = Booked { charge, at, since };
        let wait = (at > since).then_some(at);
        if wait.is_none() {
            limiter.arrive(request.permits, None);
            self.granted = Some(charge);
        } else {
            self.booked = Some(booked);
        }
        Ok(wait)
    }

    /// The instant that is still to come; `None` once the permits are there.
    pub(crate) fn still_until(&mut self) -> Option<Moment> {
        let booked = self.booked?;
        let limiter = self.limiter();
        if limiter.clock.now() < booked.at {
            return Some(booked.at);
        }
        limiter.arrive(booked.charge.permits, Some(booked.since));
        self.granted = Some(booked.charge);
        self.booked = None;
        None
    }
}

impl<P: Borrow<RateLimiter<C>>, C: Clock> Drop for Place<P, C> {
    fn drop(&mut self) {
        if let Some(booked) = self.booked.take() {
            self.limiter().give_up(booked.charge);
        }
    }
}

impl<P, C, T> Acquire<P, C, T>
where
    P: Borrow<RateLimiter<C>>,
    C: Clock,
    T: Timer,
{
    pub(crate) fn new(limiter: P, request: Request, timer: T) -> Self {
        Self { place: Place::none(limiter), request, timer, sleep: None }
    }

    /// What was given, once the wait has ended.
    #[cfg(feature = "tower")]
    pub(crate) fn take_granted(self: Pin<&mut Self>) -> Option<Charge> {
        self.project().place.granted.take()
    }

    /// Waits for so many permits, all at once; a heavy wait is not overtaken by light ones.
    pub fn permits(mut self, permits: u32) -> Self {
        self.request.permits = permits;
        self
    }

    /// Waits no longer than `max_wait`, counted from the first poll.
    pub fn within(mut self, max_wait: Duration) -> Self {
        self.request.within = Some(max_wait);
        self
    }

    /// Waits no longer than until `deadline`.
    pub fn by(mut self, deadline: Deadline) -> Self {
        self.request.by = Some(deadline);
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
        let mut this = self.project();
        if this.sleep.is_none() {
            match this.place.book(*this.request)? {
                Some(at) => this.sleep.set(Some(this.timer.sleep_until(at))),
                None => return Poll::Ready(Ok(())),
            }
        }
        while let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
            ready!(sleep.poll(cx));
            // The timer's clock may run ahead of the limiter's.
            let until = this.place.still_until();
            this.sleep.set(until.map(|at| this.timer.sleep_until(at)));
        }
        Poll::Ready(Ok(()))
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
            .field("limiter", &self.place.limiter().name())
            .field("request", &self.request)
            .field("until", &self.place.booked.map(|booked| booked.at))
            .finish_non_exhaustive()
    }
}

impl<C: Clock> RateLimiter<C> {
    /// Waits for one permit by `timer`: any runtime's sleep. See [`Acquire`] for more permits and for limits of the wait.
    pub fn acquire_with<T: Timer>(&self, timer: T) -> Acquire<&Self, C, T> {
        Acquire::new(self, Request::ONE, timer)
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::time::Duration;

    use resil_core::{Clock, Deadline, TokioTimer};

    use super::{Acquire, Request};
    use crate::RateLimiter;

    type OnTokio<'a, C> = Acquire<&'a RateLimiter<C>, C, TokioTimer<&'a C>>;

    /// Waits by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<C: Clock> RateLimiter<C> {
        /// Waits for one permit.
        pub fn acquire(&self) -> OnTokio<'_, C> {
            Acquire::new(self, Request::ONE, TokioTimer::on(&self.clock))
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
