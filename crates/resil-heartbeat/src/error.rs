use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use resil_core::OutOfRange;

/// Why a heartbeat did not start, or a beat did not reach all who should hear of it.
///
/// ```
/// use resil_heartbeat::{Heartbeat, HeartbeatError};
///
/// let error = Heartbeat::to_file("/dev/null/app.heartbeat").start().unwrap_err();
/// assert!(matches!(error, HeartbeatError::File { .. }));
/// assert_eq!(error.to_string(), "/dev/null/app.heartbeat: the beat could not be written");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum HeartbeatError {
    /// A setting is out of its range.
    OutOfRange(OutOfRange),
    /// A value of the metadata has no form in JSON, or is too long.
    Metadata {
        /// The first characters of its key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file could not be written. What it held before is still there.
    File {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: Arc<io::Error>,
    },
    /// A sink of the program's own failed or panicked.
    Sink(Arc<io::Error>),
    /// systemd could not be told.
    Systemd(Arc<io::Error>),
    /// systemd would end the process before the second beat.
    WatchdogTooShort {
        /// The time between two beats.
        interval: Duration,
        /// `WatchdogSec=` of the service.
        watchdog: Duration,
    },
    /// There are async callbacks, and no runtime was given or found to run them with.
    NoRuntime,
    /// The system gave no thread to beat on.
    Thread(Arc<io::Error>),
    /// It was stopped, so there is no beat any more.
    Stopped,
    /// A sink asked for a beat, in the middle of one.
    WithinABeat,
}

impl fmt::Display for HeartbeatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange(error) => error.fmt(f),
            Self::Metadata { key, why } => write!(f, "metadata {key:?}: {why}"),
            Self::File { path, .. } => write!(f, "{}: the beat could not be written", path.display()),
            Self::Sink(_) => f.write_str("a sink did not take the beat"),
            Self::Systemd(_) => f.write_str("systemd could not be told of the beat"),
            Self::WatchdogTooShort { interval, watchdog } => {
                write!(f, "interval: {interval:?} is too long for systemd's watchdog of {watchdog:?}")
            }
            Self::NoRuntime => f.write_str("there are async callbacks, and no runtime to run them with"),
            Self::Thread(_) => f.write_str("no thread could be started to beat on"),
            Self::Stopped => f.write_str("the heartbeat was stopped"),
            Self::WithinABeat => f.write_str("a sink asked for a beat in the middle of one"),
        }
    }
}

impl std::error::Error for HeartbeatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } | Self::Sink(error) | Self::Systemd(error) | Self::Thread(error) => {
                Some(&**error)
            }
            // The others tell all there is to tell.
            _ => None,
        }
    }
}

impl From<OutOfRange> for HeartbeatError {
    fn from(error: OutOfRange) -> Self {
        Self::OutOfRange(error)
    }
}
