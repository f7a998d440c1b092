use std::{fmt, io};

use resil_core::OutOfRange;

/// Why a watchdog did not start.
///
/// ```
/// use resil_watchdog::{Watchdog, WatchdogError};
/// use std::time::Duration;
///
/// let error = Watchdog::new(Duration::ZERO).start().unwrap_err();
/// assert!(matches!(error, WatchdogError::OutOfRange(_)));
/// assert_eq!(error.to_string(), "timeout: 0ns is out of range, allowed is 4ms to 100 years");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchdogError {
    /// A setting is out of its range.
    OutOfRange(OutOfRange),
    /// It runs already: there is one monitor, never two.
    AlreadyRunning,
    /// There are async callbacks, and no runtime was given or found to run them with.
    NoRuntime,
    /// The system gave no thread for the monitor.
    Thread(io::Error),
}

impl fmt::Display for WatchdogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange(error) => error.fmt(f),
            Self::AlreadyRunning => f.write_str("the watchdog is running already"),
            Self::NoRuntime => f.write_str("no runtime was given or found for the async callbacks"),
            Self::Thread(_) => f.write_str("no thread could be started for the monitor"),
        }
    }
}

impl std::error::Error for WatchdogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Thread(error) => Some(error),
            // What it says is said already.
            Self::OutOfRange(_) | Self::AlreadyRunning | Self::NoRuntime => None,
        }
    }
}

impl From<OutOfRange> for WatchdogError {
    fn from(error: OutOfRange) -> Self {
        Self::OutOfRange(error)
    }
}
