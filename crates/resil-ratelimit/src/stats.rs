use std::time::Duration;

use resil_core::Name;

/// The statistics of a limiter: a copy, taken at one instant.
///
/// Counters never run backwards and are exact at rest.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter};
///
/// let limiter = RateLimiter::new("search", Quota::per_hour(2));
/// for _ in 0..3 {
///     let _ = limiter.try_acquire();
/// }
/// let stats = limiter.stats();
/// assert_eq!((stats.acquired, stats.rejected, stats.available), (2, 1, 0));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The limiter's name.
    pub name: Name,
    /// Permits that were given, at once or after a wait, but for those under [`counters(false)`](crate::RateLimiter::counters).
    pub acquired: u64,
    /// Permits that were given and came back unused.
    pub refunded: u64,
    /// Calls that were refused, also waits that could not have ended in time, but for those under
    /// [`counters(false)`](crate::RateLimiter::counters).
    pub rejected: u64,
    /// Calls that waited and got their permits.
    pub waited: u64,
    /// How long they waited, all together.
    pub waited_time: Duration,
    /// Waits that were given up.
    pub cancelled: u64,
    /// Permits that came back too late for anybody to use them.
    pub expired_bookings: u64,
    /// Whole permits that are free at this instant.
    pub available: u32,
    /// Whether permits and refusals are being counted.
    pub counters: bool,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}
