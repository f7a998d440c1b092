use std::fmt;
use std::time::Duration;

use crate::ReadError;

/// What a reader makes of a heartbeat's file.
///
/// ```
/// use resil_heartbeat::{Liveness, liveness};
/// use std::time::Duration;
///
/// match liveness("/run/no/such.heartbeat", Duration::from_secs(30)) {
///     Liveness::Alive { age } => println!("alive {age:?} ago"),
///     Liveness::Stopped { .. } => println!("it was meant to end"),
///     Liveness::Missing => println!("it never began"),
///     other => println!("somebody should look: {other}"),
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Liveness {
    /// It beats.
    Alive {
        /// How old the last beat is; zero where clocks disagree by little.
        age: Duration,
    },
    /// The last beat is too old: the process hangs, is stopped, or is gone without a word.
    Stale {
        /// How old the last beat is.
        age: Duration,
        /// How old it may be.
        max_age: Duration,
    },
    /// It beats, but a worker stands still.
    Stalled {
        /// How old the last beat is.
        age: Duration,
        /// The workers that stand still.
        workers: Vec<String>,
    },
    /// It has ended because it was meant to: no reason for an alarm.
    Stopped {
        /// How long ago.
        age: Duration,
    },
    /// There is no file.
    Missing,
    /// What the file holds is no beat.
    Corrupt {
        /// What is wrong with it.
        why: String,
    },
    /// The file could not be read, so nothing is known of the process.
    Unreadable {
        /// Why.
        why: String,
    },
    /// The last beat was written at a time that has not come, so nobody knows how old it is.
    FromFuture {
        /// How far that is ahead.
        ahead: Duration,
    },
    /// The process is certainly gone, and has not said that it would end.
    Dead {
        /// How old the last beat is.
        age: Duration,
        /// The number that the process had.
        pid: u32,
    },
}

impl Liveness {
    /// Whether it beats, and its workers come on.
    pub const fn is_alive(&self) -> bool {
        matches!(self, Self::Alive { .. })
    }

    /// Whether it has ended because it was meant to.
    pub const fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }

    /// How old the last beat is, if that is known.
    pub const fn age(&self) -> Option<Duration> {
        match self {
            Self::Alive { age }
            | Self::Stale { age, .. }
            | Self::Stalled { age, .. }
            | Self::Stopped { age }
            | Self::Dead { age, .. } => Some(*age),
            Self::Missing | Self::Corrupt { .. } | Self::Unreadable { .. } | Self::FromFuture { .. } => None,
        }
    }

    /// What becomes of a file that could not be read.
    pub(crate) fn of_error(error: &ReadError) -> Self {
        match error {
            ReadError::Missing { .. } => Self::Missing,
            ReadError::Corrupt { why, .. } => Self::Corrupt { why: why.clone() },
            ReadError::TooLarge { .. } => Self::Corrupt { why: error.why() },
            ReadError::NoPermission { .. } | ReadError::NotAFile { .. } | ReadError::Io { .. } => {
                Self::Unreadable { why: error.why() }
            }
        }
    }
}

impl fmt::Display for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alive { age } => write!(f, "alive, the last beat is {age:.1?} old"),
            Self::Stale { age, max_age } => {
                write!(f, "stale, the last beat is {age:.1?} old, more than {max_age:?}")
            }
            Self::Stalled { workers, .. } if workers.is_empty() => f.write_str("stalled"),
            Self::Stalled { workers, .. } => write!(f, "stalled, no progress by {}", workers.join(", ")),
            Self::Stopped { age } => write!(f, "stopped, {age:.1?} ago"),
            Self::Missing => f.write_str("missing, there is no file"),
            Self::Corrupt { why } => write!(f, "corrupt, {why}"),
            Self::Unreadable { why } => write!(f, "unreadable, {why}"),
            Self::FromFuture { ahead } => write!(f, "from the future, the last beat is {ahead:.1?} ahead"),
            Self::Dead { pid, age } => {
                write!(f, "dead, process {pid} is gone, its last beat is {age:.1?} old")
            }
        }
    }
}
