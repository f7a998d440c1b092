use std::fmt;

use resil_core::{Clock, Rejected};

use crate::RateLimiter;
use crate::charge::Charge;

/// Permits that are held until it is known how many were needed.
///
/// Dropped without [`commit`](Self::commit), it gives all of them back.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter};
///
/// let tokens = RateLimiter::new("tokens", Quota::per_day(10_000));
/// let reservation = tokens.reserve(4_000)?; // what the request may cost at most
/// let used = 1_500; // what the answer says that it did cost
/// reservation.commit(used);
/// assert_eq!(tokens.available(), 8_500);
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[must_use = "a reservation that is dropped gives its permits back"]
pub struct Reservation<'a, C: Clock> {
    limiter: &'a RateLimiter<C>,
    /// `None` for no permits.
    charge: Option<Charge>,
}

impl<C: Clock> RateLimiter<C> {
    /// Takes `permits` at once or none, and keeps open how many of them are used.
    ///
    /// # Errors
    /// As [`try_acquire_n`](Self::try_acquire_n).
    pub fn reserve(&self, permits: u32) -> Result<Reservation<'_, C>, Rejected> {
        let charge = if permits == 0 { None } else { Some(self.take(permits)?) };
        Ok(Reservation { limiter: self, charge })
    }
}

impl<C: Clock> Reservation<'_, C> {
    /// How many permits it holds.
    pub fn permits(&self) -> u32 {
        self.charge.map_or(0, |charge| charge.permits)
    }

    /// Keeps `used` permits spent and gives the rest back. If more were used than reserved, the difference is a debt that later
    /// callers wait for.
    pub fn commit(mut self, used: u32) {
        let held = self.permits();
        if used > held {
            self.limiter.owe(used - held);
        }
        if let Some(charge) = self.charge.take().filter(|_| used < held) {
            self.limiter.refund(charge.without_the_first(used));
        }
    }

    /// Gives all permits back, as dropping does.
    pub fn cancel(self) {
        drop(self);
    }
}

impl<C: Clock> Drop for Reservation<'_, C> {
    fn drop(&mut self) {
        if let Some(charge) = self.charge.take() {
            self.limiter.refund(charge);
        }
    }
}

impl<C: Clock> fmt::Debug for Reservation<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("limiter", &self.limiter.name())
            .field("permits", &self.permits())
            .finish()
    }
}
