use std::cmp::Reverse;

use resil_core::{Clock, Rejected};

use crate::RateLimiter;

/// Takes permits of several limiters, each with its own number, or of none: for limits of different owners, such as one for each tenant
/// and one for all.
///
/// Where one permit of each is enough, a tuple of the limiters does the same for a call. Quotas of one contract belong into one
/// [`RateLimits`](crate::RateLimits), which can also wait for all of them.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter, try_acquire_all};
///
/// let tenant = RateLimiter::new("tenant", Quota::per_day(10_000));
/// let global = RateLimiter::new("global", Quota::per_day(11_000));
/// try_acquire_all([(&tenant, 1), (&global, 1_500)])?;
///
/// let refusal = try_acquire_all([(&tenant, 1), (&global, 10_000)]).unwrap_err();
/// assert_eq!(refusal.name(), global.name());
/// assert_eq!(tenant.available(), 9_999); // as it was
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
///
/// The limiters are looked at before any is charged: if some would refuse, the one that would do so for longest is asked and refuses,
/// and the others are neither charged nor counted. Its hint says when all of them would give, to the nanosecond, if nobody else comes.
/// Only if somebody is faster between the look and the charge is one charged in vain; it gets its permits back.
///
/// # Errors
/// The refusal of the limiter that has too few permits for longest. One that was asked for more than its burst comes before all others,
/// as no wait would help.
pub fn try_acquire_all<C: Clock, const N: usize>(
    permits: [(&RateLimiter<C>, u32); N],
) -> Result<(), Rejected> {
    let mut order: [_; N] = std::array::from_fn(|index| {
        let (limiter, n) = permits[index];
        let wait = limiter.time_until_available_n(n);
        (Reverse((wait.is_none(), wait)), index)
    });
    order.sort_unstable();
    let mut held = [const { None }; N];
    for (_, index) in order {
        let (limiter, n) = permits[index];
        held[index] = Some(limiter.reserve(n)?);
    }
    let reservations = held.into_iter().flatten();
    reservations.zip(permits).for_each(|(reservation, (_, n))| reservation.commit(n));
    Ok(())
}
