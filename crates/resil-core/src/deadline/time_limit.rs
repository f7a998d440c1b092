use std::fmt;
use std::time::Duration;

use super::{Deadline, UNKNOWN};
use crate::moment::saturating_nanos;
use crate::{Moment, Name};

/// How long a piece of work may take, and what that limit is called: a [`Deadline`] before it begins. For authors of policies.
///
/// ```
/// use resil_core::{Clock, ManualClock, Name, TimeLimit};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let limit = TimeLimit::new(Name::new("payments"), Duration::from_secs(2));
/// let deadline = limit.starting_at(clock.now());
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(deadline.check_on(&clock).unwrap_err().to_string(), "payments: timed out after 2s");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[must_use = "a limit has no effect before it begins"]
pub struct TimeLimit {
    pub(super) name: Name,
    pub(super) nanos: u64,
}

impl TimeLimit {
    /// The limit `name` of this `length`; from 584 years on it never ends.
    pub const fn new(name: Name, length: Duration) -> Self {
        Self { name, nanos: saturating_nanos(length) }
    }

    /// The limit `name` of so many nanoseconds; `u64::MAX` never ends.
    pub const fn from_nanos(name: Name, nanos: u64) -> Self {
        Self { name, nanos }
    }

    /// Its name.
    pub const fn name(self) -> Name {
        self.name
    }

    /// How long it is, at most 584 years.
    pub const fn length(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// How many nanoseconds it is; `u64::MAX` never ends.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// The deadline that it sets when it begins at `moment`.
    #[inline]
    pub const fn starting_at(self, moment: Moment) -> Deadline {
        let at = Moment::from_nanos(moment.as_nanos().saturating_add(self.nanos));
        Deadline { name: self.name, at, limit: self.nanos }
    }

    /// The shorter of the two, this one if they are equally long.
    #[inline]
    pub(super) const fn shorter(self, other: Self) -> Self {
        if other.nanos < self.nanos { other } else { self }
    }
}

impl fmt::Debug for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = if self.nanos == UNKNOWN { None } else { Some(self.length()) };
        f.debug_struct("TimeLimit").field("name", &self.name).field("length", &length).finish()
    }
}
