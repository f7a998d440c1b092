//! The response headers by which a server tells its limits: their names, and their values from what a limiter knows.
//!
//! `RateLimit` and `RateLimit-Policy` follow the IETF's draft-ietf-httpapi-ratelimit-headers (version 10), `Retry-After` RFC 9110.
//! No HTTP library is needed: a value is a text.
//!
//! ```
//! use resil_ratelimit::{headers, ManualClock, Quota, RateLimiter};
//!
//! let limiter = RateLimiter::with_clock("search".into(), Quota::per_minute(60).burst(2), ManualClock::new());
//! limiter.try_acquire()?;
//! assert_eq!(headers::rate_limit_policy(limiter.name(), limiter.quota()), r#""search";q=60;w=60"#);
//! assert_eq!(headers::rate_limit(limiter.name(), limiter.peek()), r#""search";r=1;t=1"#);
//! limiter.try_acquire()?;
//! let refusal = limiter.try_acquire().unwrap_err();
//! assert_eq!(headers::retry_after(&refusal).as_deref(), Some("1"));
//! # Ok::<_, resil_ratelimit::Rejected>(())
//! ```

use std::fmt::Write as _;
use std::time::Duration;

use resil_core::{Name, Rejected};

use crate::{Peek, Quota};

/// The name of the header that tells when to come again.
pub const RETRY_AFTER: &str = "retry-after";
/// The name of the header that tells what is left of a quota.
pub const RATE_LIMIT: &str = "ratelimit";
/// The name of the header that tells the quota.
pub const RATE_LIMIT_POLICY: &str = "ratelimit-policy";

/// The value of `Retry-After`: whole seconds, rounded up, at least 1; `None` if waiting would not help.
pub fn retry_after(refusal: &Rejected) -> Option<String> {
    refusal.retry_after().map(|wait| whole_seconds(wait).max(1).to_string())
}

/// The value of `RateLimit`: the permits that are free (`r`), and the whole seconds, rounded up, until there is one if there is none,
/// else until all are free (`t`).
pub fn rate_limit(name: Name, peek: Peek) -> String {
    let wait = if peek.available == 0 { peek.next_in } else { peek.full_in };
    format!("{};r={};t={}", quoted(name), peek.available, whole_seconds(wait))
}

/// The value of `RateLimit-Policy`: the permits (`q`) per window in whole seconds (`w`). A period that is not whole seconds is told as
/// the smallest number of periods that is; one for which that would take more than an hour is told without a window.
pub fn rate_limit_policy(name: Name, quota: Quota) -> String {
    const SECOND: u128 = 1_000_000_000;
    let nanos = quota.period().as_nanos();
    let whole = (1..=3_600_u128).find(|periods| (nanos * periods).is_multiple_of(SECOND));
    let mut value = quoted(name);
    // A string takes any text, so these cannot fail.
    let _ = write!(value, ";q={}", u128::from(quota.permits()) * whole.unwrap_or(1));
    if let Some(periods) = whole {
        let _ = write!(value, ";w={}", nanos * periods / SECOND);
    }
    value
}

fn whole_seconds(span: Duration) -> u64 {
    span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0))
}

/// A name as a string of structured fields (RFC 8941), which holds printable ASCII only: other characters become question marks.
fn quoted(name: Name) -> String {
    let mut quoted = String::from('"');
    for character in name.as_str().chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => quoted.push('?'),
        }
    }
    quoted.push('"');
    quoted
}
