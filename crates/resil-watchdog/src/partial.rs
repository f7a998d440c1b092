use std::path::PathBuf;
use std::time::Duration;

use resil_core::duration::OrNone;
use resil_core::{WordError, duration};
use serde::{Deserialize, Serialize};

use crate::Config;

/// The settings of a [`Config`] that were said, and the file that stands beside it: in a file, or by another source that says only some of
/// them. With feature `serde`.
///
/// A duration is a number of seconds, a text such as `500ms`, `30s` or `5m`, or `{ secs, nanos }`.
///
/// ```
/// use resil_watchdog::{Config, PartialConfig, Watchdog};
/// use std::time::Duration;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "timeout": 10, "repeat_every": "1m" }"#)?;
/// let config = said.over(Config::new())?;
/// assert_eq!((config.timeout, config.repeat_every), (Duration::from_secs(10), Some(Duration::from_secs(60))));
/// let dog = Watchdog::with_config(config).start()?;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "timeout": 0 }"#)?;
/// let error = said.over(config).unwrap_err();
/// assert_eq!(error.to_string(), "timeout: 0ns is out of range, allowed is 4ms to 100 years");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartialConfig {
    /// How long a silence may last: 4 ms to 100 years, by default 30 s. With a `file` it is the same as `max_age`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub timeout: Option<Duration>,

    /// The state file to watch, in place of pings. It stands beside the [`Config`].
    #[serde(alias = "state_file", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub file: Option<PathBuf>,

    /// The greatest age of that file: 1 ms to 100 years, by default 30 s.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub max_age: Option<Duration>,

    /// The time between two looks. At pings: 1 ms to a quarter of `timeout` and at most 1 s, which it is by default. At a file: 1 ms to 100
    /// years, by default half of `max_age`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub check_interval: Option<Duration>,

    /// How long the first sign of life may take: 0 to 100 years, by default `timeout` or `max_age`.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub startup_grace: Option<Duration>,

    /// How often to tell of a silence again while it lasts: 1 ms to 100 years, by default `never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_every: Option<OrNone>,

    /// Whether pings of the watchdog itself are counted, which costs each an atomic addition; by default no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<bool>,
}

impl PartialConfig {
    /// Words that are read, but deserve a warning, each with what had better be written: there are none.
    pub const DOUBTFUL: &'static [(&'static str, &'static str)] = &[];

    /// Words that settle the same in different ways: the first of each pair puts the second away where that comes from a weaker source,
    /// and the other way round. From one source, both are an error.
    pub const RIVALS: &'static [(&'static str, &'static str)] = &[("max_age", "timeout")];

    /// A configuration with what was said here, and for the rest as `config`: of a watchdog of a state file where one was said, else of
    /// pings. The file itself is none of it.
    ///
    /// # Errors
    /// If a setting is out of its range, or words do not go together. It names them.
    pub fn over(&self, config: Config) -> Result<Config, WordError> {
        match (self.max_age, self.timeout, &self.file) {
            (Some(_), Some(_), _) => return Err(WordError::Both("max_age", "timeout")),
            (Some(_), None, None) => return Err(WordError::Needs("max_age", "file")),
            _ => {}
        }
        let config = Config {
            timeout: self.timeout.or(self.max_age).unwrap_or(config.timeout),
            check_interval: self.check_interval.or(config.check_interval),
            startup_grace: self.startup_grace.or(config.startup_grace),
            repeat_every: self.repeat_every.map_or(config.repeat_every, |period| period.0),
            counted: self.counted.unwrap_or(config.counted),
        };
        if self.file.is_some() {
            let word = if self.timeout.is_some() { "timeout" } else { "max_age" };
            config.check_for_file().map_err(|error| WordError::from(error).spelled("max_age", word))?;
        } else {
            config.check()?;
        }
        Ok(config)
    }
}

/// All settings in words. What follows from others stays unsaid.
impl From<&Config> for PartialConfig {
    fn from(config: &Config) -> Self {
        Self {
            timeout: Some(config.timeout),
            check_interval: config.check_interval,
            startup_grace: config.startup_grace,
            repeat_every: Some(OrNone(config.repeat_every)),
            counted: Some(config.counted),
            ..Self::default()
        }
    }
}

resil_core::config_in_words!(
    Config in PartialConfig, checked by check_for_file,
    beside it |said: &PartialConfig| [("file", said.file.is_some())]
);
