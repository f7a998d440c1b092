use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use resil_core::{Name, Notice, Severity};

use crate::{CallbackReport, Cause, Phase, Report};

/// Something that happened on the way to the end; what [`observe`](crate::GracefulShutdown::observe) tells.
///
/// ```
/// use resil_shutdown::{Event, GracefulShutdown};
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush").run(|| ())?;
/// shutdown.observe(|event| match event {
///     Event::Ended { callback, .. } => println!("{callback}"),
///     other => println!("{other}"),
/// }).forget();
/// shutdown.trigger_blocking();
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// The end was asked for.
    #[non_exhaustive]
    Requested {
        /// The handle's name.
        name: Name,
        /// Why.
        cause: Cause,
        /// The time for all of it.
        budget: Duration,
    },
    /// A phase began.
    #[non_exhaustive]
    Entered {
        /// The handle's name.
        name: Name,
        /// Which one.
        phase: Phase,
    },
    /// A callback ended or was given up.
    #[non_exhaustive]
    Ended {
        /// The handle's name.
        name: Name,
        /// What became of it.
        callback: CallbackReport,
    },
    /// It takes a while: told now and then.
    #[non_exhaustive]
    StillRunning {
        /// The handle's name.
        name: Name,
        /// The phase.
        phase: Phase,
        /// The callbacks that run.
        callbacks: Vec<Cow<'static, str>>,
        /// How much is in flight.
        in_flight: usize,
        /// What is left of the budget.
        left: Duration,
    },
    /// All is done, or the budget is used up.
    Completed(Report),
}

impl Notice for Event {
    fn name(&self) -> Name {
        match self {
            Self::Requested { name, .. }
            | Self::Entered { name, .. }
            | Self::Ended { name, .. }
            | Self::StillRunning { name, .. } => *name,
            Self::Completed(report) => report.name(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "requested",
            Self::Entered { .. } => "entered",
            Self::Ended { .. } => "ended",
            Self::StillRunning { .. } => "still_running",
            Self::Completed(_) => "completed",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Ended { callback, .. } if !callback.outcome.is_ok() => Severity::Warn,
            Self::Completed(report) if !report.is_clean() => Severity::Warn,
            Self::StillRunning { .. } => Severity::Warn,
            Self::Requested { .. } | Self::Entered { .. } | Self::Ended { .. } | Self::Completed(_) => {
                Severity::Info
            }
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested { name, cause, budget } => write!(f, "{name}: {cause}, ends within {budget:?}"),
            Self::Entered { name, phase } => write!(f, "{name}: {phase}"),
            Self::Ended { name, callback } => {
                write!(f, "{name}: {}: {}, {:.1?}", callback.name, callback.outcome, callback.took)
            }
            Self::StillRunning { name, phase, callbacks, in_flight, left } => {
                write!(f, "{name}: {phase}, {left:.1?} left")?;
                if *in_flight > 0 {
                    write!(f, ", in flight: {in_flight}")?;
                }
                if callbacks.is_empty() {
                    Ok(())
                } else {
                    write!(f, ", still running: {}", callbacks.join(", "))
                }
            }
            Self::Completed(report) => report.fmt(f),
        }
    }
}
