use std::time::Duration;

use resil_core::Name;

/// The statistics of a [`SlidingWindow`](crate::SlidingWindow): a copy, taken at one instant.
///
/// Counters never run backwards and are always exact.
///
/// ```
/// use resil_ratelimit::{Limit, SlidingWindow};
///
/// let contract = SlidingWindow::new("contract", Limit::per_hour(2));
/// for _ in 0..3 {
///     let _ = contract.try_acquire();
/// }
/// let stats = contract.stats();
/// assert_eq!((stats.acquired, stats.rejected, stats.available), (2, 1, 0));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SlidingWindowStats {
    /// The window's name.
    pub name: Name,
    /// How many permits there are in any window.
    pub limit: u32,
    /// The length of the window.
    pub window: Duration,
    /// Permits that were given, at once or after a wait.
    pub acquired: u64,
    /// Permits that were given and came back unused.
    pub refunded: u64,
    /// Calls that were refused, also waits that could not have ended in time.
    pub rejected: u64,
    /// Calls that waited and got their permits.
    pub waited: u64,
    /// How long they waited, all together.
    pub waited_time: Duration,
    /// Waits that were given up.
    pub cancelled: u64,
    /// Permits of waits that were given up while others had booked later instants, which they keep.
    pub expired_bookings: u64,
    /// Permits that are free at this instant.
    pub available: u32,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}

/// What is counted, under the lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) acquired: u64,
    pub(super) refunded: u64,
    pub(super) rejected: u64,
    pub(super) waited: u64,
    pub(super) waited_time: Duration,
    pub(super) cancelled: u64,
    pub(super) expired_bookings: u64,
}

impl Tally {
    pub(super) const ZERO: Self = Self {
        acquired: 0,
        refunded: 0,
        rejected: 0,
        waited: 0,
        waited_time: Duration::ZERO,
        cancelled: 0,
        expired_bookings: 0,
    };
}
