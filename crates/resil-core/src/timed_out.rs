use std::fmt;
use std::time::Duration;

use crate::Name;
use crate::moment::saturating_nanos;

/// A call that was cut off: which limit, and how long it was.
///
/// ```
/// use resil_core::{Name, TimedOut};
/// use std::time::Duration;
///
/// let cut = TimedOut::new(Name::new("deadline"), Duration::from_secs(5));
/// assert_eq!(cut.to_string(), "deadline: timed out after 5s");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    name: Name,
    /// Nanoseconds, or [`UNKNOWN`]. A word and no `Duration`, in whose half words the results of calls would be told apart: half a word
    /// that was just written and is copied as a whole one costs a call more than the rest of it.
    limit: u64,
}

/// 584 years: the length of a limit of which only the end is known.
const UNKNOWN: u64 = u64::MAX;

impl TimedOut {
    /// The limit `name` cut the call off after `limit`; from 584 years on only its end is known.
    pub const fn new(name: Name, limit: Duration) -> Self {
        Self { name, limit: saturating_nanos(limit) }
    }

    /// The limit `name`, of which only the end is known, cut the call off.
    pub const fn at_end_of(name: Name) -> Self {
        Self { name, limit: UNKNOWN }
    }

    /// Which limit it was.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// How long the limit was; `None` if only its end is known.
    pub const fn limit(&self) -> Option<Duration> {
        match self.limit {
            UNKNOWN => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}

impl fmt::Debug for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedOut").field("name", &self.name).field("limit", &self.limit()).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for TimedOut {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut fields = serializer.serialize_struct("TimedOut", 2)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("limit", &self.limit())?;
        fields.end()
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit() {
            Some(limit) => write!(f, "{}: timed out after {limit:?}", self.name),
            None => write!(f, "{}: timed out", self.name),
        }
    }
}

impl std::error::Error for TimedOut {}
