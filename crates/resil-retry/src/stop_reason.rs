use std::fmt;

/// Why a call ended without success.
///
/// ```
/// use resil_retry::StopReason;
/// assert_eq!(StopReason::BudgetExhausted.to_string(), "retry budget exhausted");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StopReason {
    /// The error is one that another attempt would not mend.
    NotRetryable,
    /// The circuit is open.
    CircuitOpen,
    /// The process is about to end.
    ShuttingDown,
    /// A policy refused the call for good: waiting would not help.
    Refused,
    /// All attempts are made.
    AttemptsExhausted,
    /// The current deadline is over, or would be before another attempt could begin.
    DeadlineExceeded,
    /// The time for attempts is over, or would be before another one could begin.
    MaxElapsed,
    /// The retry budget has no token left.
    BudgetExhausted,
    /// The caller gave the call up.
    Cancelled,
    /// An attempt panicked.
    Panicked,
}

impl StopReason {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 10] = [
        Self::NotRetryable,
        Self::CircuitOpen,
        Self::ShuttingDown,
        Self::Refused,
        Self::AttemptsExhausted,
        Self::DeadlineExceeded,
        Self::MaxElapsed,
        Self::BudgetExhausted,
        Self::Cancelled,
        Self::Panicked,
    ];
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRetryable => "not retryable",
            Self::CircuitOpen => "circuit open",
            Self::ShuttingDown => "shutting down",
            Self::Refused => "refused for good",
            Self::AttemptsExhausted => "attempts exhausted",
            Self::DeadlineExceeded => "deadline exceeded",
            Self::MaxElapsed => "time for attempts over",
            Self::BudgetExhausted => "retry budget exhausted",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
        })
    }
}
