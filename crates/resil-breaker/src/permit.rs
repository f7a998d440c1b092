use resil_core::Moment;

use crate::probes::ProbeId;
use crate::state_word::StateWord;

/// An admitted call: tied to the epoch in which it was admitted.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, Policy, Verdict};
///
/// let breaker = CircuitBreaker::new("payments", Config::new());
/// let permit = breaker.admit()?; // `guard()` does the same and cannot be forgotten
/// breaker.settle(permit, Verdict::Success);
/// # Ok::<_, resil_breaker::Rejected>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit goes back through `settle` or `release`"]
pub struct Permit {
    /// The state word under which it was admitted, or the epoch and a probe's number in the place of the flags: two words fit into
    /// registers.
    pub(crate) ticket: u64,
    /// When the call was admitted; read only if a slow rule exists, else [`Moment::MAX`].
    pub(crate) started: Moment,
}

impl Permit {
    /// Marks a ticket with a number in its lowest bits; no flag of a state word.
    const NUMBERED: u64 = 1 << (StateWord::EPOCH_SHIFT - 1);

    #[inline]
    pub(crate) const fn under(word: StateWord, started: Moment) -> Self {
        Self { ticket: word.to_bits(), started }
    }

    pub(crate) const fn numbered(epoch: u64, probe: ProbeId, started: Moment) -> Self {
        Self { ticket: epoch << StateWord::EPOCH_SHIFT | Self::NUMBERED | probe as u64, started }
    }

    #[inline]
    pub(crate) const fn epoch(&self) -> u64 {
        self.ticket >> StateWord::EPOCH_SHIFT
    }

    pub(crate) const fn probe(&self) -> ProbeId {
        if self.ticket & Self::NUMBERED == 0 { 0 } else { (self.ticket & (Self::NUMBERED - 1)) as ProbeId }
    }
}
