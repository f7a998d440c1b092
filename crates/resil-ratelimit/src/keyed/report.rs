use std::hash::Hash;
use std::time::Duration;

use resil_core::sync::lock;
use resil_core::{Clock, Name};

use super::by_hand::peek_at;
use super::{
    ACQUIRED, CANCELLED, EVICTED, EXPIRED, KeyedRateLimiter, REFUNDED, REFUSED, SHARED, WAITED, WAITED_NANOS,
};

/// The statistics of a keyed limiter as a whole.
///
/// Counters never run backwards and are exact at rest.
///
/// ```
/// use resil_ratelimit::{KeyedRateLimiter, Quota};
///
/// let users = KeyedRateLimiter::<u64>::new("users", Quota::per_hour(2));
/// for user in [1, 1, 1, 2] {
///     let _ = users.try_acquire(&user);
/// }
/// let stats = users.stats();
/// assert_eq!((stats.keys, stats.acquired, stats.rejected), (2, 3, 1));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KeyedStats {
    /// The limiter's name.
    pub name: Name,
    /// How many keys it keeps.
    pub keys: usize,
    /// How many keys it keeps at most.
    pub capacity: usize,
    /// Permits that were given, at once or after a wait, but for those under
    /// [`counters(false)`](crate::KeyedRateLimiter::counters).
    pub acquired: u64,
    /// Permits that were given and came back unused.
    pub refunded: u64,
    /// Calls that their key's quota refused, also waits that could not have ended in time, but for those under
    /// [`counters(false)`](crate::KeyedRateLimiter::counters).
    pub rejected: u64,
    /// Calls that waited and got their permits.
    pub waited: u64,
    /// How long they waited, all together.
    pub waited_time: Duration,
    /// Waits that were given up.
    pub cancelled: u64,
    /// Permits that came back when nobody could use them any more.
    pub expired_bookings: u64,
    /// How many idle keys went, to make room for new ones or by [`shrink`](crate::KeyedRateLimiter::shrink).
    pub evicted: u64,
    /// How often a new key found all entries in use.
    pub refused: u64,
    /// How often such a key was served by the shared entry.
    pub shared: u64,
    /// Whether permits and refusals are being counted.
    pub counters: bool,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}

/// One key of a keyed limiter with what it has.
///
/// ```
/// use resil_ratelimit::{KeyedRateLimiter, Quota};
///
/// let users = KeyedRateLimiter::<String>::new("users", Quota::per_hour(10));
/// let _ = users.try_acquire("alice");
/// for user in users.report() {
///     println!("{} has {} permits, and all of them in {:?}", user.key, user.available, user.full_in);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KeyReport<K> {
    /// The key.
    pub key: K,
    /// Whole permits that are free at this instant.
    pub available: u32,
    /// How long until the whole burst is free, rounded up to nanoseconds: zero for an idle key.
    pub full_in: Duration,
}

impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
    /// The keys, in no order. They are copied under locks, a few thousand at once.
    pub fn keys(&self) -> Vec<K>
    where
        K: Clone,
    {
        let keys = self
            .shards
            .each()
            .flat_map(|locked| locked.shard.iter().map(|(key, ..)| key.clone()).collect::<Vec<_>>());
        keys.collect()
    }

    /// Every key with what it has, in no order. They are copied under locks, a few thousand at once.
    pub fn report(&self) -> Vec<KeyReport<K>>
    where
        K: Clone,
    {
        let now = self.clock.now();
        let reports = self.shards.each().flat_map(|locked| {
            let report = |(key, tat, terms): (&K, _, _)| {
                let peek = peek_at(tat, terms, now);
                KeyReport { key: key.clone(), available: peek.available, full_in: peek.full_in }
            };
            locked.shard.iter().map(report).collect::<Vec<_>>()
        });
        reports.collect()
    }

    /// The statistics of the limiter as a whole.
    pub fn stats(&self) -> KeyedStats {
        let (mut acquired, mut rejected) = {
            let shared = lock(&self.shared);
            (shared.acquired, shared.rejected)
        };
        for locked in self.shards.each() {
            acquired += locked.shard.acquired;
            rejected += locked.shard.rejected;
        }
        let sums = self.counters.sums();
        KeyedStats {
            name: self.name,
            keys: self.len(),
            capacity: self.capacity(),
            acquired: acquired + sums[ACQUIRED],
            refunded: sums[REFUNDED],
            rejected,
            waited: sums[WAITED],
            waited_time: Duration::from_nanos(sums[WAITED_NANOS]),
            cancelled: sums[CANCELLED],
            expired_bookings: sums[EXPIRED],
            evicted: sums[EVICTED],
            refused: sums[REFUSED],
            shared: sums[SHARED],
            counters: self.counts,
            events_lost: self.observers.events_lost(),
            listener_panics: self.observers.listener_panics(),
        }
    }
}
