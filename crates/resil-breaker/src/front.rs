use resil_core::Moment;
use resil_core::const_fn;
use resil_core::sync::atomic::{AtomicU64, Ordering};

use crate::circuit::Circuit;
use crate::rules::Batch;
use crate::{Config, OnCancel, State};

/// The lock-free front of a circuit: three words that let most calls through without its lock.
///
/// - `state` says who is admitted and which epoch it is. Only the holder of the circuit's lock writes it.
/// - `until` is the instant up to which `state` and `tally` may be relied on: calls are refused before it, or the newest slice of
///   time ends with it.
/// - `tally` collects outcomes that provably cannot trip the circuit: it is published with a budget of calls, failures and
///   slow calls (the circuit's slack), and whoever finds it used up takes the lock, folds it into the circuit and publishes anew.
///   So the rules are judged in one place only, the circuit, and exactly.
///
/// A result counts in the epoch of its permit or not at all: the tally is loaded *before* the state. If the state is then still
/// that of the permit, and the tally still the same at the exchange, no transition came in between, as each one exhausts the tally
/// first and publishes another generation of it.
#[derive(Debug)]
pub(crate) struct Front {
    state: AtomicU64,
    tally: AtomicU64,
    until: AtomicU64,
    /// Nanoseconds above which a call is slow.
    slower_than: AtomicU64,
}

/// Who is admitted, what is recorded how, and the epoch: one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateWord(u64);

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
enum Layout {
    Counts,
    Bits,
    /// Two bits for each outcome: failed, slow.
    WideBits,
}

/// A tally that is used up: no outcome fits into it, and no success finds the streak at zero.
const EXHAUSTED: u64 = Layout::TRAILING;

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
    const EPOCH_SHIFT: u32 = 24;

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

    #[inline]
    pub(crate) const fn times_calls(self) -> bool {
        self.has(Self::TIMES_CALLS)
    }

    #[inline]
    pub(crate) const fn is_sliced(self) -> bool {
        self.has(Self::SLICED)
    }

    #[inline]
    pub(crate) const fn counts_successes(self) -> bool {
        self.has(Self::COUNTS)
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

    const fn layout(self) -> Layout {
        match (self.has(Self::BITS), self.has(Self::TIMES_CALLS)) {
            (false, _) => Layout::Counts,
            (true, false) => Layout::Bits,
            (true, true) => Layout::WideBits,
        }
    }
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
    const fn with(self, tally: u64, failed: bool, slow: bool) -> Option<u64> {
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
    pub(crate) const NONE: Self =
        Self { generation: 0, layout: Layout::Counts, calls: 0, failures: 0, slow: 0 };

    fn word(self, streak: u32) -> u64 {
        let generation = self.generation << Layout::GENERATION;
        match self.layout {
            Layout::Counts => {
                // Whether the streak is zero is all that the front needs to know.
                let trailing = u64::from(streak > 0);
                generation
                    | self.calls * Layout::CALL
                    | self.failures * Layout::FAILURE
                    | self.slow * Layout::SLOW
                    | trailing
            }
            Layout::Bits | Layout::WideBits => {
                generation
                    | self.calls * Layout::BIT_CALL
                    | self.failures * Layout::BIT_FAILURE
                    | self.slow * Layout::BIT_SLOW
            }
        }
    }

    /// The outcomes that came into the tally since it was published.
    #[expect(clippy::cast_possible_truncation, reason = "each field is masked to at most 32 bits")]
    fn outcomes(self, tally: u64) -> Batch {
        if tally == EXHAUSTED {
            return Batch::EMPTY;
        }
        match self.layout {
            Layout::Counts => {
                let field = |unit: u64| (tally / unit & 0xFFF) as u32;
                Batch::Tally {
                    calls: self.calls as u32 - field(Layout::CALL),
                    failures: self.failures as u32 - field(Layout::FAILURE),
                    slow: self.slow as u32 - field(Layout::SLOW),
                    trailing: field(1),
                }
            }
            Layout::Bits | Layout::WideBits => {
                let count = self.calls as u32 - (tally / Layout::BIT_CALL & 0x3F) as u32;
                let wide = self.layout == Layout::WideBits;
                let failed = if wide { tally & 0xFFFF } else { tally & 0xFFFF_FFFF };
                Batch::Bits {
                    count,
                    failed: failed as u32,
                    slow: if wide { (tally >> 16 & 0xFFFF) as u32 } else { 0 },
                }
            }
        }
    }
}

impl Front {
    const_fn! {
        /// The front of a closed circuit that nobody has used.
        pub(crate) const fn new(config: &Config) -> Self {
            let state = StateWord::new(State::Closed, 0, config).0 | StateWord::PASSES;
            let slower_than = match config.slow_rate {
                Some(slow) => slow.slower_than,
                None => u64::MAX,
            };
            Self {
                state: AtomicU64::new(state),
                tally: AtomicU64::new(EXHAUSTED),
                until: AtomicU64::new(0),
                slower_than: AtomicU64::new(slower_than),
            }
        }
    }

    /// The state. It may be read together with an `until` that is older: a call then meets the state of a moment ago, or asks the
    /// circuit.
    #[inline]
    pub(crate) fn state(&self) -> StateWord {
        StateWord(self.state.load(Ordering::Relaxed))
    }

    /// The tally and the state, in the order that a result needs; see [`Front`].
    #[inline]
    pub(crate) fn tally_and_state(&self) -> (u64, StateWord) {
        #[cfg(seeded_bug = "state_before_tally")]
        {
            let state = self.state();
            return (self.tally.load(Ordering::Acquire), state);
        }
        #[cfg(not(seeded_bug = "state_before_tally"))]
        {
            // Acquire: with the tally of an epoch comes its state.
            let tally = self.tally.load(Ordering::Acquire);
            (tally, self.state())
        }
    }

    /// The instant up to which state and tally hold.
    ///
    /// Acquire, for [`record`](Self::record): whoever reads the end of a *new* slice must then see that the old tally is exhausted. No
    /// model notices a weaker ordering, as that takes a machine that moves an exchange before an earlier load, which neither
    /// checker imitates.
    #[inline]
    pub(crate) fn until(&self) -> Moment {
        Moment::from_nanos(self.until.load(Ordering::Acquire))
    }

    #[inline]
    pub(crate) fn slower_than(&self) -> u64 {
        self.slower_than.load(Ordering::Relaxed)
    }

    /// Whether a success under this tally and state changes nothing but a counter.
    #[inline]
    pub(crate) const fn is_quiet(tally: u64, state: StateWord) -> bool {
        tally & Layout::TRAILING == 0 && state.has(StateWord::QUIET)
    }

    /// Records an outcome in the tally, unless it is used up, the state has changed, or the slice of time has ended before `now`.
    #[inline]
    pub(crate) fn record(
        &self,
        mut tally: u64,
        state: StateWord,
        failed: bool,
        slow: bool,
        now: impl Fn() -> Moment,
    ) -> bool {
        let now = if state.is_sliced() { Some(now()) } else { None };
        loop {
            if now.is_some_and(|now| now >= self.until()) && cfg!(not(seeded_bug = "until_unchecked")) {
                return false;
            }
            #[cfg(seeded_bug = "store_instead_of_exchange")]
            if let Some(next) = state.layout().with(tally, failed, slow) {
                self.tally.store(next, Ordering::Release);
                return true;
            }
            let Some(next) = state.layout().with(tally, failed, slow) else { return false };
            match self.tally.compare_exchange_weak(tally, next, Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => return true,
                Err(changed) => {
                    tally = changed;
                    if self.state.load(Ordering::Relaxed) != state.0 {
                        return false;
                    }
                }
            }
        }
    }

    /// Exhausts the tally and returns what came into it. Only under the circuit's lock.
    pub(crate) fn take(&self, published: Published) -> Batch {
        #[cfg(seeded_bug = "take_by_load")]
        return published.outcomes(self.tally.load(Ordering::Acquire));
        #[cfg(not(seeded_bug = "take_by_load"))]
        published.outcomes(self.tally.swap(EXHAUSTED, Ordering::Relaxed))
    }

    /// Publishes what `circuit` allows to be done without its lock, after [`take`](Self::take). Only under the circuit's lock.
    pub(crate) fn publish(&self, circuit: &Circuit, last: Published) -> Published {
        let config = circuit.config();
        let state = StateWord::new(circuit.state(), circuit.epoch(), config);
        let shut_until = circuit.shut_until();
        let slack = circuit.slack();
        let until = shut_until.or_else(|| circuit.rules().slice_end()).unwrap_or(Moment::ZERO);
        let admission = match (shut_until, circuit.is_in_motion()) {
            (Some(_), _) => StateWord::SHUT,
            (None, true) => 0,
            (None, false) => StateWord::PASSES,
        };
        self.slower_than.store(config.slow_rate.map_or(u64::MAX, |slow| slow.slower_than), Ordering::Relaxed);
        self.until.store(until.as_nanos(), Ordering::Release);
        self.state.store(state.0 | admission, Ordering::Relaxed);
        let Some(slack) = slack else { return Published { generation: last.generation, ..Published::NONE } };
        let layout = state.layout();
        let (most_calls, most_bad) = match layout {
            Layout::Counts => (Layout::COUNT_MAX, Layout::COUNT_MAX),
            Layout::Bits => (32, 31),
            Layout::WideBits => (16, 31),
        };
        let published = Published {
            // Never 0, which is that of an exhausted tally.
            generation: if cfg!(seeded_bug = "same_generation") { 1 } else { last.generation % 0xFFFF + 1 },
            layout,
            calls: slack.calls.min(most_calls),
            failures: slack.failures.min(most_bad),
            slow: slack.slow.min(most_bad),
        };
        self.tally.store(published.word(circuit.rules().streak()), Ordering::Release);
        published
    }
}
