use std::borrow::Cow;
use std::{fmt, io};

use resil_core::OutOfRange;

use crate::Signal;

/// Why a callback was not registered, or signals were not hooked.
///
/// ```
/// use resil_shutdown::{GracefulShutdown, ShutdownError};
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush").run(|| ())?;
/// let error = shutdown.register("flush").run(|| ()).unwrap_err();
/// assert!(matches!(error, ShutdownError::DuplicateName(_)));
/// assert_eq!(error.to_string(), "flush: a callback of this name is registered already");
/// # Ok::<_, ShutdownError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ShutdownError {
    /// There is a callback of this name.
    DuplicateName(Cow<'static, str>),
    /// The end had begun when this callback came, so it would not have run in its turn.
    ShuttingDown(Cow<'static, str>),
    /// The time limit of a callback is out of its range.
    OutOfRange(Cow<'static, str>, OutOfRange),
    /// The signals are hooked already.
    AlreadyInstalled,
    /// This signal could not be hooked.
    Signal(Signal, io::Error),
    /// The system gave no thread to wait for signals.
    Thread(io::Error),
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName(name) => write!(f, "{name}: a callback of this name is registered already"),
            Self::ShuttingDown(name) => {
                write!(f, "{name}: too late to register a callback, the shutdown has begun")
            }
            Self::OutOfRange(name, error) => write!(f, "{name}: {error}"),
            Self::AlreadyInstalled => f.write_str("the signals are hooked already"),
            Self::Signal(signal, _) => write!(f, "{signal} could not be hooked"),
            Self::Thread(_) => f.write_str("no thread could be started to wait for signals"),
        }
    }
}

impl std::error::Error for ShutdownError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::OutOfRange(_, error) => Some(error),
            Self::Signal(_, error) | Self::Thread(error) => Some(error),
            Self::DuplicateName(_) | Self::ShuttingDown(_) | Self::AlreadyInstalled => None,
        }
    }
}
