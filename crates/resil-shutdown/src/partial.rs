use std::time::Duration;

use resil_core::duration::OrNone;
use resil_core::{WordError, duration};
use serde::{Deserialize, Serialize};

use crate::{Config, Signals};

mod signals;

/// The settings of a [`Config`] that were said: in a file, or by another source that says only some of them. With feature `serde`.
///
/// Words that others use for the same are read too; it is written in the words of its fields. A duration is a number of seconds, a text
/// such as `500ms`, `30s` or `5m`, or `{ secs, nanos }`.
///
/// ```
/// use resil_shutdown::{Config, PartialConfig, Signal};
/// use std::time::Duration;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "default_timeout": 25, "signals": ["TERM", "SIGHUP"] }"#)?;
/// let config = said.over(Config::new())?;
/// let signals = [Signal::Terminate, Signal::Hangup];
/// assert_eq!(config, Config::new().timeout(Duration::from_secs(25)).signals(&signals));
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "drain_delay": "1m" }"#)?;
/// let error = said.over(config).unwrap_err();
/// assert_eq!(error.to_string(), "drain_delay: 60s is out of range, allowed is 0 to less than the timeout");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartialConfig {
    /// The budget for all of it, from the request to the last callback: 1 ns to 100 years, by default 30 s.
    // `drain_timeout` is no other word for it, though some use it so: here it is a setting of its own, and a word means the same in a
    // file as in code. Whoever means the budget by it and goes beyond the 30 s is told the range.
    #[serde(alias = "default_timeout", alias = "shutdown_timeout")]
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub timeout: Option<Duration>,

    /// How long the program goes on serving after it was asked to end, so that load balancers notice: less than `timeout`, by default 0.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub drain_delay: Option<Duration>,

    /// How long to wait for what is in flight, from the end of the intake to the first callback: up to `timeout`. By default half of what
    /// is left of it by then.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub drain_timeout: Option<Duration>,

    /// Whether callbacks of the same priority run at once, rather than in the order of their registration; by default no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_priority_at_once: Option<bool>,

    /// How often to tell who is still running: 1 ms to 100 years, or `never`; by default every 5 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_every: Option<OrNone>,

    /// The exit code where `timeout` is exceeded: 0 to 255, by default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_exit_code: Option<u8>,

    /// The signals that begin the end: a list of `TERM`, `INT`, `HUP` and `QUIT`, by default the first two.
    #[serde(with = "signals", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<signals::Word>>"))]
    pub signals: Option<Signals>,
}

impl PartialConfig {
    /// Words that are read, but deserve a warning, each with what had better be written: there are none.
    pub const DOUBTFUL: &'static [(&'static str, &'static str)] = &[];

    /// Words that settle the same in different ways: there are none.
    pub const RIVALS: &'static [(&'static str, &'static str)] = &[];

    /// A configuration with what was said here, and for the rest as `config`.
    ///
    /// # Errors
    /// If a setting is out of its range. It is named.
    pub fn over(&self, config: Config) -> Result<Config, WordError> {
        let config = Config {
            timeout: self.timeout.unwrap_or(config.timeout),
            drain_delay: self.drain_delay.unwrap_or(config.drain_delay),
            drain_timeout: self.drain_timeout.or(config.drain_timeout),
            same_priority_at_once: self.same_priority_at_once.unwrap_or(config.same_priority_at_once),
            progress_every: self.progress_every.map_or(config.progress_every, |period| period.0),
            force_exit_code: self.force_exit_code.unwrap_or(config.force_exit_code),
            signals: self.signals.unwrap_or(config.signals),
        };
        config.check()?;
        Ok(config)
    }
}

/// All settings in words. A `drain_timeout` that follows from the budget stays unsaid.
impl From<&Config> for PartialConfig {
    fn from(config: &Config) -> Self {
        Self {
            timeout: Some(config.timeout),
            drain_delay: Some(config.drain_delay),
            drain_timeout: config.drain_timeout,
            same_priority_at_once: Some(config.same_priority_at_once),
            progress_every: Some(OrNone(config.progress_every)),
            force_exit_code: Some(config.force_exit_code),
            signals: Some(config.signals),
        }
    }
}

resil_core::config_in_words!(Config in PartialConfig, checked by check);
