use std::time::Duration;

use resil_core::Name;

use crate::StopReason;

/// The statistics of a [`Retry`](crate::Retry): a copy. They count calls whose first attempt did not settle them.
///
/// Counters never run backwards and are exact at rest. A call that succeeds at once is not counted: it writes nothing.
///
/// ```
/// use resil_retry::{Config, ManualClock, Retry};
///
/// let retry = Retry::with_clock("payments".into(), Config::new(), ManualClock::leaping());
/// let _ = retry.call(|| Err::<(), _>("down"));
/// let stats = retry.stats();
/// assert_eq!((stats.retries, stats.recovered, stats.stopped.attempts_exhausted), (2, 0, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The handle's name.
    pub name: Name,
    /// Calls that came to a second attempt.
    pub retried: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Calls that succeeded after the first attempt.
    pub recovered: u64,
    /// Calls that ended without success, by reason.
    pub stopped: Stops,
    /// The time that calls waited between attempts, all together.
    pub waited_time: Duration,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
    /// Calls of listeners that panicked.
    pub listener_panics: u64,
}

/// How many calls ended without success, by [`StopReason`].
///
/// ```
/// use resil_retry::{Config, Retry, StopReason};
///
/// let retry = Retry::new("payments", Config::new());
/// let _ = retry.never(|_: &&str| true).call(|| Err::<(), _>("declined"));
/// let stopped = retry.stats().stopped;
/// assert_eq!((stopped.not_retryable, stopped.total()), (1, 1));
/// assert_eq!(stopped.by(StopReason::NotRetryable), 1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stops {
    /// [`StopReason::NotRetryable`]
    pub not_retryable: u64,
    /// [`StopReason::CircuitOpen`]
    pub circuit_open: u64,
    /// [`StopReason::ShuttingDown`]
    pub shutting_down: u64,
    /// [`StopReason::Refused`]
    pub refused: u64,
    /// [`StopReason::AttemptsExhausted`]
    pub attempts_exhausted: u64,
    /// [`StopReason::DeadlineExceeded`]
    pub deadline_exceeded: u64,
    /// [`StopReason::MaxElapsed`]
    pub max_elapsed: u64,
    /// [`StopReason::BudgetExhausted`]
    pub budget_exhausted: u64,
    /// [`StopReason::Cancelled`]
    pub cancelled: u64,
    /// [`StopReason::Panicked`]
    pub panicked: u64,
}

impl Stops {
    pub(crate) const fn of(counts: [u64; StopReason::ALL.len()]) -> Self {
        let [
            not_retryable,
            circuit_open,
            shutting_down,
            refused,
            attempts_exhausted,
            deadline_exceeded,
            max_elapsed,
            budget_exhausted,
            cancelled,
            panicked,
        ] = counts;
        Self {
            not_retryable,
            circuit_open,
            shutting_down,
            refused,
            attempts_exhausted,
            deadline_exceeded,
            max_elapsed,
            budget_exhausted,
            cancelled,
            panicked,
        }
    }

    /// Those that ended for this reason.
    pub const fn by(&self, reason: StopReason) -> u64 {
        match reason {
            StopReason::NotRetryable => self.not_retryable,
            StopReason::CircuitOpen => self.circuit_open,
            StopReason::ShuttingDown => self.shutting_down,
            StopReason::Refused => self.refused,
            StopReason::AttemptsExhausted => self.attempts_exhausted,
            StopReason::DeadlineExceeded => self.deadline_exceeded,
            StopReason::MaxElapsed => self.max_elapsed,
            StopReason::BudgetExhausted => self.budget_exhausted,
            StopReason::Cancelled => self.cancelled,
            StopReason::Panicked => self.panicked,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        StopReason::ALL.iter().map(|reason| self.by(*reason)).sum()
    }
}

/// The statistics of a [`RetryBudget`](crate::RetryBudget): a copy.
///
/// ```
/// use resil_retry::RetryBudget;
///
/// let budget = RetryBudget::new(50);
/// (0..5).for_each(|_| budget.deposit());
/// assert_eq!((budget.stats().deposits, budget.stats().balance), (5, 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BudgetStats {
    /// Calls that deposited their share.
    pub deposits: u64,
    /// Tokens that were withdrawn, also those that came back.
    pub withdrawn: u64,
    /// Tokens that came back because no attempt followed.
    pub returned: u64,
    /// Retries that got no token.
    pub refused: u64,
    /// Whole tokens that are banked, without those of the floor.
    pub balance: u64,
}
