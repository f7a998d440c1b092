use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::tower::Wait;
use resil_core::{Clock, MonotonicClock, Policy, Rejected, Timer, Verdict};

use super::{KeyedPermit, OwnedKeyed};
use crate::place::{self, Request};

/// A key of a limiter in a tower layer that waits: the middleware for clients with a limit for each host or tenant.
///
/// ```
/// use resil_ratelimit::tower::PolicyLayer;
/// use resil_ratelimit::{Keyed, KeyedInLine, KeyedRateLimiter, ManualClock, Quota};
/// use std::{sync::Arc, time::Duration};
/// # use tower_layer::Layer;
/// # #[derive(Clone)] struct Client;
/// # struct Request { host: String }
///
/// let timer = ManualClock::new(); // `TokioTimer` or any runtime's sleep
/// let hosts = KeyedRateLimiter::<String, _>::with_clock("hosts".into(), Quota::per_second(100), timer.clone());
/// let hosts = Arc::new(hosts);
/// let limited = PolicyLayer::select(move |request: &Request| {
///     let host = Keyed::new(Arc::clone(&hosts), request.host.clone());
///     KeyedInLine::new(host, Duration::from_secs(5), timer.clone())
/// });
/// let client = limited.waiting().layer(Client);
/// # drop(client);
/// ```
#[derive(Clone)]
pub struct KeyedInLine<K: 'static, T, C = MonotonicClock> {
    key: OwnedKeyed<K, C>,
    max_wait: Duration,
    timer: T,
}

impl<K, T, C> KeyedInLine<K, T, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Timer + Clone,
    C: Clock,
{
    /// `key`, whose requests wait by `timer` for up to `max_wait`.
    pub const fn new(key: OwnedKeyed<K, C>, max_wait: Duration, timer: T) -> Self {
        Self { key, max_wait, timer }
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static, T, C: Clock> Policy for KeyedInLine<K, T, C> {
    type Permit = KeyedPermit;

    fn admit(&self) -> Result<KeyedPermit, Rejected> {
        self.key.admit()
    }

    fn settle(&self, permit: KeyedPermit, verdict: Verdict) {
        self.key.settle(permit, verdict);
    }

    fn release(&self, permit: KeyedPermit) {
        self.key.release(permit);
    }
}

impl<K, T, C> Wait for KeyedInLine<K, T, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    T: Timer + Clone,
    C: Clock,
{
    type Waiting = WaitForKey<K, C, T>;

    fn wait(&self) -> WaitForKey<K, C, T> {
        let request = Request { within: Some(self.max_wait), ..Request::ONE };
        WaitForKey { wait: place::Wait::new(self.key.clone(), request, self.timer.clone()) }
    }
}

impl<K: fmt::Debug, T, C: Clock> fmt::Debug for KeyedInLine<K, T, C>
where
    K: Hash + Eq + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedInLine")
            .field("key", &self.key)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The wait of a request for the permit of its key; made by [`KeyedInLine`]. Cancel-safe.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct WaitForKey<K, C, T>
    where
        K: Hash,
        K: Eq,
        K: Clone,
        K: Send,
        K: Sync,
        K: 'static,
        C: Clock,
        T: Timer,
    {
        #[pin]
        wait: place::Wait<OwnedKeyed<K, C>, OwnedKeyed<K, C>, T>,
    }
}

impl<K, C, T> Future for WaitForKey<K, C, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock,
    T: Timer,
{
    type Output = Result<KeyedPermit, Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let permit = ready!(self.project().wait.poll(cx))?;
        Poll::Ready(Ok(permit.unwrap_or_else(|| unreachable!("it asks for one permit"))))
    }
}

impl<K, C, T> fmt::Debug for WaitForKey<K, C, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock,
    T: Timer,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForKey")
            .field("limiter", &self.wait.limiter().limiter().name())
            .field("until", &self.wait.until())
            .finish_non_exhaustive()
    }
}
