//! The test's own accounts: what became of each call that asked and of each result that was reported, counted without the model.

use crate::vocabulary::{Event, State, Stats};

#[derive(Debug)]
pub(crate) struct Ledger {
    /// Admissions that were asked for.
    pub(crate) asked: u64,
    /// Results that were reported by `record_success()` and `record_failure()`.
    pub(crate) reported: u64,
    /// Permits that were handed back.
    pub(crate) released: u64,
    /// Results that reached a disabled breaker in time.
    unseen: u64,
    /// Successes and refusals that were not counted because counters were off.
    uncounted: u64,
    /// Transitions that were heard of, and where the last one led.
    pub(crate) transitions: u64,
    entered: State,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            asked: 0,
            reported: 0,
            released: 0,
            unseen: 0,
            uncounted: 0,
            transitions: 0,
            entered: State::Closed,
        }
    }

    pub(crate) fn hear(&mut self, events: &[Event]) {
        for event in events {
            if let Event::Transition { to, .. } = event {
                self.transitions += 1;
                self.entered = *to;
            }
        }
    }

    /// A result came in whose call was admitted after `transitions` transitions; answers whether it went unseen.
    ///
    /// A disabled breaker makes no transition when a result comes in, so it may be asked afterwards.
    pub(crate) fn goes_unseen(&mut self, transitions: u64) -> bool {
        let unseen = self.entered == State::Disabled && self.transitions == transitions;
        self.unseen += u64::from(unseen);
        unseen
    }

    pub(crate) fn leave_uncounted(&mut self) {
        self.uncounted += 1;
    }

    /// The conservation law: each call and each report is in exactly one place, `held` calls in the test's own hands.
    ///
    /// Probes in flight are in the total as well as in the test's hands.
    pub(crate) fn balance(&self, stats: &Stats, held: usize) -> Result<(), String> {
        let Stats { successes, failures, ignored, cancelled, rejected, in_flight, .. } = *stats;
        let parts = successes + failures + ignored + cancelled + rejected + in_flight;
        if stats.total != parts {
            return Err(format!("the parts of the total add up to {parts}: {stats:#?}"));
        }
        let came = self.asked + self.reported;
        let here = stats.total - in_flight + stats.stale_results;
        let elsewhere = self.released + self.unseen + self.uncounted + held as u64;
        if came != here + elsewhere {
            return Err(format!(
                "{came} came, {here} + {elsewhere} are accounted for: {self:#?}, {held} held, {stats:#?}"
            ));
        }
        Ok(())
    }
}
