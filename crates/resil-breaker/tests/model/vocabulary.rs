//! The words that the naive model and the driver share.

use resil_core::Reason;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    MetricsOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    FailureThreshold,
    FailureRate,
    SlowRate,
    ResetTimeout,
    ProbesSucceeded,
    ProbeFailed,
    HalfOpenExpired,
    Forced,
    Reset,
    ManualExpired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Transition { from: State, to: State, cause: Cause },
    Rejected,
    SlowCall,
    ThresholdExceeded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) retry_after: Option<u64>,
}

/// What is done by hand, with the span after which it ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    Reset,
    ForceClose,
    ForceOpen(Option<u64>),
    Disable(Option<u64>),
    MetricsOnly(Option<u64>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stats {
    pub(crate) state: State,
    pub(crate) total: u64,
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) rejected: u64,
    pub(crate) ignored: u64,
    pub(crate) cancelled: u64,
    pub(crate) slow: u64,
    pub(crate) stale_results: u64,
    pub(crate) transitions: u64,
    pub(crate) in_flight: u64,
    pub(crate) consecutive_failures: u64,
    pub(crate) window_calls: u64,
    pub(crate) window_failures: u64,
    pub(crate) window_slow: u64,
    pub(crate) open_remaining: Option<u64>,
    pub(crate) events_lost: u64,
}
