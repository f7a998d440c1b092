use resil_core::seeded_bug;

use crate::rules::{Batch, Slack};

/// What the circuit remembers of a tally that it published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Published {
    generation: u64,
    layout: Layout,
    calls: u64,
    failures: u64,
    slow: u64,
}

/// How a tally word is laid out: as counts, or as one bit for each outcome where a window of calls needs their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Counts,
    Bits,
    /// Two bits for each outcome: failed, slow.
    WideBits,
}

/// A tally that is used up: no outcome fits into it, and no success finds the streak at zero.
pub(crate) const EXHAUSTED: u64 = Layout::TRAILING;

/// Whether no failure has come since the last success, as far as a tally of counts can tell.
#[inline]
pub(crate) const fn has_no_streak(tally: u64) -> bool {
    tally & Layout::TRAILING == 0
}

impl Layout {
    // Both layouts keep the generation in the highest 16 bits and the calls that are left below it.
    const GENERATION: u32 = 48;
    // Counts: calls left, failures left, slow calls left, and the failures since the last success.
    const CALL: u64 = 1 << 36;
    const FAILURE: u64 = 1 << 24;
    const SLOW: u64 = 1 << 12;
    const TRAILING: u64 = 0xFFF;
    const COUNT_MAX: u64 = 0xFFE;
    // Bits: calls left (6), failures left (5), slow calls left (5), and 32 bits of outcomes, the newest lowest.
    const BIT_CALL: u64 = 1 << 42;
    const BIT_FAILURE: u64 = 1 << 37;
    const BIT_SLOW: u64 = 1 << 32;

    /// The tally with one outcome more, `None` if it does not fit.
    #[inline]
    pub(crate) const fn with(self, tally: u64, failed: bool, slow: bool) -> Option<u64> {
        let (call, failure, slowness) = match self {
            Self::Counts => (Self::CALL, Self::FAILURE, Self::SLOW),
            Self::Bits | Self::WideBits => (Self::BIT_CALL, Self::BIT_FAILURE, Self::BIT_SLOW),
        };
        // Each field lies between its unit and the unit of the next.
        let calls_left = tally & ((1 << Self::GENERATION) - call);
        let failures_left = tally & (call - failure);
        let slow_left = tally & (failure - slowness);
        if calls_left == 0 || (failed && failures_left == 0) || (slow && slow_left == 0) {
            return None;
        }
        let budget = tally - call - failed as u64 * failure - slow as u64 * slowness;
        Some(match self {
            Self::Counts if failed => budget + 1,
            Self::Counts => budget & !Self::TRAILING,
            Self::Bits => {
                let outcomes = (tally << 1 | failed as u64) & 0xFFFF_FFFF;
                budget >> 32 << 32 | outcomes
            }
            Self::WideBits => {
                let failures = (tally << 1 | failed as u64) & 0xFFFF;
                let slows = (tally >> 16 << 1 | slow as u64) & 0xFFFF;
                budget >> 32 << 32 | slows << 16 | failures
            }
        })
    }
}

impl Published {
    /// The tally after `last`, with as much of the slack as its layout can hold.
    pub(crate) fn next(last: Self, layout: Layout, slack: Slack) -> Self {
        let (most_calls, most_bad) = match layout {
            Layout::Counts => (Layout::COUNT_MAX, Layout::COUNT_MAX),
            Layout::Bits => (32, 31),
            Layout::WideBits => (16, 31),
        };
        Self {
            // Never 0, which is that of an exhausted tally.
            generation: if seeded_bug!("same_generation") { 1 } else { last.generation % 0xFFFF + 1 },
            layout,
            calls: slack.calls.min(most_calls),
            failures: slack.failures.min(most_bad),
            slow: slack.slow.min(most_bad),
        }
    }

    /// After `last`, nothing is published.
    pub(crate) fn nothing(last: Self) -> Self {
        Self { generation: last.generation, ..Self::NONE }
    }

    pub(crate) const NONE: Self =
        Self { generation: 0, layout: Layout::Counts, calls: 0, failures: 0, slow: 0 };

    pub(crate) fn word(self, streak: u32) -> u64 {
        let generation = self.generation << Layout::GENERATION;
        match self.layout {
            Layout::Counts => {
                // Whether the streak is zero is all that the front needs to know.
                let trailing = u64::from(streak > 0);
                generation
                    + self.calls * Layout::CALL
                    + self.failures * Layout::FAILURE
                    + self.slow * Layout::SLOW
                    + trailing
            }
            Layout::Bits | Layout::WideBits => {
                generation
                    + self.calls * Layout::BIT_CALL
                    + self.failures * Layout::BIT_FAILURE
                    + self.slow * Layout::BIT_SLOW
            }
        }
    }

    /// The outcomes that came into the tally since it was published.
    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to at most 32 bits")]
    pub(crate) fn outcomes(self, tally: u64) -> Batch {
        if tally == EXHAUSTED {
            return Batch::EMPTY;
        }
        match self.layout {
            Layout::Counts => {
                let field = |unit: u64| ((tally / unit) & 0xFFF) as u32;
                Batch::Tally {
                    calls: self.calls as u32 - field(Layout::CALL),
                    failures: self.failures as u32 - field(Layout::FAILURE),
                    slow: self.slow as u32 - field(Layout::SLOW),
                    trailing: field(1),
                }
            }
            Layout::Bits | Layout::WideBits => {
                let count = self.calls as u32 - ((tally / Layout::BIT_CALL) & 0x3F) as u32;
                let wide = self.layout == Layout::WideBits;
                let failed = if wide { tally & 0xFFFF } else { tally & 0xFFFF_FFFF };
                Batch::Bits {
                    count,
                    failed: failed as u32,
                    slow: if wide { ((tally >> 16) & 0xFFFF) as u32 } else { 0 },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
