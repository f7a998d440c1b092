//! Deadlines across processes: what is left of one as the text of a header, and a deadline from such a text.
//!
//! The text is that of gRPC's `grpc-timeout` (the protocol over HTTP/2, section Requests): at most eight digits and a unit. It holds a
//! span and not an instant, so that the clocks of the two sides need not agree; what the request takes on its way is for the `margin`.
//! Plain HTTP has no such header of its own, and `grpc-timeout` serves there as well, or any other name that both sides know.
//!
//! No HTTP library is needed: a value is a text. The child never gets more time than its parent has: a span is rounded down when it goes
//! out, and a deadline that comes in is never later than the current one.
//!
//! ```
//! use resil_timeout::{Deadline, headers};
//! use std::time::Duration;
//!
//! const NETWORK: Duration = Duration::from_millis(20);
//!
//! // The caller, under a deadline: what is left of it, less what the network takes.
//! fn request(deadline: Deadline) -> Result<(), resil_timeout::TimedOut> {
//!     let value = headers::grpc_timeout(deadline, NETWORK)?;
//!     send(&[(headers::GRPC_TIMEOUT, value.to_string())]);
//!     Ok(())
//! }
//!
//! // The called: the work ends with it.
//! fn serve(value: Option<&str>) -> Result<(), headers::GrpcTimeoutError> {
//!     match value {
//!         Some(value) => headers::deadline(value, NETWORK)?.scope_blocking(work),
//!         None => work(),
//!     }
//!     Ok(())
//! }
//! # fn send(_: &[(&str, String)]) {}
//! # fn work() {}
//! # request(Deadline::after(Duration::from_secs(60))).unwrap();
//! # serve(Some("5S")).unwrap();
//! ```

mod grpc_timeout;

use std::time::Duration;

use resil_core::{Clock, Deadline, MonotonicClock, Name, TimeLimit, TimedOut};

pub use grpc_timeout::{GrpcTimeout, GrpcTimeoutError};

/// The name of the header.
pub const GRPC_TIMEOUT: &str = "grpc-timeout";

/// What is left of `deadline` for the other side, if its answer and the request together take `margin` on their way.
///
/// # Errors
/// [`TimedOut`] if nothing is left: the request need not be sent.
pub fn grpc_timeout(deadline: Deadline, margin: Duration) -> Result<GrpcTimeout, TimedOut> {
    grpc_timeout_on(&MonotonicClock, deadline, margin)
}

/// [`grpc_timeout`] of a deadline that counts on `clock`.
pub fn grpc_timeout_on(
    clock: &impl Clock,
    deadline: Deadline,
    margin: Duration,
) -> Result<GrpcTimeout, TimedOut> {
    let left = deadline.remaining_on(clock).saturating_sub(margin);
    if left.is_zero() { Err(deadline.timed_out()) } else { Ok(GrpcTimeout::at_most(left)) }
}

/// The deadline that a request came with: the span in `value`, less `margin`, from now on, and never later than the current one.
///
/// It is named "grpc-timeout". A span that is not longer than the margin gives a deadline that is over.
///
/// # Errors
/// [`GrpcTimeoutError`] if `value` is no such text. gRPC's servers then refuse the request.
pub fn deadline(value: impl AsRef<[u8]>, margin: Duration) -> Result<Deadline, GrpcTimeoutError> {
    deadline_on(&MonotonicClock, value, margin)
}

/// [`deadline`], counted on `clock`.
pub fn deadline_on(
    clock: &impl Clock,
    value: impl AsRef<[u8]>,
    margin: Duration,
) -> Result<Deadline, GrpcTimeoutError> {
    let asked = GrpcTimeout::parse(value)?.duration().saturating_sub(margin);
    let asked = TimeLimit::new(Name::new(GRPC_TIMEOUT), asked).starting_at(clock.now());
    Ok(Deadline::current().map_or(asked, |current| asked.earlier(current)))
}
