use std::fmt;
use std::time::Duration;

/// A point in time on a [`Clock`](crate::Clock): nanoseconds since an origin that only that clock knows.
///
/// It fits one atomic word, a log line and a test's literal, which an `Instant` does not. 64 bits last 584 years.
/// All arithmetic saturates at [`Moment::ZERO`] and [`Moment::MAX`].
///
/// ```
/// use resil_core::Moment;
/// use std::time::Duration;
///
/// let start = Moment::from_nanos(1_000);
/// let later = start.saturating_add(Duration::from_micros(2));
/// assert_eq!(later.saturating_duration_since(start), Duration::from_micros(2));
/// assert_eq!(start.saturating_duration_since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moment(u64);

impl Moment {
    /// The clock's origin.
    pub const ZERO: Self = Self(0);
    /// The end of time; stands for "never".
    pub const MAX: Self = Self(u64::MAX);

    /// The moment that lies `nanos` nanoseconds after the clock's origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This moment plus `span`, at most [`Moment::MAX`].
    #[must_use = "the moment itself stays as it is"]
    pub const fn saturating_add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(span)))
    }

    /// This moment minus `span`, at least [`Moment::ZERO`].
    #[must_use = "the moment itself stays as it is"]
    pub const fn saturating_sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(saturating_nanos(span)))
    }

    /// The time from `earlier` to this moment, zero if `earlier` is in fact later.
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", Duration::from_nanos(self.0))
    }
}

/// The whole nanoseconds of `span`, at most `u64::MAX` (584 years).
pub(crate) const fn saturating_nanos(span: Duration) -> u64 {
    let nanos = span.as_nanos();
    if nanos > u64::MAX as u128 {
        return u64::MAX;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked on the line above; `try_from` is not const")]
    let nanos = nanos as u64;
    nanos
}
