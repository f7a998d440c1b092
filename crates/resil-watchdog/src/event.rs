use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use resil_core::{Name, Notice, Severity};

use crate::Silence;

/// Something that happened to a watchdog; what [`observe`](crate::Watchdog::observe) tells.
///
/// ```
/// use resil_watchdog::{Event, Watchdog};
/// use std::{sync::mpsc, time::Duration};
///
/// let (tell, told) = mpsc::channel();
/// let dog = Watchdog::new(Duration::from_secs(30))
///     .named("jobs")
///     .observe(move |event: &Event| tell.send(event.to_string()).unwrap())
///     .start()?;
/// dog.stop();
/// assert_eq!(told.recv().unwrap(), "jobs: started, with a timeout of 30s");
/// assert_eq!(told.recv().unwrap(), "jobs: stopped");
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// A run began.
    #[non_exhaustive]
    Started {
        /// The watchdog's name.
        name: Name,
        /// How long a silence may last.
        timeout: Duration,
    },
    /// A silence has lasted too long, or goes on and is told again.
    TimedOut(Silence),
    /// Somebody whose silence was told gave a sign of life, or rests.
    #[non_exhaustive]
    Recovered {
        /// The watchdog's name.
        name: Name,
        /// Who; `None` is whoever pings the watchdog itself, or the state file.
        who: Option<Cow<'static, str>>,
        /// How long the silence was.
        lasted: Duration,
    },
    /// The monitor came to its look much too late: the machine or the process was asleep, and that is no silence.
    #[non_exhaustive]
    Overslept {
        /// The watchdog's name.
        name: Name,
        /// How late it came.
        late: Duration,
    },
    /// A run ended.
    #[non_exhaustive]
    Stopped {
        /// The watchdog's name.
        name: Name,
    },
}

impl Notice for Event {
    fn name(&self) -> Name {
        match self {
            Self::TimedOut(silence) => silence.watchdog,
            Self::Started { name, .. }
            | Self::Recovered { name, .. }
            | Self::Overslept { name, .. }
            | Self::Stopped { name } => *name,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::TimedOut(_) => "timed_out",
            Self::Recovered { .. } => "recovered",
            Self::Overslept { .. } => "overslept",
            Self::Stopped { .. } => "stopped",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::TimedOut(_) => Severity::Warn,
            Self::Started { .. } | Self::Recovered { .. } | Self::Overslept { .. } | Self::Stopped { .. } => {
                Severity::Info
            }
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { name, timeout } => write!(f, "{name}: started, with a timeout of {timeout:?}"),
            Self::TimedOut(silence) => silence.fmt(f),
            Self::Recovered { name, who: Some(who), lasted } => {
                write!(f, "{name}: {who}: no longer silent, after {lasted:.1?}")
            }
            Self::Recovered { name, who: None, lasted } => {
                write!(f, "{name}: no longer silent, after {lasted:.1?}")
            }
            Self::Overslept { name, late } => {
                write!(f, "{name}: the watchdog itself was asleep for {late:.1?}")
            }
            Self::Stopped { name } => write!(f, "{name}: stopped"),
        }
    }
}
