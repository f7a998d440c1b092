use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use resil_core::tower::Wait;
use resil_core::{Clock, MonotonicClock, Policy, Rejected, Timer, Verdict};

use super::{KeyedPermit, OwnedKeyed, WaitForKey};

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
        WaitForKey::new(self.key.clone(), self.max_wait, self.timer.clone())
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
