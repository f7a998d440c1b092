use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resil_core::tower::{Always, PolicyLayer, Wait};
use resil_core::{Clock, MonotonicClock, Policy, Rejected, Timer, Verdict};

use crate::{Permit, RateLimiter, WaitForPermit, Waiting};

/// The limiter as tower middleware that refuses: `P` is an `Arc` or a `&'static` of it.
///
/// ```
/// use resil_ratelimit::{LimitLayer, Quota, RateLimiter};
/// use resil_ratelimit::tower::PolicyLayer;
/// use std::sync::Arc;
/// # use tower_layer::Layer;
/// # #[derive(Clone)] struct Client;
///
/// let limiter = Arc::new(RateLimiter::new("search", Quota::per_second(100)));
/// let limited = LimitLayer::new(Arc::clone(&limiter)).layer(Client);
/// # drop(limited);
/// ```
pub type LimitLayer<P = Arc<RateLimiter>> = PolicyLayer<Always<P>>;

/// A limiter in a tower layer that waits: the middleware for clients, whose requests had better come late than never.
///
/// ```
/// use resil_ratelimit::tower::PolicyLayer;
/// use resil_ratelimit::{InLine, ManualClock, Quota, RateLimiter};
/// use std::{sync::Arc, time::Duration};
/// # use tower_layer::Layer;
/// # #[derive(Clone)] struct Client;
///
/// let timer = ManualClock::new(); // `TokioTimer` or any runtime's sleep
/// let limiter = Arc::new(RateLimiter::with_clock("search".into(), Quota::per_second(100), timer.clone()));
/// let in_line = InLine::new(limiter, Duration::from_secs(5), timer);
/// let limited = PolicyLayer::new(in_line).waiting().layer(Client);
/// # drop(limited);
/// ```
#[derive(Clone)]
pub struct InLine<P, T, C = MonotonicClock> {
    limiter: P,
    max_wait: Duration,
    timer: T,
    clock: std::marker::PhantomData<fn() -> C>,
}

impl<P: Borrow<RateLimiter<C>> + Clone, T: Timer + Clone, C: Clock> InLine<P, T, C> {
    /// `limiter`, an `Arc` or a `&'static` of it, whose requests wait by `timer` for up to `max_wait`.
    pub const fn new(limiter: P, max_wait: Duration, timer: T) -> Self {
        Self { limiter, max_wait, timer, clock: std::marker::PhantomData }
    }
}

impl<P: Borrow<RateLimiter<C>>, T, C: Clock> Policy for InLine<P, T, C> {
    type Permit = Permit;

    fn admit(&self) -> Result<Permit, Rejected> {
        self.limiter.borrow().admit()
    }

    fn settle(&self, permit: Permit, verdict: Verdict) {
        self.limiter.borrow().settle(permit, verdict);
    }

    fn release(&self, permit: Permit) {
        self.limiter.borrow().release(permit);
    }
}

impl<P, T, C> Wait for InLine<P, T, C>
where
    P: Borrow<RateLimiter<C>> + Clone,
    T: Timer + Clone,
    C: Clock,
{
    type Waiting = WaitForPermit<P, C, T>;

    fn wait(&self) -> WaitForPermit<P, C, T> {
        WaitForPermit::new(&Waiting::new(self.limiter.clone(), self.max_wait), self.timer.clone())
    }
}

impl<P: Borrow<RateLimiter<C>>, T, C: Clock> fmt::Debug for InLine<P, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InLine")
            .field("limiter", self.limiter.borrow())
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}
