use std::time::Duration;

use super::{ByHand, Circuit, News, Phase};
use resil_core::Moment;

use crate::rules::Rules;
use crate::stats::{Counted, Facts};
use crate::{Config, State};

/// Reading a circuit: nothing here changes its state.
impl Circuit {
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How often the circuit has opened since it was last closed, with the opening that a call would find.
    pub(crate) fn effective_attempt(&self, now: Moment) -> u32 {
        match &self.phase {
            Phase::HalfOpen(probes) if now >= probes.until() => self.attempt.saturating_add(1),
            _ => self.attempt,
        }
    }

    /// The state as it stands, whatever time it is.
    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen(_) => State::HalfOpen,
            Phase::ForcedOpen(_) => State::ForcedOpen,
            Phase::Disabled(_) => State::Disabled,
            Phase::MetricsOnly { .. } => State::MetricsOnly,
        }
    }

    /// The state that a call would find at `now`.
    pub(crate) fn effective_state(&self, now: Moment) -> State {
        match &self.phase {
            Phase::Open { until } if now >= *until => State::HalfOpen,
            Phase::HalfOpen(_) if now < self.refuses_until(now) => State::Open,
            _ if self.by_hand().is_some_and(|by_hand| by_hand.is_over(now)) => State::Closed,
            _ => self.state(),
        }
    }

    /// Whether the state changes by itself as time passes or probes end, so that each admission has to ask the circuit.
    pub(crate) fn is_in_motion(&self) -> bool {
        match &self.phase {
            Phase::Closed { ramp } => ramp.is_some(),
            Phase::HalfOpen(_) => true,
            _ => self.by_hand().is_some_and(|by_hand| by_hand.until.is_some()),
        }
    }

    /// Until when every admission is refused for the same reason, if that is so.
    pub(crate) fn shut_until(&self) -> Option<Moment> {
        match &self.phase {
            Phase::Open { until } => Some(*until),
            Phase::ForcedOpen(by_hand) => Some(by_hand.until.unwrap_or(Moment::MAX)),
            Phase::HalfOpen(probes) if probes.is_full(&self.config) => Some(probes.next_change()),
            _ => None,
        }
    }

    /// Until when calls are refused, at the earliest; `now` if one may probe at once.
    pub(crate) fn refuses_until(&self, now: Moment) -> Moment {
        match &self.phase {
            Phase::Open { until } => *until,
            Phase::HalfOpen(probes) if now >= probes.until() => {
                probes.until().saturating_add(self.delay(self.attempt.saturating_add(1), probes.until()))
            }
            _ => now,
        }
    }

    /// How long calls are refused for being open, if they are.
    pub(crate) fn open_remaining(&self, now: Moment) -> Option<Duration> {
        let open = self.effective_state(now) == State::Open;
        open.then(|| self.refuses_until(now).saturating_duration_since(now))
    }

    pub(crate) fn open_until(&self) -> Option<Moment> {
        match self.phase {
            Phase::Open { until } => Some(until),
            _ => None,
        }
    }

    pub(crate) fn by_hand(&self) -> Option<&ByHand> {
        match &self.phase {
            Phase::ForcedOpen(by_hand) | Phase::Disabled(by_hand) | Phase::MetricsOnly { by_hand, .. } => {
                Some(by_hand)
            }
            _ => None,
        }
    }

    pub(crate) fn facts(&self, now: Moment) -> Facts {
        let in_flight = match &self.phase {
            Phase::HalfOpen(probes) if now < probes.until() => probes.in_flight_at(now) as u64,
            _ => 0,
        };
        let (failure_window, slow_window) = self.rules.shares_at(now);
        Facts {
            reason: self.by_hand().map(|by_hand| by_hand.reason.clone()),
            successes: self.recorded.successes,
            failures: self.recorded.failures,
            slow: self.recorded.slow,
            transitions: self.transitions,
            in_flight,
            streak: self.rules.streak(),
            failure_window,
            slow_window,
            time_in_state: now.saturating_duration_since(self.since),
            open_remaining: self
                .open_until()
                .map(|until| until.saturating_duration_since(now))
                .filter(|rest| !rest.is_zero()),
        }
    }

    /// The facts as a call would find them: the reason and the open time are those of the effective state.
    pub(crate) fn effective_facts(&self, now: Moment) -> Facts {
        let by_hand = self.by_hand().filter(|by_hand| !by_hand.is_over(now));
        let reason = by_hand.map(|by_hand| by_hand.reason.clone());
        Facts { reason, open_remaining: self.open_remaining(now), ..self.facts(now) }
    }

    /// Whether the length of the next opening depends on what was counted outside.
    pub(crate) fn wants_counts(&self) -> bool {
        self.config.reopen.reads_stats()
    }

    pub(crate) fn set_counts(&mut self, counted: Counted) {
        self.counted = counted;
    }

    /// What has happened since this was last called.
    pub(crate) fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }
}
