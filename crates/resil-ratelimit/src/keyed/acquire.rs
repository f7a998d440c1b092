use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{Clock, Deadline, Moment, Rejected, Timer};

use super::KeyedRateLimiter;
use super::policy::{Keyed, KeyedPermit};
use crate::place::{Bookable, Booked, Request, Wait};

pin_project! {
    /// The wait for permits of a key: made by [`acquire_with`](KeyedRateLimiter::acquire_with) and its kin.
    ///
    /// It books its place at the first poll, so those who wait for a key are served in the order of their first polls, and sleeps once,
    /// until its instant. A wait that could not end in time, by its own limits or by the [current deadline](Deadline::current), is refused
    /// at the first poll, with the hint when to come again, and books nothing.
    ///
    /// Cancel-safe: dropped before its end, it gives up its place. If others have booked behind it, nobody gets it, and it counts in
    /// [`KeyedStats::expired_bookings`](crate::KeyedStats::expired_bookings).
    ///
    /// ```
    /// use resil_ratelimit::{KeyedRateLimiter, ManualClock, Quota};
    /// use std::time::Duration;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = ManualClock::new(); // as the clock and as the timer
    /// let users = KeyedRateLimiter::<String, _>::with_clock("users".into(), Quota::per_second(1), clock.clone());
    /// users.acquire_with("alice", clock.clone()).await?; // at once
    ///
    /// let too_long = users.acquire_with("alice", clock.clone()).within(Duration::from_millis(10)).await;
    /// assert_eq!(too_long.unwrap_err().retry_after(), Some(Duration::from_secs(1)));
    /// # Ok::<_, resil_ratelimit::Rejected>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct KeyedAcquire<P, B, K, C, Q, T>
    where
        P: Borrow<KeyedRateLimiter<K, C>>,
        B: Borrow<Q>,
        K: Borrow<Q>,
        K: Hash,
        K: Eq,
        K: Send,
        K: Sync,
        K: 'static,
        C: Clock,
        Q: Hash,
        Q: Eq,
        Q: ToOwned<Owned = K>,
        Q: ?Sized,
        T: Timer,
    {
        #[pin]
        wait: Wait<Keyed<P, B, K, C, Q>, Keyed<P, B, K, C, Q>, T>,
    }
}

impl<P, B, K, C, Q> Bookable for Keyed<P, B, K, C, Q>
where
    P: Borrow<KeyedRateLimiter<K, C>>,
    B: Borrow<Q>,
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    C: Clock,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
{
    type Clock = C;
    type Amount = u32;

    const NOTHING: u32 = 0;

    fn clock(&self) -> &C {
        &self.limiter().clock
    }

    fn book(&self, permits: u32, latest: impl FnOnce() -> Moment) -> Result<Booked<KeyedPermit>, Rejected> {
        self.limiter().book(self.key(), permits, latest())
    }

    fn arrive(&self, permit: KeyedPermit, permits: u32, since: Option<Moment>) -> KeyedPermit {
        self.limiter().arrive(self.key(), permits, since);
        permit
    }

    fn give_up(&self, permit: KeyedPermit) {
        self.limiter().give_up(self.key(), permit.charge, permit.entry);
    }
}

impl<P, B, K, C, Q, T> KeyedAcquire<P, B, K, C, Q, T>
where
    P: Borrow<KeyedRateLimiter<K, C>>,
    B: Borrow<Q>,
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    C: Clock,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    T: Timer,
{
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

impl<P, B, K, C, Q, T> Future for KeyedAcquire<P, B, K, C, Q, T>
where
    P: Borrow<KeyedRateLimiter<K, C>>,
    B: Borrow<Q>,
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    C: Clock,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    T: Timer,
{
    type Output = Result<(), Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().wait.poll(cx).map_ok(drop)
    }
}

impl<P, B, K, C, Q, T> fmt::Debug for KeyedAcquire<P, B, K, C, Q, T>
where
    P: Borrow<KeyedRateLimiter<K, C>>,
    B: Borrow<Q>,
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    C: Clock,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    T: Timer,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedAcquire")
            .field("limiter", &self.wait.limiter().limiter().name())
            .field("request", &self.wait.request)
            .field("until", &self.wait.until())
            .finish_non_exhaustive()
    }
}

impl<P, B, K, C, Q> Keyed<P, B, K, C, Q>
where
    P: Borrow<KeyedRateLimiter<K, C>>,
    B: Borrow<Q>,
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    C: Clock,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
{
    /// Waits for one permit of this key by `timer`: any runtime's sleep. See [`KeyedAcquire`] for more permits and for limits of the
    /// wait.
    pub fn acquire_with<T: Timer>(self, timer: T) -> KeyedAcquire<P, B, K, C, Q, T> {
        KeyedAcquire { wait: Wait::new(self, Request::ONE, timer) }
    }
}

type OfKey<'a, K, C, Q, T> = KeyedAcquire<&'a KeyedRateLimiter<K, C>, &'a Q, K, C, Q, T>;

impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
    /// Waits for one permit of `key` by `timer`: any runtime's sleep. See [`KeyedAcquire`] for more permits and for limits of the wait.
    pub fn acquire_with<'a, Q, T: Timer>(&'a self, key: &'a Q, timer: T) -> OfKey<'a, K, C, Q, T>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.key(key).acquire_with(timer)
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::borrow::Borrow;
    use std::hash::Hash;
    use std::time::Duration;

    use resil_core::{Clock, Deadline, TokioTimer};

    use super::{KeyedRateLimiter, OfKey};

    type OnTokio<'a, K, C, Q> = OfKey<'a, K, C, Q, TokioTimer<&'a C>>;

    /// Waits by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
        /// Waits for one permit of `key`.
        pub fn acquire<'a, Q>(&'a self, key: &'a Q) -> OnTokio<'a, K, C, Q>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            self.acquire_with(key, TokioTimer::on(&self.clock))
        }

        /// Waits for `permits` of `key`, all at once.
        pub fn acquire_n<'a, Q>(&'a self, key: &'a Q, permits: u32) -> OnTokio<'a, K, C, Q>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            self.acquire(key).permits(permits)
        }

        /// Waits for one permit of `key`, no longer than `max_wait`.
        pub fn acquire_timeout<'a, Q>(&'a self, key: &'a Q, max_wait: Duration) -> OnTokio<'a, K, C, Q>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            self.acquire(key).within(max_wait)
        }

        /// Waits for `permits` of `key`, all at once, no longer than `max_wait`.
        pub fn acquire_timeout_n<'a, Q>(
            &'a self,
            key: &'a Q,
            permits: u32,
            max_wait: Duration,
        ) -> OnTokio<'a, K, C, Q>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            self.acquire(key).permits(permits).within(max_wait)
        }

        /// Waits for one permit of `key`, no longer than until `deadline`.
        pub fn acquire_deadline<'a, Q>(&'a self, key: &'a Q, deadline: Deadline) -> OnTokio<'a, K, C, Q>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            self.acquire(key).by(deadline)
        }

        /// Waits for `permits` of `key`, all at once, no longer than until `deadline`.
        pub fn acquire_deadline_n<'a, Q>(
            &'a self,
            key: &'a Q,
            permits: u32,
            deadline: Deadline,
        ) -> OnTokio<'a, K, C, Q>
        where
            K: Borrow<Q>,
            Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        {
            self.acquire(key).permits(permits).by(deadline)
        }
    }
}
