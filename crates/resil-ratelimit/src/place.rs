use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{Clock, Deadline, Moment, Policy, Rejected, Timer, wait_until};

/// What is waited for, and how long at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<A = u32> {
    pub(crate) permits: A,
    pub(crate) within: Option<Duration>,
    pub(crate) by: Option<Deadline>,
    /// Whether the current deadline is none of its business.
    pub(crate) is_patient: bool,
}

impl Request {
    /// One permit, however long it takes.
    pub(crate) const ONE: Self = Self::of(1);
    /// One permit, even after the current deadline.
    #[cfg(feature = "stream")]
    pub(crate) const PATIENT: Self = Self { is_patient: true, ..Self::ONE };
}

impl<A: Copy> Request<A> {
    /// So many permits, however long it takes.
    pub(crate) const fn of(permits: A) -> Self {
        Self { permits, within: None, by: None, is_patient: false }
    }

    /// The latest instant that this request and the current deadline accept.
    pub(crate) fn latest(self, clock: &impl Clock) -> Moment {
        let within = self.within.map_or(Moment::MAX, |within| clock.now().saturating_add(within));
        let current = if self.is_patient { None } else { Deadline::current() };
        [self.by, current].into_iter().flatten().map(Deadline::moment).fold(within, Moment::min)
    }
}

/// A limiter that books an instant for everybody who waits.
pub trait Bookable: Policy {
    /// What its instants belong to.
    type Clock: Clock;

    /// How much is asked for.
    type Amount: Copy + PartialEq + fmt::Debug;

    /// What is always there.
    const NOTHING: Self::Amount;

    /// The clock.
    fn clock(&self) -> &Self::Clock;

    /// Takes `amount` if it is there. `None` may also say that only [`book`](Self::book) knows.
    #[inline]
    fn take_now(&self, _amount: Self::Amount) -> Option<Self::Permit> {
        None
    }

    /// Books the first instant at which `amount` can be used, unless it is after `latest`, which need not be asked for.
    fn book(
        &self,
        amount: Self::Amount,
        latest: impl FnOnce() -> Moment,
    ) -> Result<Booked<Self::Permit>, Rejected>;

    /// Gives `amount` at the instant that was booked for it: after a wait since `since`, or at once.
    fn arrive(&self, permit: Self::Permit, amount: Self::Amount, since: Option<Moment>) -> Self::Permit;

    /// Gives up a booking whose instant nobody waits for any more.
    fn give_up(&self, permit: Self::Permit);
}

/// Permits from an instant on.
#[derive(Debug)]
pub struct Booked<M> {
    /// The permits.
    pub(crate) permit: M,
    /// When they may be used.
    pub(crate) at: Moment,
    /// When they were booked.
    pub(crate) since: Moment,
}

/// A place in the line of a limiter, given up when dropped.
pub(crate) struct Place<L: Bookable, P: Borrow<L>> {
    limiter: P,
    amount: L::Amount,
    booked: Option<Booked<L::Permit>>,
    kind: PhantomData<fn() -> L>,
}

/// What comes of asking for a place.
enum Answer<M> {
    /// Permits, but for those who asked for nothing.
    Given(Option<M>),
    /// An instant that is still to come.
    Until(Moment),
}

impl<L: Bookable, P: Borrow<L>> Place<L, P> {
    const fn none(limiter: P) -> Self {
        Self { limiter, amount: L::NOTHING, booked: None, kind: PhantomData }
    }

    fn book(&mut self, request: Request<L::Amount>) -> Result<Answer<L::Permit>, Rejected> {
        if request.permits == L::NOTHING {
            return Ok(Answer::Given(None));
        }
        let limiter = self.limiter.borrow();
        let booked = limiter.book(request.permits, || request.latest(limiter.clock()))?;
        if booked.at <= booked.since {
            return Ok(Answer::Given(Some(limiter.arrive(booked.permit, request.permits, None))));
        }
        let at = booked.at;
        (self.amount, self.booked) = (request.permits, Some(booked));
        Ok(Answer::Until(at))
    }

    fn look_again(&mut self) -> Answer<L::Permit> {
        let limiter = self.limiter.borrow();
        let now = limiter.clock().now();
        if let Some(booked) = self.booked.as_ref().filter(|booked| now < booked.at) {
            return Answer::Until(booked.at);
        }
        let arrive = |booked: Booked<_>| limiter.arrive(booked.permit, self.amount, Some(booked.since));
        Answer::Given(self.booked.take().map(arrive))
    }
}

impl<L: Bookable, P: Borrow<L>> Drop for Place<L, P> {
    fn drop(&mut self) {
        if let Some(booked) = self.booked.take() {
            self.limiter.borrow().give_up(booked.permit);
        }
    }
}

/// Waits for what `request` says, with the thread parked.
pub(crate) fn wait_blocking<L: Bookable>(limiter: &L, request: Request<L::Amount>) -> Result<(), Rejected> {
    wait_for_permit(limiter, request).map(drop)
}

/// Waits for what `request` says, with the thread parked; there is no permit for those who asked for nothing.
pub(crate) fn wait_for_permit<L: Bookable>(
    limiter: &L,
    request: Request<L::Amount>,
) -> Result<Option<L::Permit>, Rejected> {
    if request.permits != L::NOTHING
        && let Some(permit) = limiter.take_now(request.permits)
    {
        return Ok(Some(permit));
    }
    let mut place = Place::<L, &L>::none(limiter);
    let mut answer = place.book(request)?;
    loop {
        match answer {
            Answer::Given(permit) => return Ok(permit),
            Answer::Until(at) => wait_until(limiter.clock(), at),
        }
        answer = place.look_again();
    }
}

pin_project! {
    /// The wait for what a request says; there is no permit for those who asked for nothing. Dropped before its end, it gives up its
    /// place.
    pub(crate) struct Wait<L, P, T>
    where
        L: Bookable,
        P: Borrow<L>,
        T: Timer,
    {
        place: Place<L, P>,
        pub(crate) request: Request<L::Amount>,
        timer: T,
        // Made when there is something to wait for.
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

impl<L: Bookable, P: Borrow<L>, T: Timer> Wait<L, P, T> {
    pub(crate) const fn new(limiter: P, request: Request<L::Amount>, timer: T) -> Self {
        Self { place: Place::none(limiter), request, timer, sleep: None }
    }

    pub(crate) fn limiter(&self) -> &L {
        self.place.limiter.borrow()
    }

    /// The instant that it waits for.
    pub(crate) fn until(&self) -> Option<Moment> {
        self.place.booked.as_ref().map(|booked| booked.at)
    }
}

impl<L: Bookable, P: Borrow<L>, T: Timer> Future for Wait<L, P, T> {
    type Output = Result<Option<L::Permit>, Rejected>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let amount = this.request.permits;
        if this.sleep.is_none()
            && amount != L::NOTHING
            && let Some(permit) = this.place.limiter.borrow().take_now(amount)
        {
            return Poll::Ready(Ok(Some(permit)));
        }
        let mut has_slept = false;
        loop {
            let answer = match this.sleep.as_mut().as_pin_mut() {
                None => this.place.book(*this.request)?,
                Some(sleep) => {
                    ready!(sleep.poll(cx));
                    this.place.look_again()
                }
            };
            let at = match answer {
                Answer::Until(at) => at,
                Answer::Given(permit) => {
                    this.sleep.set(None);
                    return Poll::Ready(Ok(permit));
                }
            };
            let woke_early = this.sleep.is_some() && std::mem::replace(&mut has_slept, true);
            this.sleep.set(Some(this.timer.sleep_until(at)));
            if woke_early {
                // Again: the timer's clock runs ahead of the limiter's. Others can run meanwhile.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}
