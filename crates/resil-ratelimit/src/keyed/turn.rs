use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{Clock, Line, MonotonicClock, Policy, Rejected, Timer, Verdict};

use super::{KeyedPermit, OwnedKeyed};
use crate::place::{Bookable as _, Request, Wait, wait_for_permit};
use crate::turn::the_one;

/// A key of a limiter whose calls wait for their permit, up to a limit; made by [`OwnedKeyed::waiting`](crate::Keyed::waiting).
///
/// ```
/// use resil_ratelimit::{Keyed, KeyedRateLimiter, LineExt, ManualClock, Quota};
/// use std::{sync::Arc, time::Duration};
///
/// let hosts = KeyedRateLimiter::<String, _>::with_clock("hosts".into(), Quota::per_hour(1), ManualClock::new());
/// let host = Keyed::new(Arc::new(hosts), "a.example".to_owned()).waiting(Duration::from_secs(5));
/// assert!(host.call(|| Ok::<_, ()>("hello")).is_ok());
/// assert!(host.call(|| Ok::<_, ()>("hello")).is_err()); // an hour is too long
/// ```
#[must_use = "it limits the calls that are made through it"]
pub struct KeyedWaiting<K: 'static, C = MonotonicClock> {
    key: OwnedKeyed<K, C>,
    max_wait: Duration,
}

impl<K, C> OwnedKeyed<K, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock,
{
    /// This key, with calls that wait for their permit for up to `max_wait`.
    pub const fn waiting(self, max_wait: Duration) -> KeyedWaiting<K, C> {
        KeyedWaiting { key: self, max_wait }
    }
}

impl<K: Clone, C> Clone for KeyedWaiting<K, C> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), max_wait: self.max_wait }
    }
}

const fn request(max_wait: Duration) -> Request {
    Request { within: Some(max_wait), ..Request::ONE }
}

impl<K, C> Line for KeyedWaiting<K, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock,
{
    type Policy = OwnedKeyed<K, C>;
    // A call that was made has used its permit, whatever became of it.
    type Held = ();
    type Wait<T: Timer> = WaitForKey<K, C, T>;

    fn policy(&self) -> OwnedKeyed<K, C> {
        self.key.clone()
    }

    fn wait_with<T: Timer>(&self, timer: T) -> WaitForKey<K, C, T> {
        WaitForKey::new(self.key.clone(), self.max_wait, timer)
    }

    fn wait_blocking(&self) -> Result<KeyedPermit, Rejected> {
        wait_for_permit(&self.key, request(self.max_wait)).map(the_one)
    }

    fn admit_now(&self) -> Option<Result<KeyedPermit, Rejected>> {
        self.key.take_now(1).map(Ok)
    }

    fn begin(&self, _: KeyedPermit) {}

    fn settle(&self, (): (), _: Verdict) {}

    fn release(&self, permit: KeyedPermit) {
        self.key.release(permit);
    }
}

impl<K: fmt::Debug + Hash + Eq + Send + Sync, C: Clock> fmt::Debug for KeyedWaiting<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedWaiting").field("key", &self.key).field("max_wait", &self.max_wait).finish()
    }
}

pin_project! {
    /// The wait of a request for the permit of its key; made by [`KeyedWaiting`] and by `KeyedInLine`. Cancel-safe.
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
        wait: Wait<OwnedKeyed<K, C>, OwnedKeyed<K, C>, T>,
    }
}

impl<K, C, T> WaitForKey<K, C, T>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock,
    T: Timer,
{
    pub(super) fn new(key: OwnedKeyed<K, C>, max_wait: Duration, timer: T) -> Self {
        Self { wait: Wait::new(key, request(max_wait), timer) }
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
        Poll::Ready(Ok(the_one(ready!(self.project().wait.poll(cx))?)))
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
