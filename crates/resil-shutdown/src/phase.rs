use std::fmt;

/// How far the end of the process has come.
///
/// ```
/// use resil_shutdown::{GracefulShutdown, Phase};
///
/// let shutdown = GracefulShutdown::new();
/// assert_eq!(shutdown.phase(), Phase::Running);
/// shutdown.trigger_blocking();
/// assert_eq!(shutdown.phase(), Phase::Done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Phase {
    /// Nobody has asked for the end.
    Running,
    /// No longer ready, and still serving, until load balancers have noticed.
    PreDrain,
    /// No intake any more; what is in flight may end.
    Draining,
    /// The callbacks run.
    CleaningUp,
    /// All is done, or the budget is used up.
    Done,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::PreDrain => "pre-drain",
            Self::Draining => "draining",
            Self::CleaningUp => "cleaning up",
            Self::Done => "done",
        })
    }
}
