//! The response header by which a server tells when to come again: `Retry-After` (RFC 9110, 10.2.3), in seconds or as a date.
//!
//! No HTTP library is needed: a value is bytes.
//!
//! ```
//! use resil_retry::{ManualClock, headers};
//! use std::time::Duration;
//!
//! let clock = ManualClock::new(); // 2023-11-14 22:13:20 UTC
//! assert_eq!(headers::retry_after("120", &clock), Some(Duration::from_secs(120)));
//! let date = "Tue, 14 Nov 2023 22:15:20 GMT";
//! assert_eq!(headers::retry_after(date, &clock), Some(Duration::from_secs(120)));
//! assert_eq!(headers::retry_after("soon", &clock), None);
//! ```

use std::time::{Duration, SystemTime};

use resil_core::Clock;

use crate::backoff::MAX_SPAN;

/// The name of the header.
pub const RETRY_AFTER: &str = "retry-after";

/// No value that means something is longer.
const LONGEST: usize = 64;

/// How long to wait by the value of `Retry-After`: a number of seconds, or a date in one of the three forms of HTTP, up to 100 years.
/// A date that is past says zero. `None` if it is neither.
///
/// Only a date makes it read the wall clock of `clock`.
pub fn retry_after(value: impl AsRef<[u8]>, clock: &impl Clock) -> Option<Duration> {
    let value = value.as_ref().trim_ascii();
    if value.is_empty() || value.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let wait = if value.iter().all(u8::is_ascii_digit) {
        // What is too long a number is too long a time.
        text.parse().map_or(MAX_SPAN, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        date.saturating_sub(clock.unix_time())
    };
    Some(wait.min(MAX_SPAN))
}
