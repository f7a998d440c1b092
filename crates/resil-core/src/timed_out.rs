use std::fmt;
use std::time::Duration;

use crate::Name;

/// A call that was cut off: which limit, and how long it was.
///
/// ```
/// use resil_core::{Name, TimedOut};
/// use std::time::Duration;
///
/// let cut = TimedOut::new(Name::new("deadline"), Duration::from_secs(5));
/// assert_eq!(cut.to_string(), "deadline: timed out after 5s");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TimedOut {
    name: Name,
    limit: Option<Duration>,
}

impl TimedOut {
    /// The limit `name` cut the call off after `limit`.
    pub const fn new(name: Name, limit: Duration) -> Self {
        Self { name, limit: Some(limit) }
    }

    /// The limit `name`, of which only the end is known, cut the call off.
    pub const fn at_end_of(name: Name) -> Self {
        Self { name, limit: None }
    }

    /// Which limit it was.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// How long the limit was; `None` if only its end is known.
    pub const fn limit(&self) -> Option<Duration> {
        self.limit
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(limit) => write!(f, "{}: timed out after {limit:?}", self.name),
            None => write!(f, "{}: timed out", self.name),
        }
    }
}

impl std::error::Error for TimedOut {}
