//! What is measured: how a limiter is asked, and what it answers.

use std::time::Duration;

use crate::work::Load;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// How the limiter is asked for a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A plain function call.
    Direct,
    /// The future of a wait, ready at its first poll.
    Async,
    /// Through a tower layer: `poll_ready`, `call`, and the future polled once.
    Tower,
    /// A plain function call with a key, out of so many.
    Keyed(u64),
}

/// One thing to measure; every contender does the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// How the limiter is asked.
    pub form: Form,
    /// Whether it lets every call through or refuses every one.
    pub load: Load,
}

impl Operation {
    /// Every call is let through.
    pub const fn allowed(form: Form) -> Self {
        Self { form, load: Load::Success }
    }

    /// Every call is refused.
    pub const fn denied(form: Form) -> Self {
        Self { form, load: Load::Rejected }
    }

    /// The quota that the operation needs.
    pub const fn spec(self) -> Spec {
        match self.load {
            Load::Rejected => Spec::SCARCE,
            _ => Spec::PLENTY,
        }
    }
}

/// The quota that each adaptor translates for its crate.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Permits per period.
    pub permits: u32,
    /// The period.
    pub period: Duration,
    /// Permits that an idle limiter holds, and with which it starts.
    pub burst: u32,
}

impl Spec {
    /// So much that nothing is refused: one permit per nanosecond.
    pub const PLENTY: Self = Self { permits: 1_000_000_000, period: SECOND, burst: 1_000_000_000 };
    /// So little that everything is refused after the first permit.
    pub const SCARCE: Self = Self { permits: 1, period: HOUR, burst: 1 };
    /// So few that a limiter shows itself soon.
    pub const FEW: Self = Self { permits: 10, period: HOUR, burst: 10 };

    /// A rate per second, for those who wait.
    pub const fn waiting(permits: u32, burst: u32) -> Self {
        Self { permits, period: SECOND, burst }
    }

    /// The time in which one permit comes back, rounded up.
    pub fn interval(self) -> Duration {
        let nanos = self.period.as_nanos().div_ceil(u128::from(self.permits));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The time in which `permits` come back.
    pub fn time_for(self, permits: u32) -> Duration {
        self.period * permits / self.permits
    }
}
