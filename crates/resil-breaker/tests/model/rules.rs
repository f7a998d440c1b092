//! The rules of the naive model: when it trips, closes, expires and ramps up.

use resil_core::Reason;

use super::{Lease, Naive, Permit, Ramp};
use crate::vocabulary::{Cause, Event, Refusal, State};
use crate::window::Window;

/// A whole admission in a ramp's credit.
const WHOLE: u64 = 1 << 32;

impl Naive {
    /// What time does to a half-open circuit before anything else is looked at.
    pub(super) fn expire(&mut self) {
        if self.state != State::HalfOpen {
            return;
        }
        match self.until {
            Some(until) if self.now >= until => self.open(until, Cause::HalfOpenExpired),
            _ => {
                let before = self.leases.len();
                self.leases.retain(|lease| lease.deadline > self.now);
                if self.leases.len() < before {
                    self.sights.push("lease expired");
                }
            }
        }
    }

    pub(super) fn open(&mut self, at: u64, cause: Cause) {
        self.attempt += 1;
        if self.attempt == 3 {
            self.sights.push("third opening in a row");
        }
        self.enter(State::Open, cause);
        self.until = Some(at.saturating_add(self.settings.reopen.delay(self.attempt)));
    }

    /// How long the circuit would stay open, if its half-open state ended at `end`.
    pub(super) fn reopened_until(&self, end: u64) -> u64 {
        end.saturating_add(self.settings.reopen.delay(self.attempt + 1))
    }

    pub(super) fn enter(&mut self, to: State, cause: Cause) {
        self.events.push(Event::Transition { from: self.state, to, cause });
        self.counts.transitions += 1;
        self.epoch += 1;
        self.state = to;
        self.until = None;
        self.ramp = None;
        self.leases.clear();
        self.phase_successes = 0;
        self.phase_failures = 0;
        self.threshold_told = false;
        self.outcomes.clear();
        for window in [&mut self.failure_window, &mut self.slow_window].into_iter().flatten() {
            window.empty();
        }
    }

    pub(super) fn refuse(&mut self, reason: Reason, retry_after: Option<u64>) -> Refusal {
        if self.settings.counters {
            self.counts.rejected += 1;
        } else {
            self.sights.push("refusal with counters off");
        }
        self.events.push(Event::Rejected);
        Refusal { reason, retry_after }
    }

    pub(super) fn climb_ramp(&mut self) -> Result<Option<u64>, Refusal> {
        let Some(mut ramp) = self.ramp else { return Ok(None) };
        let elapsed = self.now.saturating_sub(ramp.since);
        if elapsed >= ramp.span {
            self.sights.push("ramp over");
            self.ramp = None;
            return Ok(None);
        }
        let share = u128::from(elapsed) * u128::from(WHOLE) / u128::from(ramp.span);
        ramp.credit += u64::try_from(share).expect("a share is less than a whole");
        let admitted = ramp.credit >= WHOLE;
        if admitted {
            ramp.credit -= WHOLE;
            self.sights.push("admitted on the ramp");
        }
        self.ramp = Some(ramp);
        if admitted { Ok(None) } else { Err(self.refuse(Reason::CircuitRampUp, Some(ramp.span - elapsed))) }
    }

    pub(super) fn take_slot(&mut self) -> Result<u64, Refusal> {
        if self.leases.len() >= self.settings.half_open_max_calls as usize {
            let next = self.leases.iter().map(|lease| lease.deadline).chain(self.until).min();
            self.sights.push(if next == self.until {
                "hint is the phase's end"
            } else {
                "hint is a lease's end"
            });
            return Err(self.refuse(Reason::CircuitHalfOpen, next.map(|next| next - self.now)));
        }
        self.probes += 1;
        let deadline = self.now.saturating_add(self.settings.lease());
        self.leases.push(Lease { probe: self.probes, deadline });
        Ok(self.probes)
    }

    /// Frees the slot of a permit of this epoch; `false` if its lease is gone.
    pub(super) fn give_slot_back(&mut self, permit: Permit) -> bool {
        let held = self.leases.len();
        self.leases.retain(|lease| Some(lease.probe) != permit.probe);
        self.leases.len() < held
    }

    /// A success or a failure of the current epoch.
    pub(super) fn count(&mut self, failed: bool, slow: bool) {
        if failed {
            self.counts.failures += 1;
        } else if self.settings.counters {
            self.counts.successes += 1;
        } else {
            self.sights.push("success with counters off");
        }
        if slow {
            self.counts.slow += 1;
            self.events.push(Event::SlowCall);
        }
        if self.state == State::HalfOpen {
            self.count_probe(failed, slow);
        } else {
            self.count_call(failed, slow);
        }
    }

    pub(super) fn count_probe(&mut self, failed: bool, slow: bool) {
        if !failed && !slow {
            self.phase_successes += 1;
            if self.phase_successes >= u64::from(self.settings.successes_that_close()) {
                self.attempt = 0;
                self.enter(State::Closed, Cause::ProbesSucceeded);
                self.ramp = self.settings.ramp_up.map(|span| Ramp { since: self.now, span, credit: WHOLE });
            }
            return;
        }
        if !failed {
            self.sights.push("slow success counts against the probes");
        }
        self.phase_failures += 1;
        let reopens = match self.settings.half_open_failure_rate {
            None => true,
            Some(percent) => {
                let wanted = u64::from(self.settings.successes_that_close());
                self.phase_failures * 100 >= u64::from(percent) * wanted
            }
        };
        if reopens {
            self.open(self.now, Cause::ProbeFailed);
        } else {
            self.sights.push("failed probe within the rate");
        }
    }

    pub(super) fn see_ramp(&mut self, sight: &'static str) {
        if self.ramp.is_some_and(|ramp| self.now < ramp.since.saturating_add(ramp.span)) {
            self.sights.push(sight);
        }
    }

    pub(super) fn count_call(&mut self, failed: bool, slow: bool) {
        self.outcomes.push(failed);
        let mut clamped = false;
        if let Some(window) = &mut self.failure_window {
            clamped |= window.tell(self.now, failed);
        }
        if let Some(window) = &mut self.slow_window {
            clamped |= window.tell(self.now, slow);
        }
        if clamped {
            self.sights.push("outcome before the newest slice");
        }
        let Some(cause) = self.exceeded() else { return };
        if self.state == State::Closed {
            if !failed {
                self.sights.push("success trips");
            }
            self.see_slid_window(cause);
            self.see_ramp("trips on the ramp");
            self.open(self.now, cause);
        } else if !self.threshold_told {
            self.threshold_told = true;
            self.events.push(Event::ThresholdExceeded);
        }
    }

    fn see_slid_window(&mut self, cause: Cause) {
        let window = match cause {
            Cause::FailureRate => &self.failure_window,
            Cause::SlowRate => &self.slow_window,
            _ => &None,
        };
        if let Some(window) = window.as_ref().filter(|window| window.has_slid(self.now)) {
            self.sights.push(if window.is_timed() {
                "trips by a time window that has slid"
            } else {
                "trips by a count window that has slid"
            });
        }
    }

    /// The first rule that holds.
    pub(super) fn exceeded(&self) -> Option<Cause> {
        if self.settings.consecutive().is_some_and(|n| self.streak() >= u64::from(n)) {
            return Some(Cause::FailureThreshold);
        }
        let holds = |percent: u8, min_calls: u32, window: &Option<Window>| {
            let view = window.as_ref().expect("each rate rule has its window").view(self.now);
            view.calls >= u64::from(min_calls) && view.bad * 100 >= u64::from(percent) * view.calls
        };
        if self.settings.failure_rate.is_some_and(|r| holds(r.percent, r.min_calls, &self.failure_window)) {
            return Some(Cause::FailureRate);
        }
        let slow = self.settings.slow_rate.map(|rule| rule.rate);
        if slow.is_some_and(|r| holds(r.percent, r.min_calls, &self.slow_window)) {
            return Some(Cause::SlowRate);
        }
        None
    }

    /// Failures since the last success.
    pub(super) fn streak(&self) -> u64 {
        self.outcomes.iter().rev().take_while(|failed| **failed).count() as u64
    }
}
