use std::time::Duration;

use resil_core::percent::Share;
use resil_core::{WordError, duration, percent};
use serde::{Deserialize, Serialize};

use crate::reopen::Plan;
use crate::{Config, OnCancel, Reopen, Window};

mod rules;
mod window;

/// The settings of a [`Config`] that were said: in a file, or by another source that says only some of them. With feature `serde`.
///
/// Words that others use for the same are read too; it is written in the words of its fields. A duration is a number of seconds, a text
/// such as `500ms`, `30s` or `5m`, or `{ secs, nanos }`; a rate is `50%` or `0.5`.
///
/// ```
/// use resil_breaker::{Config, PartialConfig, Window};
/// use std::time::Duration;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "max_failures": 3, "failure_rate": "50%", "window": "30s" }"#)?;
/// let config = said.over(Config::new())?;
/// let expected = Config::new().failure_threshold(3).failure_rate(50, 20, Window::time(Duration::from_secs(30)));
/// assert_eq!(config, expected);
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "half_open_max_calls": 0 }"#)?;
/// let error = said.over(config).unwrap_err();
/// assert_eq!(error.to_string(), "half_open_max_calls: 0 is out of range, allowed is 1 to 1,000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartialConfig {
    /// How many failures in a row open the circuit: 1 or more. The default of 5 holds only while there is no other rule.
    #[serde(alias = "max_failures", skip_serializing_if = "Option::is_none")]
    pub failure_threshold: Option<u32>,

    /// The share of the calls in the window from which on failures open the circuit: 1% to 100%.
    #[serde(alias = "failure_rate_threshold", alias = "failure_ratio")]
    #[serde(with = "percent::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<percent::Text>"))]
    pub failure_rate: Option<u8>,

    /// How many calls the window has to hold before a rate counts: 1 or more, by default 20, or as many as fit into the window.
    #[serde(alias = "minimum_number_of_calls", alias = "minimum_throughput")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_calls: Option<u32>,

    /// Over what a rate is taken: a whole number is so many calls (1 to 1,000,000), a text such as `30s` so much time (1 µs to 100 years).
    /// By default 100 calls.
    #[serde(alias = "sliding_window", alias = "window_size")]
    #[serde(with = "window", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<window::Text>"))]
    pub window: Option<Window>,

    /// A window of time, where also a bare number is one of seconds. It settles the same as `window`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub sampling_duration: Option<Duration>,

    /// In how many steps a window of time slides: 1 to 1,000, by default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_slices: Option<u32>,

    /// The time above which a call is slow: 1 ns to 100 years. It turns the rule on slow calls on.
    #[serde(alias = "slow_call_duration_threshold")]
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub slow_call: Option<Duration>,

    /// The share of the calls in the window from which on slow ones open the circuit: 1% to 100%, by default 50%.
    #[serde(alias = "slow_call_rate_threshold")]
    #[serde(with = "percent::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<percent::Text>"))]
    pub slow_call_rate: Option<u8>,

    /// `min_calls` of the rule on slow calls, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_call_min_calls: Option<u32>,

    /// `window` of the rule on slow calls, where it is another.
    #[serde(with = "window", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<window::Text>"))]
    pub slow_call_window: Option<Window>,

    /// `window_slices` of the rule on slow calls, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_call_window_slices: Option<u32>,

    /// How long the circuit stays open, at least the first time: 1 ns to 100 years, by default 60 s.
    #[serde(
        alias = "wait_duration_in_open",
        alias = "wait_duration_in_open_state",
        alias = "break_duration"
    )]
    #[serde(
        alias = "cooldown",
        alias = "cooldown_seconds",
        alias = "recovery_time",
        alias = "recovery_timeout"
    )]
    #[serde(alias = "timeout", alias = "timeout_seconds")] // See `DOUBTFUL`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub reset_timeout: Option<Duration>,

    /// By how much that time grows each time that the circuit opens again before it has closed: 1.0 to 1,000.0. By default it does not
    /// grow, or if there is a `reopen_max`, twofold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reopen_factor: Option<f64>,

    /// What that time never exceeds: `reset_timeout` to 100 years, by default a hundred times `reset_timeout`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub reopen_max: Option<Duration>,

    /// Up to which share that time is shortened at random: 0.0 to 1.0, or 0% to 100%; by default not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reopen_jitter: Option<Share>,

    /// How many probes may be in flight at once while half-open: 1 to 1,000, by default 1.
    #[serde(alias = "half_open_max_requests", alias = "permitted_calls_in_half_open")]
    #[serde(alias = "permitted_number_of_calls_in_half_open_state")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_open_max_calls: Option<u32>,

    /// How many successes close the circuit: 1 or more, by default as many as `half_open_max_calls`.
    #[serde(alias = "half_open_success_threshold", skip_serializing_if = "Option::is_none")]
    pub success_threshold: Option<u32>,

    /// The share of failed probes that opens the circuit again: 1% to 100%. By default the first failure does.
    #[serde(with = "percent::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<percent::Text>"))]
    pub half_open_failure_rate: Option<u8>,

    /// After which time a probe that has not settled gives up its slot: 1 ns to 100 years, by default `reset_timeout`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub probe_timeout: Option<Duration>,

    /// After which time without a verdict the half-open circuit opens again: 1 ns to 100 years, by default `reset_timeout`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub max_half_open: Option<Duration>,

    /// Over which time the admitted share of the calls rises after probes have closed the circuit: 1 ns to 100 years. By default all are
    /// admitted at once.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub ramp_up: Option<Duration>,

    /// What a call counts as whose caller gave it up: `ignore`, the default, or `failure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_cancel: Option<OnCancel>,

    /// Whether successes and refusals are counted; by default yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counters: Option<bool>,

    /// Whether counters may spread over cache lines under many threads; by default yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub striped: Option<bool>,
}

impl PartialConfig {
    /// Words that are read, but deserve a warning: each with what had better be written. Elsewhere a `timeout` limits calls.
    pub const DOUBTFUL: &'static [(&'static str, &'static str)] =
        &[("timeout", "reset_timeout"), ("timeout_seconds", "reset_timeout")];

    /// Words that settle the same in different ways: the first of each pair puts the second away where that comes from a weaker source,
    /// and the other way round. From one source, both are an error.
    pub const RIVALS: &'static [(&'static str, &'static str)] = &[("sampling_duration", "window")];

    /// A configuration with what was said here, and for the rest as `config`.
    ///
    /// A rule on a rate needs to be told its rate, or `slow_call`; for the rest of it there are defaults. `min_calls` and `window` hold
    /// for both rules unless slow calls have their own.
    ///
    /// # Errors
    /// If a setting is out of its range, or words do not go together. It names them.
    pub fn over(&self, config: Config) -> Result<Config, WordError> {
        config.check()?;
        let config = set(config, self.failure_threshold, Config::failure_threshold);
        let config = self.failure_rule(config)?;
        let config = self.slow_rule(config)?;
        let config = config.reopen(self.reopened(config.reopen.plan()));
        let config = set(config, self.half_open_max_calls, Config::half_open_max_calls);
        let config = set(config, self.success_threshold, Config::success_threshold);
        let config = set(config, self.half_open_failure_rate, Config::half_open_failure_rate);
        let config = set(config, self.probe_timeout, Config::probe_timeout);
        let config = set(config, self.max_half_open, Config::max_half_open);
        let config = set(config, self.ramp_up, Config::ramp_up);
        let config = set(config, self.on_cancel, Config::on_cancel);
        let config = set(config, self.counters, Config::counters);
        let config = set(config, self.striped, Config::striped);
        config.check()?;
        Ok(config)
    }

    fn reopened(&self, before: Reopen) -> Reopen {
        let Self { reset_timeout, reopen_factor, reopen_max, reopen_jitter, .. } = *self;
        let grows = reopen_factor.is_some() || reopen_max.is_some() || reopen_jitter.is_some();
        if reset_timeout.is_none() && !grows {
            return before;
        }
        let (base, old) = match before.0 {
            Plan::Fixed(base) => (base, None),
            Plan::Exponential { base, factor, max, jitter } => (base, Some((factor, max, jitter))),
            Plan::By(_) => (Config::DEFAULT_RESET_TIMEOUT, None),
        };
        let base = reset_timeout.unwrap_or(base);
        if !grows && old.is_none() {
            return Reopen::fixed(base);
        }
        let usual = if reopen_max.is_some() { 2.0 } else { 1.0 };
        let factor = reopen_factor.or(old.map(|(factor, ..)| factor)).unwrap_or(usual);
        let jitter = reopen_jitter.map(|share| share.0).or(old.map(|(.., jitter)| jitter)).unwrap_or(0.0);
        let plan = Reopen::exponential(base).factor(factor).jitter(jitter);
        reopen_max.or(old.map(|(_, max, _)| max)).map_or(plan, |max| plan.max(max))
    }
}

/// The configuration with a setting, if it was said.
fn set<T>(config: Config, said: Option<T>, setting: impl FnOnce(Config, T) -> Config) -> Config {
    match said {
        Some(value) => setting(config, value),
        None => config,
    }
}

/// All settings in words. What follows from others stays unsaid, and so does a time of reopening by a function of your own, which has no
/// words.
impl From<&Config> for PartialConfig {
    fn from(config: &Config) -> Self {
        let span = |nanos: u64| Some(nanos).filter(|nanos| *nanos > 0).map(Duration::from_nanos);
        let mut words = Self {
            failure_threshold: Some(config.failure_threshold).filter(|n| *n > 0),
            half_open_max_calls: Some(config.half_open_max_calls),
            success_threshold: Some(config.success_threshold).filter(|n| *n > 0),
            half_open_failure_rate: config.half_open_rate(),
            probe_timeout: span(config.probe_timeout),
            max_half_open: span(config.max_half_open),
            ramp_up: span(config.ramp_up),
            on_cancel: Some(config.on_cancel),
            counters: Some(config.counters),
            striped: Some(config.striped),
            ..Self::default()
        };
        words.say_rules(config);
        match config.reopen.plan().0 {
            Plan::Fixed(base) => words.reset_timeout = Some(base),
            Plan::Exponential { base, factor, max, jitter } => {
                words.reset_timeout = Some(base);
                words.reopen_factor = Some(factor);
                words.reopen_max = Some(max);
                words.reopen_jitter = Some(Share(jitter));
            }
            Plan::By(_) => {}
        }
        words
    }
}

resil_core::config_in_words!(Config in PartialConfig, checked by check);
