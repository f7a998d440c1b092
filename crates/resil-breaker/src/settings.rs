use std::time::Duration;

use crate::{Config, OnCancel, Reopen, Window};

/// A [`Config`] to be read: every setting with its name, the defaults filled in.
///
/// ```
/// use resil_breaker::Config;
/// use std::time::Duration;
///
/// let settings = Config::new().settings();
/// assert_eq!(settings.failure_threshold, Some(5));
/// assert_eq!(settings.probe_timeout, Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Settings {
    /// Failures in a row that open the circuit; `None` if only other rules do.
    pub failure_threshold: Option<u32>,
    /// The rule on failed calls.
    pub failure_rate: Option<Rate>,
    /// The time above which a call is slow, and the rule on slow calls.
    pub slow_rate: Option<(Duration, Rate)>,
    /// How long the circuit stays open.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub reopen: Reopen,
    /// The time of the first opening, as far as it is known beforehand.
    pub reset_timeout: Duration,
    /// Probes in flight at once.
    pub half_open_max_calls: u32,
    /// Successes that close the circuit.
    pub success_threshold: u32,
    /// The share of failed probes that reopens, in percent; `None` if the first does.
    pub half_open_failure_rate: Option<u8>,
    /// When a probe that has not settled gives up its slot.
    pub probe_timeout: Duration,
    /// When a half-open circuit without a verdict opens again.
    pub max_half_open: Duration,
    /// Over which time the admitted share rises after closing.
    pub ramp_up: Option<Duration>,
    /// What a given-up call counts as.
    pub on_cancel: OnCancel,
    /// Whether successes and refusals are counted.
    pub counters: bool,
    /// Whether counters may spread over cache lines.
    pub striped: bool,
}

/// A rule on the share of bad calls in a window.
///
/// ```
/// use resil_breaker::{Config, Window};
///
/// let settings = Config::new().failure_rate(50, 10, Window::calls(100)).settings();
/// assert_eq!(settings.failure_rate.unwrap().percent, 50);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Rate {
    /// From which share of bad calls on it opens the circuit, in percent.
    pub percent: u8,
    /// How many calls the window has to hold.
    pub min_calls: u32,
    /// Over which calls the share is taken.
    pub window: Window,
}

impl Settings {
    pub(crate) fn of(config: &Config) -> Self {
        let rate = |rule: crate::config::RateRule| Rate {
            percent: rule.percent,
            min_calls: rule.min_calls,
            window: rule.frame.window(),
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most 1,000")]
        let half_open_max_calls = config.probes_at_once() as u32;
        Self {
            failure_threshold: config.consecutive(),
            failure_rate: config.failure_rate.map(rate),
            slow_rate: config.slow_rate.map(|slow| (Duration::from_nanos(slow.slower_than), rate(slow.rate))),
            reopen: config.reopen.plan(),
            reset_timeout: config.reopen.first(),
            half_open_max_calls,
            success_threshold: config.successes_to_close(),
            half_open_failure_rate: config.half_open_rate(),
            probe_timeout: config.probe_lease(),
            max_half_open: config.half_open_limit(),
            ramp_up: config.ramp(),
            on_cancel: config.on_cancel,
            counters: config.counters,
            striped: config.striped,
        }
    }
}
