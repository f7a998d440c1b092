use crate::circuit::Circuit;
use crate::tally::Layout;
use crate::{Config, OnCancel, State};

/// Who is admitted, what is recorded how, and the epoch: one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateWord(u64);

impl StateWord {
    /// Admitted without asking the circuit.
    const PASSES: u64 = 1 << 8;
    /// Refused before `until` without asking the circuit.
    const SHUT: u64 = 1 << 9;
    /// Outcomes are recorded.
    const RECORDS: u64 = 1 << 10;
    /// `until` is the end of the newest slice of time.
    const SLICED: u64 = 1 << 11;
    /// The tally holds bits.
    const BITS: u64 = 1 << 12;
    /// A call's duration matters.
    const TIMES_CALLS: u64 = 1 << 13;
    /// A success while the streak is zero changes nothing but a counter.
    const QUIET: u64 = 1 << 14;
    const COUNTS: u64 = 1 << 15;
    const STRIPES: u64 = 1 << 16;
    const CANCEL_FAILS: u64 = 1 << 17;
    pub(crate) const EPOCH_SHIFT: u32 = 24;

    const fn new(state: State, epoch: u64, config: &Config) -> Self {
        let mut word = state as u64 | epoch << Self::EPOCH_SHIFT;
        let order = matches!(config.failure_rate, Some(rule) if !rule.frame.is_time())
            || matches!(config.slow_rate, Some(slow) if !slow.rate.frame.is_time());
        let sliced = matches!(config.failure_rate, Some(rule) if rule.frame.is_time())
            || matches!(config.slow_rate, Some(slow) if slow.rate.frame.is_time());
        let flags = [
            (matches!(state, State::Closed | State::MetricsOnly), Self::RECORDS),
            (order, Self::BITS),
            (sliced, Self::SLICED),
            (!order && !sliced, Self::QUIET),
            (config.slow_rate.is_some(), Self::TIMES_CALLS),
            (config.counters, Self::COUNTS),
            (config.striped, Self::STRIPES),
            (matches!(config.on_cancel, OnCancel::Failure), Self::CANCEL_FAILS),
        ];
        let mut i = 0;
        while i < flags.len() {
            if flags[i].0 {
                word |= flags[i].1;
            }
            i += 1;
        }
        Self(word)
    }

    /// The word of a closed circuit that nobody has used.
    pub(crate) const fn initial(config: &Config) -> Self {
        Self(Self::new(State::Closed, 0, config).0 | Self::PASSES)
    }

    pub(crate) fn of(circuit: &Circuit) -> Self {
        let admission = match (circuit.shut_until(), circuit.is_in_motion()) {
            (Some(_), _) => Self::SHUT,
            (None, true) => 0,
            (None, false) => Self::PASSES,
        };
        Self(Self::new(circuit.state(), circuit.epoch(), circuit.config()).0 | admission)
    }

    /// The same word while `until` is changed: nobody is admitted or refused without asking the circuit.
    pub(crate) const fn in_change(self) -> Self {
        Self(self.0 & !(Self::PASSES | Self::SHUT))
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    #[inline]
    const fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    #[inline]
    pub(crate) const fn epoch(self) -> u64 {
        self.0 >> Self::EPOCH_SHIFT
    }

    #[inline]
    pub(crate) const fn passes(self) -> bool {
        self.has(Self::PASSES)
    }

    #[inline]
    pub(crate) const fn is_shut(self) -> bool {
        self.has(Self::SHUT)
    }

    #[inline]
    pub(crate) const fn records(self) -> bool {
        self.has(Self::RECORDS)
    }

    /// Whether a call is admitted without asking the circuit or the clock.
    #[inline]
    pub(crate) const fn passes_untimed(self) -> bool {
        self.0 & (Self::PASSES | Self::TIMES_CALLS) == Self::PASSES
    }

    #[inline]
    pub(crate) const fn times_calls(self) -> bool {
        self.has(Self::TIMES_CALLS)
    }

    #[inline]
    pub(crate) const fn is_sliced(self) -> bool {
        self.has(Self::SLICED)
    }

    /// Whether successes and refusals are counted.
    #[inline]
    pub(crate) const fn counts(self) -> bool {
        self.has(Self::COUNTS)
    }

    /// Whether a success while the streak is zero changes nothing at all.
    #[inline]
    pub(crate) const fn is_quiet(self) -> bool {
        self.0 & (Self::QUIET | Self::COUNTS) == Self::QUIET
    }

    /// Whether a success while the streak is zero changes a counter only.
    #[inline]
    pub(crate) const fn is_quiet_but_counts(self) -> bool {
        self.0 & (Self::QUIET | Self::COUNTS) == Self::QUIET | Self::COUNTS
    }

    #[inline]
    pub(crate) const fn may_stripe(self) -> bool {
        self.has(Self::STRIPES)
    }

    #[inline]
    pub(crate) const fn cancel_fails(self) -> bool {
        self.has(Self::CANCEL_FAILS)
    }

    pub(crate) fn state(self) -> State {
        State::ALL[(self.0 & 0xFF) as usize]
    }

    pub(crate) const fn layout(self) -> Layout {
        match (self.has(Self::BITS), self.has(Self::TIMES_CALLS)) {
            (false, _) => Layout::Counts,
            (true, false) => Layout::Bits,
            (true, true) => Layout::WideBits,
        }
    }
}

#[cfg(test)]
mod tests;
