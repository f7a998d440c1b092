use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;

use resil_core::sync::{Mutex, lock};
use resil_core::{Clock, Counters, MonotonicClock, Name, Observers, Subscription};

use crate::quota_error::{Value, range};
use crate::{Quota, QuotaError};

mod acquire;
mod admission;
mod blocking;
mod by_hand;
mod classes;
mod event;
#[cfg(feature = "tower")]
mod layer;
mod line;
mod policy;
mod report;
mod room;
mod shard;
mod shards;
mod shared;
mod table;
mod terms;
mod turn;

pub use acquire::KeyedAcquire;
pub use event::KeyedEvent;
#[cfg(feature = "tower")]
pub use layer::KeyedInLine;
pub use policy::{Keyed, KeyedPermit, OwnedKeyed};
pub use report::{KeyReport, KeyedStats};
pub use turn::{KeyedWaiting, WaitForKey};

use shards::Shards;
use shared::Shared;
use terms::Terms;

/// A rate limiter for each key: for users, addresses or tenants, of which there may be millions.
///
/// ```
/// use resil_ratelimit::{KeyedRateLimiter, Quota};
///
/// let users = KeyedRateLimiter::<String>::new("users", Quota::per_hour(60).burst(2));
/// assert!(users.try_acquire("alice").is_ok() && users.try_acquire("alice").is_ok());
/// assert!(users.try_acquire("alice").unwrap_err().retry_after().is_some());
/// assert!(users.try_acquire("bob").is_ok());
/// ```
///
/// Each key has the whole quota for itself, with all that is promised of a [`RateLimiter`](crate::RateLimiter). Nothing has to be set up
/// for a key, and what it borrows as will do to ask for it: a `&str` for a `String`.
///
/// # How many keys
///
/// At most [`capacity`](Self::capacity) keys are kept. An entry that is idle, because its whole burst is free again, is as good as none and
/// goes when a new key needs its place. No other entry ever goes by itself, so a flood of new keys frees no limited key from its limit.
/// While all entries are in use, new keys are refused with [`Reason::CapacityExhausted`](crate::Reason::CapacityExhausted) and a hint
/// before which it is of no use to come again, or [served by one entry](Self::overflow) that they share; keys that are kept do not notice.
///
/// A search for an idle entry does not look at every key: entries lie in blocks of 64, and a block is searched in vain again only after
/// one of its entries has been used, replaced or moved. Besides, a search reads one word for each block in its part of the table, and one
/// for each 4,096 keys of the capacity; and while it is known from an earlier search that nothing is idle yet, there is none.
///
/// With [`Quota::initial`], a key begins with so many permits whenever it is new, also when it comes back after it went. It never has
/// more than if it had stayed.
///
/// # What it costs
///
/// A call hashes its key, reads the clock, takes one lock of many, and mostly touches one line of memory of the table; for a key that is
/// kept it allocates nothing. A `u64` key takes up 21 to 27 bytes; with [`with_quota`](Self::with_quota) 5 to 7 more, and 36 for each
/// different quota in each part of the table.
///
/// Keys are hashed by foldhash with a seed that is random for each limiter, so that nobody can choose keys that collide without having
/// learnt the seed. Keys whose own `Hash` is the same make lookups slow, as in any hash table.
pub struct KeyedRateLimiter<K: 'static, C = MonotonicClock> {
    shards: Shards<K>,
    clock: C,
    counts: bool,
    overflow: Overflow,
    name: Name,
    quota_of: Option<Box<QuotaOf<K>>>,
    shared: Mutex<Shared>,
    /// The quota of keys without their own. Held by whoever changes it, until the change has reached all keys.
    quota: Mutex<Quota>,
    counters: Counters<9>,
    observers: Observers<KeyedEvent<K>>,
}

type QuotaOf<K> = dyn Fn(&K) -> Quota + Send + Sync;

// The counters of what seldom happens. What happens all the time is counted under the locks of the shards.
const ACQUIRED: usize = 0;
const REFUNDED: usize = 1;
const WAITED: usize = 2;
const WAITED_NANOS: usize = 3;
const CANCELLED: usize = 4;
const EXPIRED: usize = 5;
const EVICTED: usize = 6;
const REFUSED: usize = 7;
const SHARED: usize = 8;

/// What becomes of a new key when all entries of a full keyed limiter are in use.
///
/// ```
/// use resil_ratelimit::{KeyedRateLimiter, Overflow, Quota};
///
/// let users = KeyedRateLimiter::<u64>::new("users", Quota::per_second(10)).overflow(Overflow::Shared);
/// # assert!(users.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It is refused with [`Reason::CapacityExhausted`](crate::Reason::CapacityExhausted).
    #[default]
    Refuse,
    /// It is served by one entry that all such keys share.
    Shared,
}

/// How many keys a limiter can be told to keep at most.
const MAX_CAPACITY: usize = 1 << 27;

impl<K: Hash + Eq + Send + Sync + 'static> KeyedRateLimiter<K> {
    /// A limiter of at most 100,000 keys, each with `quota`.
    ///
    /// # Panics
    /// If the quota is out of its range. Use [`try_new`](Self::try_new) for quotas that come from outside.
    pub fn new(name: &'static str, quota: Quota) -> Self {
        Self::with_clock(Name::new(name), quota, MonotonicClock)
    }

    /// A limiter of at most 100,000 keys, or what of the quota is out of its range. For a name from configuration see [`Name::intern`].
    pub fn try_new(name: &'static str, quota: Quota) -> Result<Self, QuotaError> {
        Self::try_with_clock(Name::new(name), quota, MonotonicClock)
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
    /// How many keys are kept unless configured otherwise: 100,000.
    pub const DEFAULT_CAPACITY: usize = 100_000;

    /// A limiter on a clock of your own.
    ///
    /// # Panics
    /// As [`new`](KeyedRateLimiter::new).
    pub fn with_clock(name: Name, quota: Quota, clock: C) -> Self {
        match Self::try_with_clock(name, quota, clock) {
            Ok(limiter) => limiter,
            Err(error) => panic!("{error}"),
        }
    }

    /// A limiter on a clock of your own, or what of the quota is out of its range.
    ///
    /// ```
    /// use resil_ratelimit::{KeyedRateLimiter, ManualClock, Quota};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new();
    /// let users = KeyedRateLimiter::<u64, _>::try_with_clock("users".into(), Quota::per_minute(1), clock.clone())?;
    /// assert!(users.try_acquire(&7).is_ok());
    /// assert_eq!(users.try_acquire(&7).unwrap_err().retry_after(), Some(Duration::from_secs(60)));
    /// clock.advance(Duration::from_secs(60));
    /// assert!(users.try_acquire(&7).is_ok());
    /// # Ok::<_, resil_ratelimit::QuotaError>(())
    /// ```
    pub fn try_with_clock(name: Name, quota: Quota, clock: C) -> Result<Self, QuotaError> {
        let terms = Terms::of(quota)?;
        Ok(Self {
            shards: Shards::new(Self::DEFAULT_CAPACITY, terms),
            clock,
            counts: true,
            overflow: Overflow::Refuse,
            name,
            quota_of: None,
            shared: Mutex::new(Shared::new(terms)),
            quota: Mutex::new(quota),
            counters: Counters::new(),
            observers: Observers::new(),
        })
    }

    /// Keeps at most `capacity` keys: 1 to 134,217,728. Their memory is taken as they come.
    ///
    /// Keys that are there already stay, also if they are more.
    pub fn with_capacity(self, capacity: usize) -> Result<Self, QuotaError> {
        if !(1..=MAX_CAPACITY).contains(&capacity) {
            return Err(QuotaError::new(range::CAPACITY, Value::Count(capacity as u64)));
        }
        let terms = lock(&self.shared).terms();
        Ok(Self { shards: self.shards.with_capacity(capacity, terms), ..self })
    }

    /// Asks `quota_of` for the quota of each new key. A key whose quota is out of its range is refused, for the reason that names the
    /// setting.
    ///
    /// It is asked when the key's entry is made, so again when a key comes back after it went; see also
    /// [`refresh_quota`](Self::refresh_quota).
    ///
    /// ```
    /// use resil_ratelimit::{KeyedRateLimiter, Quota};
    ///
    /// let users = KeyedRateLimiter::<String>::new("users", Quota::per_second(10))
    ///     .with_quota(|user| Quota::per_second(if user.starts_with("gold-") { 100 } else { 10 }));
    /// assert!(users.try_acquire_n("gold-alice", 100).is_ok());
    /// assert!(users.try_acquire_n("bob", 100).is_err());
    /// ```
    #[must_use = "the limiter is taken and returned"]
    pub fn with_quota(mut self, quota_of: impl Fn(&K) -> Quota + Send + Sync + 'static) -> Self {
        self.quota_of = Some(Box::new(quota_of));
        self
    }

    /// Says what becomes of a new key when all entries are in use.
    #[must_use = "the limiter is taken and returned"]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Whether permits and refusals are counted; on unless set.
    #[must_use = "the limiter is taken and returned"]
    pub fn counters(mut self, on: bool) -> Self {
        self.counts = on;
        self
    }

    /// The limiter's name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The quota of keys without their own: the one that the limiter was made with, or that of the last
    /// [`set_quota`](Self::set_quota).
    pub fn quota(&self) -> Quota {
        *lock(&self.quota)
    }

    /// How many keys it keeps at most.
    pub fn capacity(&self) -> usize {
        self.shards.room().capacity()
    }

    /// How many keys it keeps.
    pub fn len(&self) -> usize {
        self.shards.room().held()
    }

    /// Whether it keeps no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `listener` for every later [`KeyedEvent`], until the returned subscription is dropped. While somebody listens, the key of
    /// each refused call is copied.
    ///
    /// Listeners run after locks are released, one event at a time, on the thread of some caller; so they should be quick. They may
    /// call the limiter. One that panics is counted in [`KeyedStats::listener_panics`] and harms nobody.
    pub fn observe(&self, listener: impl Fn(&KeyedEvent<K>) + Send + Sync + 'static) -> Subscription {
        self.observers.observe(listener)
    }

    /// The terms of a key that has its own.
    fn own_terms(&self, key: &K) -> Result<Option<Terms>, QuotaError> {
        self.quota_of.as_ref().map(|quota_of| Terms::of(quota_of(key))).transpose()
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> fmt::Debug for KeyedRateLimiter<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimiter")
            .field("name", &self.name)
            .field("quota", &self.quota())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// Whether `known`, a key that is kept, is the one that is asked for.
#[inline]
fn is<K: Borrow<Q>, Q: Eq + ?Sized>(key: &Q) -> impl Fn(&K) -> bool {
    move |known| known.borrow() == key
}
