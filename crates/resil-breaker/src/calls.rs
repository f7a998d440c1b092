use std::time::Duration;

use resil_core::{Clock, Moment, Policy, Rejected, Verdict, seeded_bug};

use crate::circuit::{Outcome, Refusal, Settled};
use crate::event::{Rejection, SlowCall};
use crate::state_word::StateWord;
use crate::stats::Counted;
use crate::tally::has_no_streak;
use crate::{CircuitBreaker, Event, Permit, State};

// The counters beside the circuit.
const SUCCESSES: usize = 0;
const REJECTED: usize = 1;
const IGNORED: usize = 2;
const CANCELLED: usize = 3;
const STALE: usize = 4;

impl<C: Clock> Policy for CircuitBreaker<C> {
    type Permit = Permit;

    #[expect(
        clippy::inline_always,
        reason = "a real call costs as much as what it does; the rest is out of line"
    )]
    #[inline(always)]
    fn admit(&self) -> Result<Permit, Rejected> {
        let word = self.front.state();
        if word.passes_untimed() {
            return Ok(Permit::under(word, Moment::MAX));
        }
        match self.admit_with_care(word) {
            Ok((ticket, started)) => Ok(Permit { ticket, started }),
            Err(refusal) => Err(refusal),
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "a real call costs as much as what it does; the rest is out of line"
    )]
    #[inline(always)]
    fn settle(&self, permit: Permit, verdict: Verdict) {
        let (tally, word) = self.front.tally_and_state();
        if permit.ticket == word.to_bits() && verdict == Verdict::Success && has_no_streak(tally) {
            if word.is_quiet() {
                return;
            }
            if word.is_quiet_but_counts() {
                return self.count(SUCCESSES, word);
            }
        }
        self.settle_loudly(permit, verdict, tally, word);
    }

    fn release(&self, permit: Permit) {
        if permit.probe() != 0 && !seeded_bug!("slot_kept") {
            self.locked(|circuit, now| {
                circuit.settle(permit.epoch(), permit.probe(), Outcome::Neutral, false, now)
            });
        }
    }
}

/// What is out of the common path.
impl<C: Clock> CircuitBreaker<C> {
    /// What is counted beside the circuit.
    pub(crate) fn counted(&self) -> Counted {
        let sums = self.counters.sums();
        Counted {
            successes: sums[SUCCESSES],
            rejected: sums[REJECTED],
            ignored: sums[IGNORED],
            cancelled: sums[CANCELLED],
            stale_results: sums[STALE],
            on: self.front.state().counts(),
        }
    }

    fn count(&self, counter: usize, word: StateWord) {
        self.counters.add(counter, word.may_stripe());
    }

    /// An admission that needs the clock.
    ///
    /// It returns a permit's parts: were it a permit, the caller's would have to pass through memory, which costs more than the rest.
    #[inline(never)]
    fn admit_with_care(&self, word: StateWord) -> Result<(u64, Moment), Rejected> {
        if word.is_shut() {
            let now = self.clock.now();
            if let Some(until) = self.front.shut_until(word).filter(|until| now < *until) {
                return Err(self.refuse(word, Refusal::until(word.state(), until, now)));
            }
        }
        let Permit { ticket, started } =
            if word.passes() { Permit::under(word, self.clock.now()) } else { self.admit_by_circuit()? };
        Ok((ticket, started))
    }

    #[cold]
    fn admit_by_circuit(&self) -> Result<Permit, Rejected> {
        seeded_bug!("check_then_act" => {
            if self.state() == State::HalfOpen && self.can_proceed() {
                return Ok(Permit::under(self.front.state(), Moment::MAX));
            }
        });
        let (admitted, word) = self.locked(|circuit, now| {
            let started = circuit.config().slow_rate.map_or(Moment::MAX, |_| now);
            let admitted = circuit.admit(now);
            (admitted.map(|probe| Permit::numbered(circuit.epoch(), probe, started)), StateWord::of(circuit))
        });
        admitted.map_err(|refusal| self.refuse(word, refusal))
    }

    #[inline]
    fn refuse(&self, word: StateWord, refusal: Refusal) -> Rejected {
        if word.counts() {
            self.count(REJECTED, word);
        }
        let rejected =
            Rejected::new(self.name(), refusal.reason).with_retry_after_nanos(refusal.retry_after_nanos);
        if self.observers.is_observed() {
            self.tell(Event::Rejected(Rejection { state: word.state(), refusal: rejected }));
        }
        rejected
    }

    #[cold]
    fn tell(&self, event: Event) {
        self.observers.enqueue(event);
        self.observers.deliver();
    }

    /// How long the call took, if that is longer than the slow rule's limit.
    fn slowness(&self, started: Moment, now: Moment) -> Option<Duration> {
        let took = now.saturating_duration_since(started);
        (took.as_nanos() > self.front.slower_than().into()).then_some(took)
    }

    fn tell_slow_call(&self, took: Duration) {
        if self.observers.is_observed() {
            let slower_than = Duration::from_nanos(self.front.slower_than());
            self.tell(Event::SlowCall(SlowCall { name: self.name(), took, slower_than }));
        }
    }

    pub(crate) fn record_unasked(&self, verdict: Verdict) {
        self.settle(Permit::under(self.front.state(), Moment::MAX), verdict);
    }

    #[cold]
    fn settle_by_circuit(&self, permit: &Permit, outcome: Outcome, slow: bool, word: StateWord) -> Settled {
        let settled =
            self.locked(|circuit, now| circuit.settle(permit.epoch(), permit.probe(), outcome, slow, now));
        if settled == Settled::Stale {
            self.count(STALE, word);
        }
        settled
    }

    /// A result that changes more than a counter.
    #[expect(clippy::needless_pass_by_value, reason = "a reference would keep the permit in memory")]
    #[inline(never)]
    fn settle_loudly(&self, permit: Permit, verdict: Verdict, tally: u64, word: StateWord) {
        if permit.epoch() != word.epoch() {
            return self.count(STALE, word);
        }
        if !word.records() && word.state() == State::Disabled {
            return;
        }
        let failed = match verdict {
            Verdict::Success => false,
            Verdict::Failure | Verdict::Panicked => true,
            Verdict::Cancelled if word.cancel_fails() => true,
            Verdict::Cancelled => return self.settle_neutral(&permit, CANCELLED, word),
            Verdict::Ignored => return self.settle_neutral(&permit, IGNORED, word),
        };
        let timed = word.times_calls() && permit.started != Moment::MAX;
        let now = (timed || (word.is_sliced() && word.records())).then(|| self.clock.now());
        let took = now.filter(|_| timed).and_then(|now| self.slowness(permit.started, now));
        let slow = took.is_some();
        let recorded = word.records()
            && (self.front.record(tally, word, failed, slow, now)
                || !word.is_sliced() && self.fold(permit.epoch(), failed, slow));
        if !recorded {
            let outcome = if failed { Outcome::Failure } else { Outcome::Success };
            if self.settle_by_circuit(&permit, outcome, slow, word) != Settled::InTime {
                return;
            }
        }
        if let Some(took) = took {
            self.tell_slow_call(took);
        }
    }

    /// A result that is neither success nor failure: counted, and its slot freed.
    #[cold]
    fn settle_neutral(&self, permit: &Permit, counter: usize, word: StateWord) {
        let settled = if word.records() {
            Settled::InTime
        } else {
            self.settle_by_circuit(permit, Outcome::Neutral, false, word)
        };
        if settled == Settled::InTime {
            self.count(counter, word);
        }
    }
}
