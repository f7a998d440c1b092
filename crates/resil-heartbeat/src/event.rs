use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resil_core::{Name, Notice, Severity};

use crate::{HeartbeatError, State, Status};

/// Something that happened to a heartbeat; what [`observe`](crate::Heartbeat::observe) tells.
///
/// ```
/// use resil_heartbeat::{Event, Heartbeat};
/// use std::sync::mpsc;
///
/// let heartbeat = Heartbeat::builder().name("api").start()?;
/// let (tell, told) = mpsc::channel();
/// heartbeat.observe(move |event| _ = tell.send(event.to_string())).forget();
/// heartbeat.stop()?;
/// assert_eq!(told.recv().unwrap(), "api: stopped");
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// A beat of the schedule has reached everybody.
    #[non_exhaustive]
    Beat {
        /// The handle's name.
        name: Name,
        /// What it says.
        #[cfg_attr(feature = "serde", serde(serialize_with = "whole_state"))]
        state: Arc<State>,
    },
    /// A beat of the schedule did not reach everybody; told once for each who was not reached.
    #[non_exhaustive]
    MissedBeat {
        /// The handle's name.
        name: Name,
        /// Why.
        #[cfg_attr(feature = "serde", serde(serialize_with = "error_text"))]
        error: HeartbeatError,
        /// How many beats did not reach everybody since one that did, this one included.
        in_a_row: u64,
    },
    /// The beating thread or task came too late: the process was stopped, the system was asleep, or a sink was slow.
    #[non_exhaustive]
    Skipped {
        /// The handle's name.
        name: Name,
        /// How many beats of the schedule were left out.
        ticks: u64,
    },
    /// The beats say something else from now on.
    #[non_exhaustive]
    StatusChanged {
        /// The handle's name.
        name: Name,
        /// What they said.
        from: Status,
        /// What they say.
        to: Status,
        /// The workers that stand still.
        stalled: Vec<String>,
    },
    /// The target is dead.
    #[non_exhaustive]
    TargetDead {
        /// The handle's name.
        name: Name,
        /// How often this was told since it died.
        times: u64,
        /// How long ago it was first seen to be dead.
        since: Duration,
    },
    /// The target lives again.
    #[non_exhaustive]
    TargetRevived {
        /// The handle's name.
        name: Name,
        /// How long it was dead.
        after: Duration,
    },
    /// The heartbeat was stopped.
    #[non_exhaustive]
    Stopped {
        /// The handle's name.
        name: Name,
    },
}

impl Notice for Event {
    fn name(&self) -> Name {
        match self {
            Self::Beat { name, .. }
            | Self::MissedBeat { name, .. }
            | Self::Skipped { name, .. }
            | Self::StatusChanged { name, .. }
            | Self::TargetDead { name, .. }
            | Self::TargetRevived { name, .. }
            | Self::Stopped { name } => *name,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Beat { .. } => "beat",
            Self::MissedBeat { .. } => "missed_beat",
            Self::Skipped { .. } => "skipped",
            Self::StatusChanged { .. } => "status_changed",
            Self::TargetDead { .. } => "target_dead",
            Self::TargetRevived { .. } => "target_revived",
            Self::Stopped { .. } => "stopped",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Beat { .. } => Severity::Debug,
            Self::StatusChanged { to: Status::Stalled, .. }
            | Self::MissedBeat { .. }
            | Self::Skipped { .. }
            | Self::TargetDead { .. } => Severity::Warn,
            Self::StatusChanged { .. } | Self::TargetRevived { .. } | Self::Stopped { .. } => Severity::Info,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beat { name, state } => write!(f, "{name}: beat {}", state.sequence.unwrap_or_default()),
            Self::MissedBeat { name, error, in_a_row } => {
                write!(f, "{name}: {error}")?;
                if let Some(source) = std::error::Error::source(error) {
                    write!(f, ": {source}")?;
                }
                write!(f, ", missed {in_a_row} in a row")
            }
            Self::Skipped { name, ticks } => write!(f, "{name}: beats left out: {ticks}"),
            Self::StatusChanged { name, from, to, stalled } => {
                write!(f, "{name}: {from}, now {to}")?;
                if stalled.is_empty() { Ok(()) } else { write!(f, ", no progress by {}", stalled.join(", ")) }
            }
            Self::TargetDead { name, times: 1, .. } => write!(f, "{name}: the target is dead"),
            Self::TargetDead { name, since, .. } => {
                write!(f, "{name}: the target is still dead, for {since:.1?}")
            }
            Self::TargetRevived { name, after } => {
                write!(f, "{name}: the target lives again, after {after:.1?}")
            }
            Self::Stopped { name } => write!(f, "{name}: stopped"),
        }
    }
}

#[cfg(feature = "serde")]
fn whole_state<S: serde::Serializer>(state: &Arc<State>, serializer: S) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&**state, serializer)
}

#[cfg(feature = "serde")]
fn error_text<S: serde::Serializer>(error: &HeartbeatError, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}
