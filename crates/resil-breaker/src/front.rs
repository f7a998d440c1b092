use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::{Moment, const_fn, seeded_bug};

use crate::Config;
use crate::circuit::Circuit;
use crate::rules::Batch;
use crate::state_word::StateWord;
use crate::tally::{EXHAUSTED, Published};

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
#[repr(C)]
pub(crate) struct Front {
    state: AtomicU64,
    tally: AtomicU64,
    until: AtomicU64,
    /// Nanoseconds above which a call is slow.
    slower_than: AtomicU64,
}

impl Front {
    const_fn! {
        /// The front of a closed circuit that nobody has used.
        pub(crate) const fn new(config: &Config) -> Self {
            let state = StateWord::initial(config);
            let slower_than = match config.slow_rate {
                Some(slow) => slow.slower_than,
                None => u64::MAX,
            };
            Self {
                state: AtomicU64::new(state.to_bits()),
                tally: AtomicU64::new(EXHAUSTED),
                until: AtomicU64::new(0),
                slower_than: AtomicU64::new(slower_than),
            }
        }
    }

    /// The state.
    #[inline]
    pub(crate) fn state(&self) -> StateWord {
        StateWord::from_bits(self.state.load(Ordering::Relaxed))
    }

    /// The instant until which `shut`, a state just read, refuses calls; `None` if the state has changed since.
    ///
    /// `until` is changed between two changes of the state, so it belongs to a state that is the same before and after.
    #[inline]
    pub(crate) fn shut_until(&self, shut: StateWord) -> Option<Moment> {
        // Acquire: not older than the state.
        let before = StateWord::from_bits(self.state.load(Ordering::Acquire));
        let until = self.until();
        (before == shut && self.state() == shut).then_some(until)
    }

    /// The tally and the state, in the order that a result needs; see [`Front`].
    #[inline]
    pub(crate) fn tally_and_state(&self) -> (u64, StateWord) {
        seeded_bug!("state_before_tally" => {
            let state = self.state();
            return (self.tally.load(Ordering::Acquire), state);
        });
        // Acquire: with the tally of an epoch comes its state.
        let tally = self.tally.load(Ordering::Acquire);
        (tally, self.state())
    }

    /// The instant up to which state and tally hold.
    ///
    /// Acquire: whoever reads the one of a new state or slice then sees that the state is in change, and that the old tally is
    /// exhausted. For the tally no model notices a weaker ordering, as that takes a machine that moves an exchange before an earlier
    /// load, which neither checker imitates.
    #[inline]
    fn until(&self) -> Moment {
        Moment::from_nanos(self.until.load(Ordering::Acquire))
    }

    #[inline]
    pub(crate) fn slower_than(&self) -> u64 {
        self.slower_than.load(Ordering::Relaxed)
    }

    /// Records an outcome in the tally, unless it is used up, the state has changed, or the slice of time has ended before `now`.
    #[inline]
    pub(crate) fn record(
        &self,
        mut tally: u64,
        state: StateWord,
        failed: bool,
        slow: bool,
        now: Option<Moment>,
    ) -> bool {
        let now = now.filter(|_| state.is_sliced());
        loop {
            if now.is_some_and(|now| now >= self.until()) && !seeded_bug!("until_unchecked") {
                return false;
            }
            let Some(next) = state.layout().with(tally, failed, slow) else { return false };
            seeded_bug!("store_instead_of_exchange" => {
                self.tally.store(next, Ordering::Release);
                return true;
            });
            match self.tally.compare_exchange_weak(tally, next, Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => return true,
                Err(changed) => {
                    tally = changed;
                    if self.state() != state {
                        return false;
                    }
                }
            }
        }
    }

    /// Exhausts the tally and returns what came into it. Only under the circuit's lock.
    pub(crate) fn take(&self, published: Published) -> Batch {
        seeded_bug!("take_by_load" => { return published.outcomes(self.tally.load(Ordering::Acquire)) });
        published.outcomes(self.tally.swap(EXHAUSTED, Ordering::Relaxed))
    }

    /// Publishes who is admitted and what is recorded how, after [`take`](Self::take) and before [`publish_tally`](Self::publish_tally).
    /// Only under the circuit's lock.
    pub(crate) fn publish_state(&self, circuit: &Circuit) {
        let config = circuit.config();
        let until = circuit.shut_until().or_else(|| circuit.rules().slice_end()).unwrap_or(Moment::ZERO);
        self.slower_than.store(config.slow_rate.map_or(u64::MAX, |slow| slow.slower_than), Ordering::Relaxed);
        let state = StateWord::of(circuit);
        if self.state().is_shut() && until != self.until() && !seeded_bug!("until_unmarked") {
            // For the time of the change those who would have been refused ask the circuit.
            self.state.store(state.in_change().to_bits(), Ordering::Relaxed);
        }
        self.until.store(until.as_nanos(), Ordering::Release);
        self.state.store(state.to_bits(), Ordering::Release);
    }

    /// Publishes an empty tally with the circuit's slack as its budget, after [`take`](Self::take). Only under the circuit's lock.
    pub(crate) fn publish_tally(&self, circuit: &Circuit, last: Published) -> Published {
        let Some(slack) = circuit.slack() else {
            return Published::nothing(last);
        };
        let published = Published::next(last, self.state().layout(), slack);
        // Release: with the tally comes the state of its epoch.
        self.tally.store(published.word(circuit.rules().streak()), Ordering::Release);
        published
    }
}
