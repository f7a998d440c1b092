use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::contents;

/// Why a heartbeat's file gave no [`State`](crate::State).
///
/// ```
/// use resil_heartbeat::{ReadError, read};
///
/// let error = read("/run/no/such.heartbeat").unwrap_err();
/// assert!(matches!(error, ReadError::Missing { .. }));
/// assert_eq!(error.to_string(), "/run/no/such.heartbeat: there is no file");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing at that path.
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// This process may not read it.
    NoPermission {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is something else than a regular file. It was not opened.
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// It could not be read for another reason.
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It has more than 64 KiB, more than any beat. It was not read.
    TooLarge {
        /// Where.
        path: PathBuf,
        /// How many bytes it has.
        size: u64,
    },
    /// What it holds is no beat.
    Corrupt {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl ReadError {
    /// Where it was looked for.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::NoPermission { path, .. }
            | Self::NotAFile { path, .. }
            | Self::Io { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Corrupt { path, .. } => path,
        }
    }

    /// What went wrong, without the path.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Missing { .. } => "there is no file".to_owned(),
            Self::NoPermission { .. } => "no permission to read it".to_owned(),
            Self::NotAFile { kind, .. } => format!("it is {kind} and no regular file"),
            Self::Io { error, .. } => format!("it could not be read: {error}"),
            Self::TooLarge { size, .. } => {
                format!("it has {size} bytes, more than the {} of any beat", contents::LIMIT)
            }
            Self::Corrupt { why, .. } => why.clone(),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { path, why } => write!(f, "{}: it holds no beat: {why}", path.display()),
            // The source tells the rest.
            Self::Io { path, .. } => write!(f, "{}: it could not be read", path.display()),
            other => write!(f, "{}: {}", other.path().display(), other.why()),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoPermission { error, .. } | Self::Io { error, .. } => Some(error),
            Self::Missing { .. } | Self::NotAFile { .. } | Self::TooLarge { .. } | Self::Corrupt { .. } => {
                None
            }
        }
    }
}
