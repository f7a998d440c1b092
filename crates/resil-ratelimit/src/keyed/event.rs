use std::fmt;

use resil_core::{Name, Notice, Severity};

use crate::Event;

/// Something that happened to a key of a keyed limiter, or to all of them; what
/// [`observe`](crate::KeyedRateLimiter::observe) tells.
///
/// ```
/// use resil_ratelimit::{Event, KeyedRateLimiter, Quota};
///
/// let users = KeyedRateLimiter::<String>::new("users", Quota::per_hour(1));
/// let _subscription = users.observe(|news| match (&news.key, &news.event) {
///     (Some(user), Event::Rejected(refusal)) => println!("{user}: {refusal}"),
///     (_, other) => println!("{other}"),
/// });
/// let _ = users.try_acquire("alice");
/// let _ = users.try_acquire("alice"); // prints "alice: users: rate limited, retry after ..."
/// # assert_eq!(users.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KeyedEvent<K> {
    /// The key; `None` for what concerns all keys.
    pub key: Option<K>,
    /// What happened.
    pub event: Event,
}

impl<K: fmt::Debug> fmt::Display for KeyedEvent<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{} (key {key:?})", self.event),
            None => self.event.fmt(f),
        }
    }
}

impl<K: fmt::Debug> Notice for KeyedEvent<K> {
    fn name(&self) -> Name {
        self.event.name()
    }

    fn kind(&self) -> &'static str {
        self.event.kind()
    }

    fn severity(&self) -> Severity {
        self.event.severity()
    }
}
