//! Looking at keys, and changing them by hand.

use std::borrow::Borrow;
use std::hash::Hash;
use std::time::Duration;

use resil_core::sync::lock;
use resil_core::{Clock, Moment};

use super::event::KeyedEvent;
use super::table::Tag;
use super::terms::Terms;
use super::{EVICTED, KeyedRateLimiter, is};
use crate::event::QuotaChanged;
use crate::{Event, Peek, Quota, QuotaError};

/// A key that is not kept is answered for as the new key that it is, whether or not there is room for it.
impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
    /// What a call for `key` would find now. Changes nothing.
    ///
    /// A new key whose [own quota](Self::with_quota) is out of range has nothing, ever.
    pub fn peek<Q>(&self, key: &Q) -> Peek
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.with_line(key, peek_at).unwrap_or(NOTHING)
    }

    /// The whole permits of `key` that are free now. Changes nothing.
    pub fn available<Q>(&self, key: &Q) -> u32
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.peek(key).available
    }

    /// How long until one permit of `key` is free, zero if there is one. Changes nothing.
    pub fn time_until_available<Q>(&self, key: &Q) -> Duration
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.peek(key).next_in
    }

    /// How long until `permits` of `key` are free at once; `None` if they are more than the burst, and so never will be. Changes
    /// nothing.
    pub fn time_until_available_n<Q>(&self, key: &Q, permits: u32) -> Option<Duration>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let wait = |tat, terms: Terms, now| {
            let gcra = terms.gcra();
            Some(gcra.wait(tat, gcra.ticks(now), gcra.cost(permits)?))
        };
        self.with_line(key, wait)?
    }

    /// Lets `key` begin anew, with its quota's initial permits. Bookings keep their instants: where some are still to come, it begins
    /// anew at the last of them.
    pub fn reset<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.shards.hash(key);
        let mut locked = self.shards.lock_to_change(hash);
        let now = self.clock.now();
        let Some(place) = locked.shard.find(Tag::of(hash), is(key)) else { return };
        locked.shard.change(place, None, |tat, terms| terms.tat_after_reset(tat, now));
        drop(locked);
        if self.observers.is_observed() {
            self.tell(key, Event::Reset(self.name));
        }
    }

    /// Forgets `key` and all that it has consumed; returns whether it was there. Those who wait for it keep their instants.
    pub fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.shards.hash(key);
        let mut locked = self.shards.lock_to_change(hash);
        let Some(place) = locked.shard.find(Tag::of(hash), is(key)) else { return false };
        let removed = locked.shard.remove(place, |key| self.shards.tag(key));
        drop(locked);
        self.shards.room().free(usize::from(removed.is_some()));
        // Foreign code, outside the lock.
        removed.is_some()
    }

    /// Goes over to another quota, for the keys without their own and for the [shared entry](crate::Overflow::Shared). The same share of
    /// each key's burst stays consumed, and bookings keep their instants. Takes a time in proportion to the number of keys, and holds up
    /// a few thousand keys at once.
    pub fn set_quota(&self, quota: Quota) -> Result<(), QuotaError> {
        let terms = Terms::of(quota)?;
        let mut current = lock(&self.quota);
        let from = *current;
        if from == quota {
            return Ok(());
        }
        for mut locked in self.shards.each() {
            locked.shard.set_terms(terms, self.clock.now());
        }
        lock(&self.shared).set_terms(terms, self.clock.now());
        *current = quota;
        let change = QuotaChanged { name: self.name, from, to: quota };
        self.observers.enqueue(KeyedEvent { key: None, event: Event::QuotaChanged(change) });
        drop(current);
        self.observers.deliver();
        Ok(())
    }

    /// Asks the function of [`with_quota`](Self::with_quota) again for a key that is kept, and goes over to what it answers. The same
    /// share of the burst stays consumed, and bookings keep their instants.
    ///
    /// ```
    /// use resil_ratelimit::{KeyedRateLimiter, Quota};
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// let rate = Arc::new(AtomicU32::new(10));
    /// let users = KeyedRateLimiter::<String>::new("users", Quota::per_second(1)).with_quota({
    ///     let rate = Arc::clone(&rate);
    ///     move |_| Quota::per_hour(rate.load(Relaxed))
    /// });
    /// users.try_acquire_n("alice", 5).unwrap();
    /// rate.store(100, Relaxed);
    /// users.refresh_quota("alice")?;
    /// assert_eq!(users.available("alice"), 50);
    /// # Ok::<_, resil_ratelimit::QuotaError>(())
    /// ```
    pub fn refresh_quota<Q>(&self, key: &Q) -> Result<(), QuotaError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let own = self.own_terms(&key.to_owned())?;
        let hash = self.shards.hash(key);
        let mut locked = self.shards.lock_to_change(hash);
        let now = self.clock.now();
        if let (Some(own), Some(place)) = (own, locked.shard.find(Tag::of(hash), is(key))) {
            let carry_over = |tat, terms: Terms| terms.gcra().carry_over(tat, now, own.gcra());
            locked.shard.change(place, Some(own), carry_over);
        }
        Ok(())
    }

    /// Lets go of every idle key now, and of its memory; returns how many they were. Takes a time in proportion to the number of keys.
    pub fn shrink(&self) -> usize {
        let drop_idle = |mut locked: super::shards::Locked<'_, K>| {
            let idle = locked.shard.shrink(self.clock.now(), |key| self.shards.tag(key));
            drop(locked);
            self.shards.room().free(idle.len());
            idle.len()
        };
        let dropped = self.shards.each().map(drop_idle).sum();
        self.add(EVICTED, dropped as u64);
        dropped
    }

    /// Runs `read` on the TAT of `key`, or on the one that it would begin with.
    fn with_line<Q, R>(&self, key: &Q, read: impl Fn(u64, Terms, Moment) -> R) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.shards.hash(key);
        let now = self.clock.now();
        let find = || {
            let shard = self.shards.lock(hash);
            let place = shard.find(Tag::of(hash), is(key))?;
            shard.read(place).map(|(tat, terms)| read(tat, terms, now))
        };
        find().or_else(|| {
            let own = match self.quota_of {
                Some(_) => self.own_terms(&key.to_owned()).ok()?,
                None => None,
            };
            let shard = self.shards.lock(hash);
            let terms = shard.terms_or(own);
            Some(read(shard.first_tat(terms, now).get(), terms, now))
        })
    }
}

/// What a key has that is never given anything.
const NOTHING: Peek = Peek { available: 0, next_in: Duration::MAX, full_in: Duration::MAX };

pub(super) fn peek_at(tat: u64, terms: Terms, now: Moment) -> Peek {
    let (gcra, ticks) = (terms.gcra(), terms.gcra().ticks(now));
    Peek {
        available: gcra.available(tat, ticks),
        next_in: gcra.wait(tat, ticks, gcra.interval),
        full_in: Duration::from_nanos(gcra.nanos(tat.saturating_sub(ticks))),
    }
}
