use std::fmt;
use std::time::Duration;

use crate::Name;
use crate::moment::saturating_nanos;

/// The refusal of a policy: the call was not made.
///
/// ```
/// use resil_core::{Name, Reason, Rejected};
/// use std::time::Duration;
///
/// let refusal = Rejected::new(Name::new("payments"), Reason::CircuitOpen).with_retry_after(Duration::from_millis(1500));
/// assert_eq!(refusal.to_string(), "payments: circuit open, retry after 1.5s");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[must_use = "a refusal says that the call was not made"]
pub struct Rejected {
    name: Name,
    reason: Reason,
    /// Nanoseconds, [`NEVER`] for no hint: refusals are made on hot paths, and a `Duration` costs a division.
    retry_after: u64,
}

/// 584 years.
const NEVER: u64 = u64::MAX;

/// Why a policy refused a call.
///
/// ```
/// use resil_core::Reason;
/// assert_eq!(Reason::RateLimited.to_string(), "rate limited");
/// assert_eq!(Reason::Other("out of coffee").to_string(), "out of coffee");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The circuit is open: the calls before this one failed.
    CircuitOpen,
    /// The circuit is half-open and all its probes are taken.
    CircuitHalfOpen,
    /// Somebody opened the circuit by hand.
    CircuitForcedOpen,
    /// The circuit has closed a moment ago and lets through a rising share of the calls.
    CircuitRampUp,
    /// More calls than the quota allows.
    RateLimited,
    /// A bounded table, for example of keys, is full of entries that are in use.
    CapacityExhausted,
    /// The process is about to end and takes in nothing new.
    ShuttingDown,
    /// The reason of a policy outside this family, as a lowercase fragment.
    Other(&'static str),
}

impl Rejected {
    /// A refusal by the policy `name` that gives no hint when to come again.
    pub const fn new(name: Name, reason: Reason) -> Self {
        Self { name, reason, retry_after: NEVER }
    }

    /// The same refusal, with the time after which a new try may be admitted; from 584 years on it is as good as no hint.
    #[inline]
    pub const fn with_retry_after(self, retry_after: Duration) -> Self {
        self.with_retry_after_nanos(saturating_nanos(retry_after))
    }

    /// The same refusal, with the nanoseconds after which a new try may be admitted; `u64::MAX` for no hint.
    #[inline]
    pub const fn with_retry_after_nanos(mut self, nanos: u64) -> Self {
        self.retry_after = nanos;
        self
    }

    /// The policy that refused.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// Why it refused.
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The time after which a new try may be admitted; `None` if waiting would not help or the policy cannot know.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.retry_after {
            NEVER => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CircuitOpen => "circuit open",
            Self::CircuitHalfOpen => "circuit half-open, all probes taken",
            Self::CircuitForcedOpen => "circuit forced open",
            Self::CircuitRampUp => "circuit ramping up",
            Self::RateLimited => "rate limited",
            Self::CapacityExhausted => "capacity exhausted",
            Self::ShuttingDown => "shutting down",
            Self::Other(reason) => reason,
        })
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)?;
        match self.retry_after() {
            Some(wait) => write!(f, ", retry after {wait:?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Rejected {}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected")
            .field("name", &self.name)
            .field("reason", &self.reason)
            .field("retry_after", &self.retry_after())
            .finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Rejected {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut fields = serializer.serialize_struct("Rejected", 3)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.serialize_field("retry_after", &self.retry_after())?;
        fields.end()
    }
}
