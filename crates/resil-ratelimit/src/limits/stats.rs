use std::time::Duration;

use resil_core::Name;

/// The statistics of [`RateLimits`](crate::RateLimits): a copy, taken at one instant, with one number for each quota where permits are
/// counted.
///
/// Counters never run backwards and are always exact.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimits};
///
/// let limits = RateLimits::new("openai", [Quota::per_day(2), Quota::per_day(5_000)]);
/// limits.try_acquire_each([1, 3_000])?;
/// assert!(limits.try_acquire_each([1, 3_000]).is_err());
/// let stats = limits.stats();
/// assert_eq!((stats.acquired, stats.rejected, stats.available), ([1, 3_000], 1, [1, 2_000]));
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LimitsStats<const N: usize> {
    /// The limits' name.
    pub name: Name,
    /// Permits that were given, at once or after a wait.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_list"))]
    pub acquired: [u64; N],
    /// Permits that were given and came back unused.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_list"))]
    pub refunded: [u64; N],
    /// Calls that were refused, also waits that could not have ended in time.
    pub rejected: u64,
    /// Calls that waited and got their permits.
    pub waited: u64,
    /// How long they waited, all together.
    pub waited_time: Duration,
    /// Waits that were given up.
    pub cancelled: u64,
    /// Permits that came back too late for anybody to use them.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_list"))]
    pub expired_bookings: [u64; N],
    /// Whole permits that are free at this instant.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_list"))]
    pub available: [u32; N],
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}

/// Serde knows arrays of certain lengths only.
#[cfg(feature = "serde")]
fn as_list<T: serde::Serialize, S: serde::Serializer, const N: usize>(
    numbers: &[T; N],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&numbers[..], serializer)
}

/// What is counted, under the lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally<const N: usize> {
    pub(super) acquired: [u64; N],
    pub(super) refunded: [u64; N],
    pub(super) rejected: u64,
    pub(super) waited: u64,
    pub(super) waited_time: Duration,
    pub(super) cancelled: u64,
}

impl<const N: usize> Tally<N> {
    pub(super) const ZERO: Self = Self {
        acquired: [0; N],
        refunded: [0; N],
        rejected: 0,
        waited: 0,
        waited_time: Duration::ZERO,
        cancelled: 0,
    };
}

/// Adds `permits` to the sums of their quotas.
pub(super) fn add<const N: usize>(sums: &mut [u64; N], permits: [u32; N]) {
    sums.iter_mut().zip(permits).for_each(|(sum, permits)| *sum += u64::from(permits));
}
