use std::fmt;

use serde_core::{Serialize, Serializer};

/// What a beat says of its process.
///
/// ```
/// use resil_heartbeat::{Heartbeat, ManualClock, Status};
///
/// let heartbeat = Heartbeat::builder().clock(ManualClock::new()).start()?;
/// assert_eq!(heartbeat.state().status, Some(Status::Starting));
/// heartbeat.beat_now()?;
/// assert_eq!(heartbeat.state().status.unwrap().to_string(), "running");
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It has only begun, or has yet to say that it is [ready](crate::Heartbeat::ready).
    Starting,
    /// It does its work.
    Running,
    /// It beats, but a worker stands still.
    Stalled,
    /// It has ended because it was meant to; no beat comes after this one.
    Stopped,
}

impl Status {
    const ALL: [Self; 4] = [Self::Starting, Self::Running, Self::Stalled, Self::Stopped];

    /// Its word, as it stands in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Stopped => "stopped",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
