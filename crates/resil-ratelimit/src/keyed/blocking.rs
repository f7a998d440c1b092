use std::borrow::Borrow;
use std::hash::Hash;
use std::time::Duration;

use resil_core::{Clock, Deadline, Rejected};

use super::KeyedRateLimiter;
use crate::place::{Request, wait_blocking};

/// Waits that park the calling thread, for each key in one line with all its other waits.
///
/// A wait that could not end in time, by its own limit or by the [current deadline](Deadline::current), is refused at once, with the
/// hint when to come again, and books nothing.
///
/// ```
/// use resil_ratelimit::{KeyedRateLimiter, Quota};
/// use std::time::Duration;
///
/// let users = KeyedRateLimiter::<String>::new("users", Quota::per_second(1_000).burst(1));
/// for _ in 0..3 {
///     users.acquire_blocking("alice")?; // the second and the third wait a millisecond
/// }
/// if let Err(hopeless) = users.acquire_blocking_timeout("alice", Duration::from_micros(10)) {
///     println!("come back in {:?}", hopeless.retry_after());
/// }
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
    /// Waits for one permit of `key`.
    pub fn acquire_blocking<Q>(&self, key: &Q) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.wait_blocking(key, Request::ONE)
    }

    /// Waits for `permits` of `key`, all at once.
    pub fn acquire_blocking_n<Q>(&self, key: &Q, permits: u32) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.wait_blocking(key, Request { permits, ..Request::ONE })
    }

    /// Waits for one permit of `key`, no longer than `max_wait`.
    pub fn acquire_blocking_timeout<Q>(&self, key: &Q, max_wait: Duration) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.wait_blocking(key, Request { within: Some(max_wait), ..Request::ONE })
    }

    /// Waits for `permits` of `key`, all at once, no longer than `max_wait`.
    pub fn acquire_blocking_timeout_n<Q>(
        &self,
        key: &Q,
        permits: u32,
        max_wait: Duration,
    ) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.wait_blocking(key, Request { permits, within: Some(max_wait), ..Request::ONE })
    }

    /// Waits for one permit of `key`, no longer than until `deadline`.
    pub fn acquire_blocking_deadline<Q>(&self, key: &Q, deadline: Deadline) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.wait_blocking(key, Request { by: Some(deadline), ..Request::ONE })
    }

    /// Waits for `permits` of `key`, all at once, no longer than until `deadline`.
    pub fn acquire_blocking_deadline_n<Q>(
        &self,
        key: &Q,
        permits: u32,
        deadline: Deadline,
    ) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.wait_blocking(key, Request { permits, by: Some(deadline), ..Request::ONE })
    }

    fn wait_blocking<Q>(&self, key: &Q, request: Request) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        wait_blocking(&self.key(key), request)
    }
}
