//! What is given to keys, refused and given back.

use std::borrow::Borrow;
use std::hash::Hash;

use resil_core::sync::lock;
use resil_core::{Clock, Moment, Reason, Rejected};

use super::event::KeyedEvent;
use super::line::Line;
use super::table::Tag;
use super::{
    ACQUIRED, CANCELLED, EVICTED, EXPIRED, KeyedPermit, KeyedRateLimiter, Overflow, REFUNDED, REFUSED,
    SHARED, WAITED, WAITED_NANOS, is,
};
use crate::admission::MORE_THAN_THE_BURST;
use crate::cell::NotNow;
use crate::charge::Charge;
use crate::place::Booked;
use crate::{Event, Waited};

/// Which entry a charge was made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The key's own.
    Own,
    /// The one that keys without room share.
    Shared,
}

impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
    /// Takes one permit of `key`, or says when there will be one: an exact hint, never zero.
    ///
    /// # Errors
    /// Besides [`Reason::RateLimited`], a new key may be refused with [`Reason::CapacityExhausted`]: see
    /// [`overflow`](Self::overflow).
    #[inline]
    pub fn try_acquire<Q>(&self, key: &Q) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.charge(key, 1).map(drop)
    }

    /// Takes `permits` of `key` at once or none, or says when there will be so many. None are always there.
    ///
    /// # Errors
    /// More permits than the burst are refused without a hint, as no wait would help. Else as [`try_acquire`](Self::try_acquire).
    #[inline]
    pub fn try_acquire_n<Q>(&self, key: &Q, permits: u32) -> Result<(), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if permits == 0 { Ok(()) } else { self.charge(key, permits).map(drop) }
    }

    /// Takes `permits`, which are not 0, at once or none.
    #[inline]
    pub(super) fn charge<Q>(&self, key: &Q, permits: u32) -> Result<(Charge, Entry), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.ask(key, permits.into(), |line, now| line.take(now, permits))
    }

    /// Books the next place of `key`, unless it is after `latest`.
    pub(super) fn book<Q>(
        &self,
        key: &Q,
        permits: u32,
        latest: Moment,
    ) -> Result<Booked<KeyedPermit>, Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        // Counted when it is used.
        let book = |line: &mut Line<'_>, now| line.book(now, permits, latest).map(|booked| (booked, now));
        let (((charge, at), since), entry) = self.ask(key, 0, book)?;
        Ok(Booked { permit: KeyedPermit { charge, entry }, at, since })
    }

    /// Notes that booked permits were given, at once or after a wait since `since`.
    pub(super) fn arrive<Q>(&self, key: &Q, permits: u32, since: Option<Moment>)
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        if self.counts {
            self.add(ACQUIRED, permits.into());
        }
        let Some(since) = since else { return };
        let time = self.clock.now().saturating_duration_since(since);
        self.add(WAITED, 1);
        self.add(WAITED_NANOS, u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        if self.observers.is_observed() {
            self.tell(key, Event::Waited(Waited { name: self.name, permits, time }));
        }
    }

    /// Gives up a booking whose instant nobody waits for any more.
    pub(super) fn give_up<Q>(&self, key: &Q, charge: Charge, entry: Entry)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.add(CANCELLED, 1);
        self.put_back(key, charge, entry);
    }

    /// Asks the line of `key`, which grants so many permits at once.
    #[inline]
    fn ask<Q, T>(
        &self,
        key: &Q,
        grants: u64,
        ask: impl Fn(&mut Line<'_>, Moment) -> Result<T, NotNow>,
    ) -> Result<(T, Entry), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.shards.hash(key);
        let now = self.clock.now();
        let mut shard = self.shards.lock(hash);
        let Some(mut line) = shard.find(Tag::of(hash), is(key)).and_then(|place| shard.line(place)) else {
            drop(shard);
            return self.ask_new(key, hash, grants, now, ask);
        };
        let answer = ask(&mut line, now);
        if self.counts {
            match answer {
                Ok(_) => shard.acquired += grants,
                Err(_) => shard.rejected += 1,
            }
        }
        drop(shard);
        answer.map(|granted| (granted, Entry::Own)).map_err(|not_now| self.refuse(key, not_now))
    }

    /// Asks the line of a key that was not there.
    #[cold]
    #[inline(never)]
    fn ask_new<Q, T>(
        &self,
        key: &Q,
        hash: u64,
        grants: u64,
        now: Moment,
        ask: impl Fn(&mut Line<'_>, Moment) -> Result<T, NotNow>,
    ) -> Result<(T, Entry), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let claim = match self.shards.claim(hash, now, || self.add(EVICTED, 1)) {
            Ok(claim) => claim,
            Err(quiet_until) => return self.ask_shared(key, grants, now, quiet_until, ask),
        };
        // Foreign code, outside the lock.
        let new = key.to_owned();
        let own = self.own_terms(&new);
        let own = own.map_err(|error| self.reject(key, Reason::Other(error.complaint()), None))?;
        let mut locked = self.shards.lock_to_change(hash);
        let shard = &mut *locked.shard;
        let place = shard.find(Tag::of(hash), is(key));
        let answer = if let Some(mut line) = place.and_then(|place| shard.line(place)) {
            ask(&mut line, now)
        } else {
            let terms = shard.terms_or(own);
            let mut tat = shard.first_tat(terms, now);
            let answer = ask(&mut shard.line_of_new(&mut tat, terms), now);
            // What can never be granted says nothing about the key.
            if !matches!(answer, Err(NotNow::Never)) {
                shard.insert(Tag::of(hash), new, own, tat, |key| self.shards.tag(key));
                claim.keep();
            }
            answer
        };
        if self.counts {
            match answer {
                Ok(_) => shard.acquired += grants,
                Err(_) => shard.rejected += 1,
            }
        }
        drop(locked);
        answer.map(|granted| (granted, Entry::Own)).map_err(|not_now| self.refuse(key, not_now))
    }

    /// Asks the line that keys without room share, if there is one; else refuses.
    fn ask_shared<Q, T>(
        &self,
        key: &Q,
        grants: u64,
        now: Moment,
        quiet_until: Moment,
        ask: impl Fn(&mut Line<'_>, Moment) -> Result<T, NotNow>,
    ) -> Result<(T, Entry), Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.add(REFUSED, 1);
        if self.overflow == Overflow::Refuse {
            // The clock may have gone on since.
            let nanos = (quiet_until != Moment::MAX)
                .then(|| quiet_until.as_nanos().saturating_sub(now.as_nanos()).max(1));
            return Err(self.reject(key, Reason::CapacityExhausted, nanos));
        }
        self.add(SHARED, 1);
        let mut shared = lock(&self.shared);
        let answer = ask(&mut shared.line(now), now);
        if self.counts {
            match answer {
                Ok(_) => shared.acquired += grants,
                Err(_) => shared.rejected += 1,
            }
        }
        drop(shared);
        answer.map(|granted| (granted, Entry::Shared)).map_err(|not_now| self.refuse(key, not_now))
    }

    /// Gives back permits that were given and not used.
    pub(super) fn refund<Q>(&self, key: &Q, charge: Charge, entry: Entry)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.counts {
            self.add(REFUNDED, charge.permits.into());
        }
        self.put_back(key, charge, entry);
    }

    /// Frees what of a charge still lies ahead.
    fn put_back<Q>(&self, key: &Q, charge: Charge, entry: Entry)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let now = self.clock.now();
        let is_back = match entry {
            Entry::Own => {
                let hash = self.shards.hash(key);
                let mut locked = self.shards.lock_to_change(hash);
                let shard = &mut *locked.shard;
                let now = shard.not_before(now);
                shard.find(Tag::of(hash), is(key)).is_some_and(|place| {
                    let is_back = shard.line(place).is_some_and(|mut line| line.put_back(charge, now));
                    shard.note(place);
                    is_back
                })
            }
            Entry::Shared => lock(&self.shared).line(now).put_back(charge, now),
        };
        if !is_back {
            self.add(EXPIRED, charge.permits.into());
        }
    }

    /// Refuses for what a line said.
    fn refuse<Q>(&self, key: &Q, not_now: NotNow) -> Rejected
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        match not_now {
            NotNow::After(nanos) => self.reject(key, Reason::RateLimited, Some(nanos)),
            NotNow::Never => self.reject(key, MORE_THAN_THE_BURST, None),
            // The end of time.
            NotNow::Unclear => self.reject(key, Reason::RateLimited, None),
        }
    }

    #[inline]
    fn reject<Q>(&self, key: &Q, reason: Reason, nanos: Option<u64>) -> Rejected
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        let refusal = Rejected::new(self.name, reason).with_retry_after_nanos(nanos.unwrap_or(u64::MAX));
        if self.observers.is_observed() {
            self.tell(key, Event::Rejected(refusal));
        }
        refusal
    }

    #[cold]
    pub(super) fn tell<Q>(&self, key: &Q, event: Event)
    where
        Q: ToOwned<Owned = K> + ?Sized,
    {
        self.observers.enqueue(KeyedEvent { key: Some(key.to_owned()), event });
        self.observers.deliver();
    }

    pub(super) fn add(&self, counter: usize, n: u64) {
        self.counters.add_many(counter, n, true);
    }
}
