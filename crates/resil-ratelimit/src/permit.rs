use crate::charge::Charge;

/// An admitted call of a limiter: it goes back through `settle`, which keeps it spent, or `release`, which refunds it.
///
/// ```
/// use resil_ratelimit::{Policy, Quota, RateLimiter};
///
/// let limiter = RateLimiter::new("search", Quota::per_hour(1));
/// let permit = limiter.admit()?; // `call` and its kin do this
/// assert_eq!(limiter.available(), 0);
/// limiter.release(permit); // the call was not made
/// assert_eq!(limiter.available(), 1);
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit goes back through `settle` or `release`"]
pub struct Permit(pub(crate) Charge);
