//! What is measured: a rule, a load, and the form of the call.

use std::time::Duration;

use crate::work::Load;

/// Failures in a row after which a consecutive rule trips.
pub const CONSECUTIVE: u32 = 5;
/// Calls in a count window, unless a row varies it.
pub const COUNT_WINDOW: u32 = 100;
/// Length of a time window.
pub const TIME_WINDOW: Duration = Duration::from_secs(1);
/// Failure rate at which windows trip, in per cent.
pub const FAILURE_RATE: u8 = 50;
/// Calls before a time window's rate is looked at.
pub const MIN_CALLS: u32 = 20;
/// How long a breaker stays open where it must not close during the measurement.
pub const NEVER: Duration = Duration::from_secs(3_600);

/// What trips the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// [`CONSECUTIVE`] failures in a row.
    Consecutive,
    /// [`FAILURE_RATE`] of the last so many calls.
    Count(u32),
    /// [`FAILURE_RATE`] of the calls within the given time.
    Time(Duration),
}

/// How the call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A plain function call.
    Sync,
    /// A future, ready at its first poll.
    Async,
    /// Through a tower layer: `poll_ready`, `call`, and the future polled once.
    Tower,
}

/// One thing to measure; every contender does the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// What trips the breaker.
    pub rule: Rule,
    /// What the calls do.
    pub load: Load,
    /// How they are made.
    pub form: Form,
}

impl Operation {
    /// Plain function calls under `rule`.
    pub const fn sync(rule: Rule, load: Load) -> Self {
        Self { rule, load, form: Form::Sync }
    }

    /// The settings that the operation needs.
    pub fn spec(self) -> Spec {
        let probing = self.load == Load::HalfOpen;
        Spec {
            rule: self.rule,
            open_for: if probing { Duration::from_millis(2) } else { NEVER },
            stays_half_open: probing,
        }
    }
}

/// The settings that each adaptor translates for its crate.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// What trips the breaker.
    pub rule: Rule,
    /// How long it then stays open.
    pub open_for: Duration,
    /// Whether successful probes must leave it half-open.
    pub stays_half_open: bool,
}
