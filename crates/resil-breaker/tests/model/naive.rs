//! A circuit breaker as the rules tell it, as plain and slow as can be: one struct, no atomics, everything that can be
//! computed is computed from the whole past each time. It was written from the rules alone and shares no code with the real one.

use resil_core::{Reason, Verdict};

use crate::settings::{Settings, Span};
use crate::vocabulary::{Cause, Event, Hand, Refusal, State, Stats};
use crate::window::Window;

#[path = "rules.rs"]
mod rules;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    epoch: u64,
    probe: Option<u64>,
    /// Known only if a slow rule wanted it.
    start: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    successes: u64,
    failures: u64,
    rejected: u64,
    ignored: u64,
    cancelled: u64,
    slow: u64,
    stale: u64,
    transitions: u64,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    probe: u64,
    deadline: u64,
}

#[derive(Clone, Copy, Debug)]
struct Ramp {
    since: u64,
    span: u64,
    credit: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Naive {
    pub(crate) now: u64,
    settings: Settings,
    state: State,
    /// When the state ends by itself: open, half-open, or made by hand with a span.
    until: Option<u64>,
    epoch: u64,
    attempt: u32,
    ramp: Option<Ramp>,
    leases: Vec<Lease>,
    probes: u64,
    phase_successes: u64,
    phase_failures: u64,
    threshold_told: bool,
    /// Whether each outcome of this epoch failed, oldest first.
    outcomes: Vec<bool>,
    failure_window: Option<Window>,
    slow_window: Option<Window>,
    counts: Counts,
    events: Vec<Event>,
    /// Turns of the rules that happened, for a test of how far the histories reach.
    sights: Vec<&'static str>,
}

impl Naive {
    pub(crate) fn new(settings: Settings, now: u64) -> Self {
        Self {
            now,
            settings,
            state: State::Closed,
            until: None,
            epoch: 0,
            attempt: 0,
            ramp: None,
            leases: Vec::new(),
            probes: 0,
            phase_successes: 0,
            phase_failures: 0,
            threshold_told: false,
            outcomes: Vec::new(),
            failure_window: settings.failure_rate.map(|rule| Window::new(rule.window)),
            slow_window: settings.slow_rate.map(|rule| Window::new(rule.rate.window)),
            counts: Counts::default(),
            events: Vec::new(),
            sights: Vec::new(),
        }
    }

    // What callers do.

    pub(crate) fn admit(&mut self) -> Result<Permit, Refusal> {
        self.expire();
        let by_hand = matches!(self.state, State::ForcedOpen | State::Disabled | State::MetricsOnly);
        if by_hand && self.until.is_some_and(|until| self.now >= until) {
            self.attempt = 0;
            self.enter(State::Closed, Cause::ManualExpired);
        }
        if self.state == State::Open && self.until.is_some_and(|until| self.now >= until) {
            self.enter(State::HalfOpen, Cause::ResetTimeout);
            self.until = Some(self.now.saturating_add(self.settings.longest_half_open()));
        }
        let probe = match self.state {
            State::Closed => self.climb_ramp()?,
            State::Open => return Err(self.refuse(Reason::CircuitOpen, self.rest())),
            State::ForcedOpen => return Err(self.refuse(Reason::CircuitForcedOpen, self.rest())),
            State::HalfOpen => Some(self.take_slot()?),
            State::Disabled | State::MetricsOnly => None,
        };
        let start = self.settings.slow_rate.map(|_| self.now);
        Ok(Permit { epoch: self.epoch, probe, start })
    }

    pub(crate) fn settle(&mut self, permit: Permit, verdict: Verdict) {
        if permit.epoch == self.epoch {
            self.expire();
        }
        if permit.epoch != self.epoch {
            self.sights.push(match self.state {
                State::Closed => "late result in Closed",
                State::Open => "late result in Open",
                State::HalfOpen => "late result in HalfOpen",
                State::ForcedOpen => "late result in ForcedOpen",
                State::Disabled => "late result in Disabled",
                State::MetricsOnly => "late result in MetricsOnly",
            });
            self.counts.stale += 1;
            return;
        }
        if self.state == State::Disabled {
            return;
        }
        if self.state == State::HalfOpen && !self.give_slot_back(permit) {
            self.sights.push("result of a probe that lost its lease");
            self.counts.stale += 1;
            return;
        }
        let failed = match verdict {
            Verdict::Ignored => {
                self.counts.ignored += 1;
                return;
            }
            Verdict::Cancelled if !self.settings.cancel_is_failure => {
                self.counts.cancelled += 1;
                return;
            }
            Verdict::Success => false,
            Verdict::Failure | Verdict::Panicked | Verdict::Cancelled => true,
        };
        let took = permit.start.map_or(0, |start| self.now.saturating_sub(start));
        let slow = self.settings.slow_rate.is_some_and(|rule| took > rule.slower_than);
        self.count(failed, slow);
    }

    pub(crate) fn release(&mut self, permit: Permit) {
        if permit.epoch == self.epoch {
            self.expire();
        }
        if permit.epoch == self.epoch && self.state == State::HalfOpen && !self.give_slot_back(permit) {
            self.sights.push("release of a probe that lost its lease");
        }
    }

    /// `record_success()` and `record_failure()`.
    pub(crate) fn record(&mut self, failed: bool) {
        self.expire();
        match self.state {
            State::Disabled => {}
            State::Open | State::ForcedOpen => self.counts.stale += 1,
            State::Closed | State::MetricsOnly | State::HalfOpen => self.count(failed, false),
        }
    }

    pub(crate) fn by_hand(&mut self, hand: Hand) {
        self.see_ramp("by hand on the ramp");
        let (to, cause, lasts) = match hand {
            Hand::Reset => (State::Closed, Cause::Reset, None),
            Hand::ForceClose => (State::Closed, Cause::Forced, None),
            Hand::ForceOpen(lasts) => (State::ForcedOpen, Cause::Forced, lasts),
            Hand::Disable(lasts) => (State::Disabled, Cause::Forced, lasts),
            Hand::MetricsOnly(lasts) => (State::MetricsOnly, Cause::Forced, lasts),
        };
        if to == State::Closed {
            self.attempt = 0;
        }
        self.enter(to, cause);
        self.until = lasts.map(|lasts| self.now.saturating_add(lasts));
    }

    pub(crate) fn reconfigure(&mut self, settings: Settings) {
        self.see_ramp("reconfigured on the ramp");
        let failure = settings.failure_rate.map(|rule| reshaped(self.failure_window.as_ref(), rule.window));
        let slow = settings.slow_rate.map(|rule| reshaped(self.slow_window.as_ref(), rule.rate.window));
        for (old, new) in [(&self.failure_window, &failure), (&self.slow_window, &slow)] {
            self.sights.extend(old.as_ref().zip(new.as_ref()).and_then(|(old, new)| kept(old, new)));
        }
        self.failure_window = failure;
        self.slow_window = slow;
        match (settings.ramp_up, &mut self.ramp) {
            (Some(span), Some(ramp)) => ramp.span = span,
            _ => self.ramp = None,
        }
        self.settings = settings;
    }

    /// How long the present state still lasts, if it ends by itself.
    fn rest(&self) -> Option<u64> {
        self.until.map(|until| until - self.now)
    }

    // What callers read.

    pub(crate) fn state(&self) -> State {
        match (self.state, self.until) {
            (State::Open, Some(until)) if self.now >= until => State::HalfOpen,
            (State::HalfOpen, Some(until)) if self.now >= until => {
                if self.now < self.reopened_until(until) {
                    State::Open
                } else {
                    State::HalfOpen
                }
            }
            (State::ForcedOpen | State::Disabled | State::MetricsOnly, Some(until)) if self.now >= until => {
                State::Closed
            }
            (state, _) => state,
        }
    }

    pub(crate) fn can_proceed(&self) -> bool {
        self.clone().admit().is_ok()
    }

    pub(crate) fn stats(&self) -> Stats {
        let failures = self.failure_window.as_ref().map(|window| window.view(self.now));
        let slow = self.slow_window.as_ref().map(|window| window.view(self.now));
        let until = self.until.unwrap_or(0);
        let (in_flight, open_until) = match self.state {
            State::Open => (0, until),
            // Past its end it is open in effect, and its probes can only be stale.
            State::HalfOpen if self.now >= until => (0, self.reopened_until(until)),
            State::HalfOpen => {
                (self.leases.iter().filter(|lease| lease.deadline > self.now).count() as u64, 0)
            }
            _ => (0, 0),
        };
        let counts = self.counts;
        let settled = counts.successes + counts.failures + counts.ignored + counts.cancelled;
        Stats {
            state: self.state(),
            total: settled + counts.rejected + in_flight,
            successes: counts.successes,
            failures: counts.failures,
            rejected: counts.rejected,
            ignored: counts.ignored,
            cancelled: counts.cancelled,
            slow: counts.slow,
            stale_results: counts.stale,
            transitions: counts.transitions,
            in_flight,
            consecutive_failures: self.streak(),
            window_calls: failures.map_or(0, |view| view.calls),
            window_failures: failures.map_or(0, |view| view.bad),
            window_slow: slow.map_or(0, |view| view.bad),
            open_remaining: (open_until > self.now).then(|| open_until - self.now),
            events_lost: 0,
        }
    }

    // What a test reads.

    /// The state as the last transition left it, whatever the time.
    pub(crate) fn state_entered(&self) -> State {
        self.state
    }

    /// Half-open, past its end, and past the open time that would have followed it.
    pub(crate) fn reads_half_open_again(&self) -> bool {
        self.state == State::HalfOpen
            && self.state() == State::HalfOpen
            && self.until.is_some_and(|until| self.now >= until)
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub(crate) fn take_sights(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.sights)
    }

    /// The moments at which something changes by time alone.
    pub(crate) fn edges(&self) -> Vec<u64> {
        let mut edges: Vec<u64> = self.until.into_iter().collect();
        if self.state == State::HalfOpen {
            edges.extend(self.until.map(|until| self.reopened_until(until)));
        }
        edges.extend(self.leases.iter().map(|lease| lease.deadline));
        edges.extend(self.ramp.map(|ramp| ramp.since.saturating_add(ramp.span)));
        for window in [&self.failure_window, &self.slow_window].into_iter().flatten() {
            edges.extend(window.edges(self.now));
        }
        edges
    }
}

fn reshaped(old: Option<&Window>, span: Span) -> Window {
    old.map_or_else(|| Window::new(span), |old| old.reshaped(span))
}

/// What a reconfiguration did to a window that held something.
fn kept(old: &Window, new: &Window) -> Option<&'static str> {
    match (old.is_timed(), new.is_timed()) {
        _ if old.is_empty() => None,
        (false, false) if old.regrows(new) => Some("count window grew again"),
        (false, false) => Some("count window kept its outcomes"),
        (true, true) if new.has_slid(0) => Some("time window kept some of its outcomes"),
        (true, true) => Some("time window kept its outcomes"),
        _ => Some("window of another kind starts empty"),
    }
}
