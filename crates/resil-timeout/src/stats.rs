use resil_core::Name;

/// The statistics of a [`Timeout`](crate::Timeout): a copy, taken at one instant. What is done in time is not counted.
///
/// Counters never run backwards and are exact at rest.
///
/// ```
/// use resil_timeout::{Deadline, Moment, Timeout};
/// use std::time::Duration;
///
/// let timeout = Timeout::new(Duration::from_secs(2)).named("payments");
/// let _ = timeout.call(|| Ok::<_, ()>("in time"));
/// let over = Deadline::at(Moment::ZERO);
/// let _ = over.scope_blocking(|| timeout.call(|| Ok::<_, ()>("not even begun")));
/// let stats = timeout.stats();
/// assert_eq!((stats.timed_out, stats.expired, stats.cancelled), (0, 1, 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The timeout's name.
    pub name: Name,
    /// Calls that were cut off: futures, and synchronous calls that gave up because of it, as far as they
    /// [say so](crate::Timeout::call_nested).
    pub timed_out: u64,
    /// Calls that were not started, because there was no time left.
    pub expired: u64,
    /// Futures that were dropped while they were pending and had time left.
    pub cancelled: u64,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}
