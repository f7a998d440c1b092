use std::fmt;

use resil_core::{Clock, Rejected};

use super::RateLimits;
use crate::joint::Claim;

/// Permits of all quotas that are held until it is known how many were needed.
///
/// Dropped without [`commit`](Self::commit), it gives all of them back.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimits};
///
/// let openai = RateLimits::new("openai", [Quota::per_day(500), Quota::per_day(5_000)]);
/// let reservation = openai.reserve([1, 4_000])?; // what the request may cost at most
/// let used = 1_500; // tokens, as the answer says
/// reservation.commit([1, used]);
/// assert_eq!(openai.available(), [499, 3_500]);
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[must_use = "a reservation that is dropped gives its permits back"]
pub struct LimitsReservation<'a, const N: usize, C: Clock> {
    limits: &'a RateLimits<N, C>,
    /// `None` for no permits.
    claim: Option<Claim<N>>,
}

impl<const N: usize, C: Clock> RateLimits<N, C> {
    /// Takes `permits`, a number for each quota, at once or none, and keeps open how many of them are used.
    ///
    /// # Errors
    /// As [`try_acquire_each`](Self::try_acquire_each).
    pub fn reserve(&self, permits: [u32; N]) -> Result<LimitsReservation<'_, N, C>, Rejected> {
        let claim = if permits == [0; N] { None } else { Some(self.take(permits)?) };
        Ok(LimitsReservation { limits: self, claim })
    }
}

impl<const N: usize, C: Clock> LimitsReservation<'_, N, C> {
    /// How many permits of each quota it holds.
    pub fn permits(&self) -> [u32; N] {
        self.claim.map_or([0; N], |claim| claim.permits())
    }

    /// Keeps `used` permits spent and gives the rest back. If more of a quota were used than reserved, the difference is a debt that
    /// later callers wait for.
    pub fn commit(mut self, used: [u32; N]) {
        let held = self.permits();
        self.limits.settle_up(self.claim.take(), held, used);
    }

    /// Gives all permits back, as dropping does.
    pub fn cancel(self) {
        drop(self);
    }
}

impl<const N: usize, C: Clock> Drop for LimitsReservation<'_, N, C> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            self.limits.refund(claim, [0; N]);
        }
    }
}

impl<const N: usize, C: Clock> fmt::Debug for LimitsReservation<'_, N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitsReservation")
            .field("limits", &self.limits.name())
            .field("permits", &self.permits())
            .finish()
    }
}
