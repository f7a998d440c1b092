use crate::joint::Claim;

/// An admitted call of [`RateLimits`](crate::RateLimits), one permit of each quota: it goes back through `settle`, which keeps them
/// spent, or `release`, which refunds them.
///
/// ```
/// use resil_ratelimit::{Policy, Quota, RateLimits};
///
/// let limits = RateLimits::new("search", [Quota::per_hour(1), Quota::per_day(5)]);
/// let permit = limits.admit()?; // `call` and its kin do this
/// assert_eq!(limits.available(), [0, 4]);
/// limits.release(permit); // the call was not made
/// assert_eq!(limits.available(), [1, 5]);
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit goes back through `settle` or `release`"]
pub struct LimitsPermit<const N: usize>(pub(super) Claim<N>);
