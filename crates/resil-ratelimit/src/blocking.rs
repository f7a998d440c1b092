use std::time::Duration;

use resil_core::{Clock, Deadline, Rejected};

use crate::RateLimiter;
use crate::place::{Request, wait_blocking};

/// Waits that park the calling thread, in one line with all other waits.
///
/// A wait that could not end in time, by its own limit or by the [current deadline](Deadline::current), is refused at once, with the
/// hint when to come again, and books nothing.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter};
/// use std::time::Duration;
///
/// let limiter = RateLimiter::new("search", Quota::per_second(1_000).burst(1));
/// for _ in 0..3 {
///     limiter.acquire_blocking()?; // the second and the third wait a millisecond
/// }
///
/// let reports = RateLimiter::new("reports", Quota::per_hour(1));
/// reports.acquire_blocking()?;
/// assert!(reports.acquire_blocking_timeout(Duration::from_secs(1)).is_err()); // at once
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
impl<C: Clock> RateLimiter<C> {
    /// Waits for one permit.
    pub fn acquire_blocking(&self) -> Result<(), Rejected> {
        self.wait_blocking(Request::ONE)
    }

    /// Waits for `permits`, all at once.
    pub fn acquire_blocking_n(&self, permits: u32) -> Result<(), Rejected> {
        self.wait_blocking(Request { permits, ..Request::ONE })
    }

    /// Waits for one permit, no longer than `max_wait`.
    pub fn acquire_blocking_timeout(&self, max_wait: Duration) -> Result<(), Rejected> {
        self.wait_blocking(Request { within: Some(max_wait), ..Request::ONE })
    }

    /// Waits for `permits`, all at once, no longer than `max_wait`.
    pub fn acquire_blocking_timeout_n(&self, permits: u32, max_wait: Duration) -> Result<(), Rejected> {
        self.wait_blocking(Request { permits, within: Some(max_wait), ..Request::ONE })
    }

    /// Waits for one permit, no longer than until `deadline`.
    pub fn acquire_blocking_deadline(&self, deadline: Deadline) -> Result<(), Rejected> {
        self.wait_blocking(Request { by: Some(deadline), ..Request::ONE })
    }

    /// Waits for `permits`, all at once, no longer than until `deadline`.
    pub fn acquire_blocking_deadline_n(&self, permits: u32, deadline: Deadline) -> Result<(), Rejected> {
        self.wait_blocking(Request { permits, by: Some(deadline), ..Request::ONE })
    }

    pub(crate) fn wait_blocking(&self, request: Request) -> Result<(), Rejected> {
        wait_blocking(self, request)
    }
}
