//! Predicates that say which errors another attempt may mend.

use std::error::Error as StdError;
use std::io;

use resil_core::TimedOut;

/// Whether an error of input or output may pass by itself: refused, reset, aborted and broken connections, hosts and networks that are
/// not reached, timeouts, interruptions, an end in the middle, a busy resource.
///
/// ```
/// use resil_retry::io_transient;
/// use std::io::{Error, ErrorKind};
/// assert!(io_transient(&Error::from(ErrorKind::ConnectionRefused)));
/// assert!(!io_transient(&Error::from(ErrorKind::NotFound)));
/// ```
pub fn io_transient(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::NotConnected
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::TimedOut
            | Kind::WouldBlock
            | Kind::Interrupted
            | Kind::UnexpectedEof
            | Kind::ResourceBusy
    )
}

/// Whether an error, or one of those that brought it about, says that time was up: a [`TimedOut`], or one of input or output of that
/// kind.
///
/// ```
/// use resil_retry::timed_out;
/// use std::io::{Error, ErrorKind};
/// assert!(timed_out(&Error::from(ErrorKind::TimedOut)));
/// assert!(!timed_out(&Error::from(ErrorKind::ConnectionReset)));
/// ```
pub fn timed_out<E: StdError + 'static>(error: &E) -> bool {
    let mut link: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = link {
        let is_io = |error: &io::Error| {
            let inside = error.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<TimedOut>);
            inside || error.kind() == io::ErrorKind::TimedOut
        };
        if error.is::<TimedOut>() || error.downcast_ref().is_some_and(is_io) {
            return true;
        }
        link = error.source();
    }
    false
}

/// Whether another attempt may mend an answer with this status of HTTP: 408, 425, 429, 500, 502, 503 and 504.
///
/// ```
/// use resil_retry::http_status;
/// assert!(http_status(503) && !http_status(404) && !http_status(501));
/// ```
pub const fn http_status(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}
