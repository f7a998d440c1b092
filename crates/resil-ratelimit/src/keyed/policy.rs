use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use resil_core::{Clock, MonotonicClock, Policy, Rejected, Verdict};

use super::KeyedRateLimiter;
use super::admission::Entry;
use crate::charge::Charge;

/// One key of a keyed limiter, as a [`Policy`]: `P` is the limiter, by reference or in an `Arc`, and `B` the key, or what it borrows as.
///
/// [`KeyedRateLimiter::key`] makes one that borrows both, and so allocates nothing:
///
/// ```
/// use resil_ratelimit::{KeyedRateLimiter, PolicyExt, Quota};
///
/// let users = KeyedRateLimiter::<String>::new("users", Quota::per_hour(1));
/// assert_eq!(users.key("alice").call(|| Ok::<_, ()>(7)), Ok(7));
/// assert!(users.key("alice").call(|| Ok::<_, ()>(7)).is_err());
/// ```
///
/// [`new`](Self::new) also makes one that owns both, for tower and for tasks:
///
/// ```
/// use resil_ratelimit::{Keyed, KeyedRateLimiter, PolicyExt, Quota};
/// use std::sync::Arc;
///
/// type User = Keyed<Arc<KeyedRateLimiter<String>>, String, String>;
///
/// let users = Arc::new(KeyedRateLimiter::new("users", Quota::per_hour(1)));
/// let by_user = {
///     let users = Arc::clone(&users);
///     move |user: &str| -> User { Keyed::new(Arc::clone(&users), user.to_owned()) }
/// };
/// assert!(by_user("alice").call(|| Ok::<_, ()>(7)).is_ok());
/// assert_eq!(users.available("alice"), 0);
/// ```
#[must_use = "it limits the calls that are made through it"]
pub struct Keyed<P, B, K, C = MonotonicClock, Q: ?Sized = K> {
    limiter: P,
    key: B,
    types: PhantomData<Types<K, C, Q>>,
}

type Types<K, C, Q> = fn(&Q) -> (K, C);

/// A key of which only the limiter is shared.
pub type OwnedKeyed<K, C = MonotonicClock> = Keyed<Arc<KeyedRateLimiter<K, C>>, K, K, C>;

/// An admitted call of a key: it goes back through `settle`, which keeps it spent, or `release`, which gives it back as far as that
/// still lies ahead and nobody has been promised an instant after it.
///
/// ```
/// use resil_ratelimit::{KeyedRateLimiter, Policy, Quota};
///
/// let users = KeyedRateLimiter::<u64>::new("users", Quota::per_hour(1));
/// let alice = users.key(&7);
/// let permit = alice.admit()?; // `call` and its kin do this
/// assert_eq!(users.available(&7), 0);
/// alice.release(permit); // the call was not made
/// assert_eq!(users.available(&7), 1);
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit goes back through `settle` or `release`"]
pub struct KeyedPermit {
    pub(super) charge: Charge,
    pub(super) entry: Entry,
}

impl<K: Hash + Eq + Send + Sync + 'static, C: Clock> KeyedRateLimiter<K, C> {
    /// One key, as a policy: with `call`, `call_async`, `guard` and `wrap`. Makes no entry before it is used.
    pub const fn key<'a, Q>(&'a self, key: &'a Q) -> Keyed<&'a Self, &'a Q, K, C, Q>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        Keyed::new(self, key)
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
    /// The `key` of `limiter`. Makes no entry before it is used.
    pub const fn new(limiter: P, key: B) -> Self {
        Self { limiter, key, types: PhantomData }
    }

    /// The limiter.
    pub fn limiter(&self) -> &KeyedRateLimiter<K, C> {
        self.limiter.borrow()
    }

    /// The key.
    pub fn key(&self) -> &Q {
        self.key.borrow()
    }
}

impl<P, B, K, C, Q> Policy for Keyed<P, B, K, C, Q>
where
    P: Borrow<KeyedRateLimiter<K, C>>,
    B: Borrow<Q>,
    K: Borrow<Q> + Hash + Eq + Send + Sync + 'static,
    C: Clock,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
{
    type Permit = KeyedPermit;

    #[inline]
    fn admit(&self) -> Result<KeyedPermit, Rejected> {
        self.limiter().charge(self.key(), 1).map(|(charge, entry)| KeyedPermit { charge, entry })
    }

    /// A call that was made has used its permit, whatever became of it.
    #[inline]
    fn settle(&self, _: KeyedPermit, _: Verdict) {}

    #[cold]
    fn release(&self, permit: KeyedPermit) {
        self.limiter().refund(self.key(), permit.charge, permit.entry);
    }
}

impl<P: Clone, B: Clone, K, C, Q: ?Sized> Clone for Keyed<P, B, K, C, Q> {
    fn clone(&self) -> Self {
        Self { limiter: self.limiter.clone(), key: self.key.clone(), types: PhantomData }
    }
}

impl<P: fmt::Debug, B: fmt::Debug, K, C, Q: ?Sized> fmt::Debug for Keyed<P, B, K, C, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("limiter", &self.limiter).field("key", &self.key).finish()
    }
}
