//! What is measured: how the call is made, and at which attempt it succeeds.

use std::time::Duration;

use crate::work::Load;

/// How the call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A plain function call.
    Sync,
    /// A future, ready at its first poll; of a tower service, too.
    Async,
}

/// One thing to measure; every contender does the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// How the call is made.
    pub form: Form,
    /// [`Load::Success`] or [`Load::SecondTry`].
    pub load: Load,
}

impl Operation {
    /// The first attempt succeeds.
    pub const fn first_try(form: Form) -> Self {
        Self { form, load: Load::Success }
    }

    /// The first attempt fails, and the second one, with no delay, succeeds.
    pub const fn second_try(form: Form) -> Self {
        Self { form, load: Load::SecondTry }
    }

    /// The settings that the operation needs.
    pub fn spec(self) -> Spec {
        if self.load == Load::SecondTry { Spec::AT_ONCE } else { Spec::USUAL }
    }
}

/// The settings that each adaptor translates for its crate: an exponential backoff with jitter.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Attempts at most, the first one included.
    pub attempts: u32,
    /// The first delay.
    pub base: Duration,
    /// The longest delay.
    pub longest: Duration,
}

impl Spec {
    /// What one would use.
    pub const USUAL: Self =
        Self { attempts: 3, base: Duration::from_millis(100), longest: Duration::from_secs(10) };
    /// The same without delays.
    pub const AT_ONCE: Self = Self { base: Duration::ZERO, ..Self::USUAL };

    /// Attempts at most, the first one not included.
    pub const fn retries(self) -> u32 {
        self.attempts - 1
    }
}
