//! The real breaker in the words of the model.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use resil_breaker::{
    Cause, CircuitBreaker, Config, Event, ManualClock, Moment, Name, OnCancel, Policy, Reopen, State, Stats,
    Subscription, Window,
};

use crate::settings::{Function, Reopening, Settings, Span};
use crate::vocabulary as words;

pub(crate) type Breaker = CircuitBreaker<ManualClock>;
pub(crate) type Permit = <Breaker as Policy>::Permit;

pub(crate) fn breaker(settings: &Settings, clock: &ManualClock) -> Result<Breaker, String> {
    Breaker::try_with_clock(Name::new("model"), config(settings), clock.clone())
        .map_err(|error| format!("valid settings were refused: {error}"))
}

pub(crate) fn config(settings: &Settings) -> Config {
    let mut config = Config::new()
        .half_open_max_calls(settings.half_open_max_calls)
        .on_cancel(if settings.cancel_is_failure { OnCancel::Failure } else { OnCancel::Ignore })
        .counters(settings.counters)
        .striped(settings.striped);
    config = match settings.reopen {
        Reopening::Fixed(reset_timeout) => config.reset_timeout(Duration::from_nanos(reset_timeout)),
        Reopening::Exponential { base, tenths, max } => config.reopen(
            Reopen::exponential(Duration::from_nanos(base))
                .factor(f64::from(tenths) / 10.0)
                .max(Duration::from_nanos(max)),
        ),
        Reopening::ByFunction(Function::Rising) => config.reopen(Reopen::by(rising)),
        Reopening::ByFunction(Function::Falling) => config.reopen(Reopen::by(falling)),
    };
    if let Some(failures) = settings.failure_threshold {
        config = config.failure_threshold(failures);
    }
    if let Some(rule) = settings.failure_rate {
        config = config.failure_rate(rule.percent, rule.min_calls, window(rule.window));
    }
    if let Some(rule) = settings.slow_rate {
        let slower_than = Duration::from_nanos(rule.slower_than);
        config =
            config.slow_rate(slower_than, rule.rate.percent, rule.rate.min_calls, window(rule.rate.window));
    }
    if let Some(successes) = settings.success_threshold {
        config = config.success_threshold(successes);
    }
    if let Some(percent) = settings.half_open_failure_rate {
        config = config.half_open_failure_rate(percent);
    }
    if let Some(span) = settings.probe_timeout {
        config = config.probe_timeout(Duration::from_nanos(span));
    }
    if let Some(span) = settings.max_half_open {
        config = config.max_half_open(Duration::from_nanos(span));
    }
    if let Some(span) = settings.ramp_up {
        config = config.ramp_up(Duration::from_nanos(span));
    }
    config
}

fn window(span: Span) -> Window {
    match span {
        Span::Calls(calls) => Window::calls(calls),
        Span::Time(span) => Window::time(Duration::from_nanos(span)),
        Span::Slices(span, slices) => Window::slices(Duration::from_nanos(span), slices),
    }
}

fn rising(attempt: u32, _: &Stats) -> Duration {
    Duration::from_nanos(Function::Rising.delay(attempt))
}

fn falling(attempt: u32, _: &Stats) -> Duration {
    Duration::from_nanos(Function::Falling.delay(attempt))
}

pub(crate) fn by_hand(breaker: &Breaker, hand: words::Hand) {
    let span = Duration::from_nanos;
    match hand {
        words::Hand::Reset => breaker.reset(),
        words::Hand::ForceClose => breaker.force_close("model"),
        words::Hand::ForceOpen(None) => breaker.force_open("model"),
        words::Hand::ForceOpen(Some(lasts)) => breaker.force_open_for("model", span(lasts)),
        words::Hand::Disable(None) => breaker.disable("model"),
        words::Hand::Disable(Some(lasts)) => breaker.disable_for("model", span(lasts)),
        words::Hand::MetricsOnly(None) => breaker.metrics_only("model"),
        words::Hand::MetricsOnly(Some(lasts)) => breaker.metrics_only_for("model", span(lasts)),
    }
}

pub(crate) fn set_clock(clock: &ManualClock, now: u64) {
    clock.set(Moment::from_nanos(now));
}

pub(crate) fn state(state: State) -> Option<words::State> {
    Some(match state {
        State::Closed => words::State::Closed,
        State::Open => words::State::Open,
        State::HalfOpen => words::State::HalfOpen,
        State::ForcedOpen => words::State::ForcedOpen,
        State::Disabled => words::State::Disabled,
        State::MetricsOnly => words::State::MetricsOnly,
        _ => return None,
    })
}

fn cause(cause: Cause) -> Option<words::Cause> {
    Some(match cause {
        Cause::FailureThreshold => words::Cause::FailureThreshold,
        Cause::FailureRate => words::Cause::FailureRate,
        Cause::SlowRate => words::Cause::SlowRate,
        Cause::ResetTimeout => words::Cause::ResetTimeout,
        Cause::ProbesSucceeded => words::Cause::ProbesSucceeded,
        Cause::ProbeFailed => words::Cause::ProbeFailed,
        Cause::HalfOpenExpired => words::Cause::HalfOpenExpired,
        Cause::Forced => words::Cause::Forced,
        Cause::Reset => words::Cause::Reset,
        Cause::ManualExpired => words::Cause::ManualExpired,
        _ => return None,
    })
}

/// The statistics in the model's words; `None` if their state is one that no history reaches.
pub(crate) fn stats(breaker: &Breaker) -> Option<words::Stats> {
    let stats = breaker.stats();
    Some(words::Stats {
        state: state(stats.state)?,
        total: stats.total,
        successes: stats.successes,
        failures: stats.failures,
        rejected: stats.rejected,
        ignored: stats.ignored,
        cancelled: stats.cancelled,
        slow: stats.slow,
        stale_results: stats.stale_results,
        transitions: stats.transitions,
        in_flight: stats.in_flight,
        consecutive_failures: u64::from(stats.consecutive_failures),
        window_calls: stats.window_calls,
        window_failures: stats.window_failures,
        window_slow: stats.window_slow,
        open_remaining: stats.open_remaining.map(nanos),
        events_lost: stats.events_lost,
    })
}

pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).expect("no history lasts so long")
}

/// What an observer of the breaker hears.
#[derive(Debug)]
pub(crate) struct Ear {
    heard: Arc<Mutex<Vec<Result<words::Event, String>>>>,
    _subscription: Subscription,
}

impl Ear {
    pub(crate) fn at(breaker: &Breaker) -> Self {
        let heard = Arc::<Mutex<Vec<_>>>::default();
        let subscription = breaker.observe({
            let heard = Arc::clone(&heard);
            let last_epoch = Mutex::new(None);
            move |event| {
                let event = translated(event, &mut last_epoch.lock().unwrap_or_else(PoisonError::into_inner));
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            }
        });
        Self { heard, _subscription: subscription }
    }

    /// What was heard since the last time; an error if it is nothing that a history can cause.
    pub(crate) fn take(&self) -> Result<Vec<words::Event>, String> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *heard).into_iter().collect()
    }
}

fn translated(event: &Event, last_epoch: &mut Option<u64>) -> Result<words::Event, String> {
    match event {
        Event::Transition(transition) => {
            let epoch = Some(transition.epoch);
            if *last_epoch >= epoch {
                return Err(format!("the epoch went from {last_epoch:?} to {epoch:?}"));
            }
            *last_epoch = epoch;
            let known = || {
                Some(words::Event::Transition {
                    from: state(transition.from)?,
                    to: state(transition.to)?,
                    cause: cause(transition.cause)?,
                })
            };
            known().ok_or_else(|| format!("no history leads to {transition:?}"))
        }
        Event::Rejected { .. } => Ok(words::Event::Rejected),
        Event::SlowCall { .. } => Ok(words::Event::SlowCall),
        Event::ThresholdExceeded { .. } => Ok(words::Event::ThresholdExceeded),
        other => Err(format!("no history causes {other:?}")),
    }
}
