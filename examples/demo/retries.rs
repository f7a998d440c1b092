//! What the two sides that try again have counted.

use resil::pipeline::retry::{Stats, Stops};

/// What the retry of one side did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Calls that succeeded after their first attempt.
    pub(crate) mended: u32,
    /// Those that did not, by what ended them.
    pub(crate) stopped: Stops,
}

impl From<&Stats> for Effort {
    fn from(stats: &Stats) -> Self {
        Self { mended: number(stats.recovered), stopped: stats.stopped }
    }
}

/// Of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retries {
    pub(crate) naive: Effort,
    pub(crate) guarded: Effort,
    /// What the guarded side's budget paid for: attempts that the limiter refused are among them.
    pub(crate) paid: u32,
    /// Attempts of the guarded side that took longer than one may.
    pub(crate) attempts_cut: u32,
}

/// A run has some million events at most.
pub(crate) fn number(counted: u64) -> u32 {
    u32::try_from(counted).unwrap_or(u32::MAX)
}
