use std::borrow::Cow;
use std::time::Duration;

use resil_core::{Moment, Name, Reason, seeded_bug};

use crate::probes::{Finding, ProbeId, Probes};
use crate::ramp::Ramp;
use crate::rules::{Batch, Rules, Slack};
use crate::stats::Counted;
use crate::{Cause, Config, State, Stats};

mod answer;
mod view;

pub(crate) use answer::{News, Outcome, Refusal, Settled};

/// The state machine of a circuit breaker: pure, with the time as an argument and what happened as return values.
#[derive(Debug)]
pub(crate) struct Circuit {
    name: Name,
    config: Config,
    phase: Phase,
    /// Grows with each transition; a permit of an older one is stale.
    epoch: u64,
    since: Moment,
    /// How often the circuit has opened since it was last closed.
    attempt: u32,
    rules: Rules,
    /// Successes, failures and slow calls that were recorded here.
    recorded: Recorded,
    transitions: u64,
    /// What jitter is drawn from.
    seed: u64,
    /// What was counted outside, for a [`Reopen::by`](crate::Reopen::by) that wants to see it.
    counted: Counted,
    news: Vec<News>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Recorded {
    successes: u64,
    failures: u64,
    slow: u64,
}

#[derive(Debug)]
enum Phase {
    Closed { ramp: Option<Ramp> },
    Open { until: Moment },
    HalfOpen(Probes),
    ForcedOpen(ByHand),
    Disabled(ByHand),
    MetricsOnly { by_hand: ByHand, told: bool },
}

/// Why somebody set a state, and until when.
#[derive(Clone, Debug)]
pub(crate) struct ByHand {
    pub(crate) reason: Cow<'static, str>,
    pub(crate) until: Option<Moment>,
}

impl Circuit {
    pub(crate) fn new(name: Name, config: Config, seed: u64, now: Moment) -> Self {
        Self {
            name,
            rules: Rules::new(&config),
            config,
            phase: Phase::Closed { ramp: None },
            epoch: 0,
            since: now,
            attempt: 0,
            recorded: Recorded::default(),
            transitions: 0,
            seed,
            counted: Counted::default(),
            news: Vec::new(),
        }
    }

    /// Admits a call: its probe's number, 0 if it is no probe.
    pub(crate) fn admit(&mut self, now: Moment) -> Result<ProbeId, Refusal> {
        self.end_half_open(now);
        match &self.phase {
            Phase::Open { until } if now >= *until => {
                let probes = Probes::start(&self.config, now);
                self.enter(Phase::HalfOpen(probes), Cause::ResetTimeout, None, now);
            }
            _ if self.by_hand().is_some_and(|by_hand| by_hand.is_over(now)) => {
                self.enter(Phase::Closed { ramp: None }, Cause::ManualExpired, None, now);
            }
            _ => {}
        }
        let state = self.state();
        let refused = |until| Err(Refusal::until(state, until, now));
        match &mut self.phase {
            Phase::Closed { ramp: None } | Phase::Disabled(_) | Phase::MetricsOnly { .. } => Ok(0),
            Phase::Closed { ramp: Some(ramp) } => {
                match self.config.ramp().and_then(|length| Some((length, ramp.left(length, now)?))) {
                    None => {
                        self.phase = Phase::Closed { ramp: None };
                        Ok(0)
                    }
                    Some((length, _)) if ramp.admit(length, now) => Ok(0),
                    Some((_, left)) => Err(Refusal::for_span(Reason::CircuitRampUp, left)),
                }
            }
            Phase::Open { until } => refused(*until),
            Phase::ForcedOpen(by_hand) => refused(by_hand.until.unwrap_or(Moment::MAX)),
            Phase::HalfOpen(probes) => {
                probes.expire(now);
                match probes.admit(&self.config, now) {
                    Some(id) => Ok(id),
                    None => refused(probes.next_change()),
                }
            }
        }
    }

    /// Whether [`admit`](Self::admit) would admit a call now.
    pub(crate) fn would_admit(&self, now: Moment) -> bool {
        match &self.phase {
            Phase::Closed { ramp: Some(ramp) } => {
                let length = self.config.ramp().filter(|length| ramp.left(*length, now).is_some());
                length.is_none_or(|length| ramp.would_admit(length, now))
            }
            Phase::HalfOpen(probes) if now < probes.until() => {
                probes.in_flight_at(now) < self.config.probes_at_once()
            }
            // Where the phase is over, the effective state says what a call would meet.
            _ => !matches!(self.effective_state(now), State::Open | State::ForcedOpen),
        }
    }

    /// Takes note of what became of a call that was admitted in `epoch`.
    pub(crate) fn settle(
        &mut self,
        epoch: u64,
        probe: ProbeId,
        outcome: Outcome,
        slow: bool,
        now: Moment,
    ) -> Settled {
        if epoch == self.epoch {
            self.end_half_open(now);
        }
        if epoch != self.epoch && !seeded_bug!("epoch_unchecked") {
            return Settled::Stale;
        }
        match &mut self.phase {
            Phase::Disabled(_) => return Settled::Unrecorded,
            Phase::Open { .. } | Phase::ForcedOpen(_) => return Settled::Stale,
            Phase::HalfOpen(probes) => {
                probes.expire(now);
                if probe != 0 && !probes.free(probe) && !seeded_bug!("late_probe_counts") {
                    return Settled::Stale;
                }
                let finding = match outcome {
                    Outcome::Neutral => None,
                    // A slow success does not prove that the other side is well.
                    Outcome::Success | Outcome::Failure => {
                        probes.judge(&self.config, outcome == Outcome::Success && !slow)
                    }
                };
                self.recorded.count(outcome, slow, self.config.counters);
                match finding {
                    Some(Finding::Recovered) => self.recover(now),
                    Some(Finding::StillSick) => self.open(Cause::ProbeFailed, now),
                    None => {}
                }
            }
            Phase::Closed { .. } | Phase::MetricsOnly { .. } => {
                if outcome != Outcome::Neutral {
                    self.recorded.count(outcome, slow, self.config.counters);
                    self.rules.record(outcome == Outcome::Failure, slow, now);
                    self.react(now);
                }
            }
        }
        Settled::InTime
    }

    /// Records outcomes that were collected outside, all of them within the [`slack`](Self::slack).
    pub(crate) fn absorb(&mut self, batch: Batch) {
        if batch.calls() > 0 {
            self.recorded.failures += u64::from(batch.failures());
            if self.config.counters {
                self.recorded.successes += u64::from(batch.calls() - batch.failures());
            }
            self.recorded.slow += u64::from(batch.slow());
            self.rules.absorb(batch);
        }
    }

    /// Records an outcome that cannot trip, at whatever time; `false` if it might, or if time matters to a window.
    pub(crate) fn record_within_slack(&mut self, failed: bool, slow: bool) -> bool {
        let fits =
            |slack: Slack| slack.calls > 0 && (!failed || slack.failures > 0) && (!slow || slack.slow > 0);
        let fits = self.rules.slice_end().is_none() && self.slack().is_some_and(fits);
        if fits {
            self.absorb(Batch::Bits { count: 1, failed: failed.into(), slow: slow.into() });
        }
        fits
    }

    /// So many outcomes may be collected outside, until the newest slice of time ends; `None` in states that record otherwise.
    pub(crate) fn slack(&self) -> Option<Slack> {
        match self.phase {
            Phase::Closed { .. } | Phase::MetricsOnly { told: false, .. } => Some(self.rules.slack()),
            Phase::MetricsOnly { told: true, .. } => Some(Slack::UNLIMITED),
            _ => None,
        }
    }

    /// Sets a state by hand.
    pub(crate) fn set(&mut self, state: State, cause: Cause, by_hand: ByHand, now: Moment) {
        let reason = Some(by_hand.reason.clone()).filter(|reason| !reason.is_empty());
        let phase = match state {
            State::ForcedOpen => Phase::ForcedOpen(by_hand),
            State::Disabled => Phase::Disabled(by_hand),
            State::MetricsOnly => Phase::MetricsOnly { by_hand, told: false },
            State::Closed => Phase::Closed { ramp: None },
            State::Open | State::HalfOpen => Phase::Open { until: by_hand.until.unwrap_or(now) },
        };
        self.enter(phase, cause, reason, now);
    }

    /// Takes up a state, with its past, from a snapshot.
    pub(crate) fn restore(&mut self, state: State, attempt: u32, by_hand: ByHand, now: Moment) {
        self.set(state, Cause::Restored, by_hand, now);
        self.attempt = attempt;
    }

    /// Goes over to another configuration; state, times and, where the windows' kinds allow, outcomes stay.
    pub(crate) fn reconfigure(&mut self, config: Config) {
        self.rules.reconfigure(&config);
        if let Phase::Closed { ramp } = &mut self.phase
            && config.ramp().is_none()
        {
            *ramp = None;
        }
        self.config = config;
    }

    /// A half-open phase whose time is over without a verdict opens again, as of that time.
    fn end_half_open(&mut self, now: Moment) {
        if let Phase::HalfOpen(probes) = &self.phase
            && now >= probes.until()
        {
            let ended = probes.until();
            self.open(Cause::HalfOpenExpired, ended);
        }
    }

    fn react(&mut self, now: Moment) {
        let Some(breach) = self.rules.breach() else { return };
        match &mut self.phase {
            Phase::MetricsOnly { told, .. } if !*told => {
                *told = true;
                let facts = self.facts(now);
                self.news.push(News::Exceeded { state: State::MetricsOnly, cause: breach.into(), facts });
            }
            Phase::Closed { .. } => self.open(breach.into(), now),
            _ => {}
        }
    }

    fn open(&mut self, cause: Cause, at: Moment) {
        let attempt = self.attempt.saturating_add(1);
        let open_for = self.delay(attempt, at);
        self.enter(Phase::Open { until: at.saturating_add(open_for) }, cause, None, at);
        self.attempt = attempt;
    }

    fn recover(&mut self, now: Moment) {
        let ramp = self.config.ramp().map(|_| Ramp::start(now));
        self.enter(Phase::Closed { ramp }, Cause::ProbesSucceeded, None, now);
    }

    /// How long the next opening lasts.
    fn delay(&self, attempt: u32, at: Moment) -> Duration {
        let dice = self.seed ^ (self.epoch + 1);
        let before = || Stats::of(self.name, self.state(), self.facts(at), self.counted);
        self.config.reopen.after(attempt, dice, before)
    }

    fn enter(&mut self, phase: Phase, cause: Cause, reason: Option<Cow<'static, str>>, at: Moment) {
        let (from, before) = (self.state(), self.facts(at));
        self.phase = phase;
        self.epoch += 1;
        self.since = at;
        self.transitions += 1;
        self.rules.clear();
        let to = self.state();
        if to == State::Closed {
            self.attempt = 0;
        }
        let open_for = self.open_until().map(|until| until.saturating_duration_since(at));
        self.news.push(News::Changed { from, to, cause, reason, epoch: self.epoch, at, open_for, before });
    }
}

impl ByHand {
    fn is_over(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

impl Recorded {
    fn count(&mut self, outcome: Outcome, slow: bool, successes_too: bool) {
        match outcome {
            Outcome::Success => self.successes += u64::from(successes_too),
            Outcome::Failure => self.failures += 1,
            Outcome::Neutral => return,
        }
        self.slow += u64::from(slow);
    }
}

#[cfg(test)]
mod tests;
