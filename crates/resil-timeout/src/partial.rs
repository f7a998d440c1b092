use std::time::Duration;

use resil_core::duration::OrNone;
use resil_core::{WordError, duration};
use serde::{Deserialize, Serialize};

use crate::Config;

/// The settings of a [`Config`] that were said: in a file, or by another source that says only some of them. With feature `serde`.
///
/// Words that others use for the same are read too; it is written in the words of its fields. A duration is a number of seconds, a text
/// such as `500ms`, `30s` or `5m`, or `{ secs, nanos }`.
///
/// ```
/// use resil_timeout::{Config, PartialConfig};
/// use std::time::Duration;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "default_timeout": 2, "max": "1m" }"#)?;
/// let config = said.over(Config::default())?;
/// assert_eq!(config, Config::new(Duration::from_secs(2)).max_timeout(Duration::from_secs(60)));
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "default": 0 }"#)?;
/// let error = said.over(config).unwrap_err();
/// assert_eq!(error.to_string(), "default: 0ns is out of range, allowed is 1ns to 100 years");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartialConfig {
    /// The limit of a call whose caller asks for none: 1 ns to 100 years, by default 30 s.
    #[serde(alias = "default_timeout", alias = "timeout", alias = "timeout_seconds", alias = "seconds")]
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub default: Option<Duration>,

    /// The longest limit that a caller may ask for: `default` to 100 years, by default `none`, which is any.
    #[serde(alias = "max_timeout", skip_serializing_if = "Option::is_none")]
    pub max: Option<OrNone>,

    /// Whether a call ends with the current deadline at the latest, and sets it for what is called in it; by default yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_deadline: Option<bool>,

    /// Whether a future's limit begins when the call is made, not when it is first polled; by default no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_queue_time: Option<bool>,
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
        let mut config = config;
        config.timeout = self.default.unwrap_or(config.timeout);
        if let Some(max) = self.max {
            config.max_timeout = max.0;
        }
        config.propagate_deadline = self.propagate_deadline.unwrap_or(config.propagate_deadline);
        config.include_queue_time = self.include_queue_time.unwrap_or(config.include_queue_time);
        match config.check() {
            Ok(()) => Ok(config),
            // Nobody said the greatest, so what is wrong is what was said.
            Err(error) if error.field() == "max_timeout" && self.max.is_none() && self.default.is_some() => {
                let why = format!("it is longer than max, which is {}", error.value());
                Err(WordError::Refused { word: "default", why })
            }
            Err(error) => {
                Err(WordError::from(error).spelled("timeout", "default").spelled("max_timeout", "max"))
            }
        }
    }
}

/// All settings in words.
impl From<&Config> for PartialConfig {
    fn from(config: &Config) -> Self {
        Self {
            default: Some(config.timeout),
            max: Some(OrNone(config.max_timeout)),
            propagate_deadline: Some(config.propagate_deadline),
            include_queue_time: Some(config.include_queue_time),
        }
    }
}

resil_core::config_in_words!(Config in PartialConfig, checked by check);
