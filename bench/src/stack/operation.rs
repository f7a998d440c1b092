//! What is measured: the form of the call, and the settings of its parts.

use std::time::Duration;

use crate::limiter::operation::Spec as Quota;
use crate::retry::operation::Spec as Attempts;

/// How the call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A plain function call.
    Sync,
    /// A future, ready at its first poll; of a tower service, too.
    Async,
}

/// The settings that each adaptor translates for its crates. The breaker is the same in all.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The limiter's.
    pub quota: Quota,
    /// The retry's.
    pub attempts: Attempts,
    /// How long an attempt may take.
    pub limit: Duration,
}

impl Spec {
    /// Nothing is refused, tried again or cut off.
    pub const QUIET: Self =
        Self { quota: Quota::PLENTY, attempts: Attempts::USUAL, limit: Duration::from_secs(3_600) };
    /// So few permits that the limiter shows itself soon.
    pub const SCARCE: Self = Self { quota: Quota::FEW, ..Self::QUIET };
    /// Failures are tried again at once.
    pub const HASTY: Self = Self { attempts: Attempts::AT_ONCE, ..Self::QUIET };
    /// An attempt may not take long, either.
    pub const SHORT: Self = Self { limit: Duration::from_millis(5), ..Self::HASTY };
}

/// Failures in a row at which a breaker opens; a window trips after more of them.
pub const FAILURES: u32 = 5;
