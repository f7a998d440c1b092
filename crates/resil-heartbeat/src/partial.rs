use std::path::PathBuf;
use std::time::Duration;

use resil_core::{WordError, duration};
use serde::{Deserialize, Serialize};

use crate::{Config, Metadata};

/// The settings of a [`Config`] that were said, and what stands beside it: in a file, or by another source that says only some of them.
/// With feature `serde`.
///
/// Words that others use for the same are read too; it is written in the words of its fields. A duration is a number of seconds, a text
/// such as `500ms`, `30s` or `5m`, or `{ secs, nanos }`.
///
/// ```
/// use resil_heartbeat::{Config, Heartbeat, PartialConfig};
/// use std::time::Duration;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "interval": 5, "metadata": { "version": "1.4" } }"#)?;
/// let config = said.over(Config::new())?;
/// assert_eq!(config, Config::new().interval(Duration::from_secs(5)));
///
/// let builder = said.describe(Heartbeat::builder())?;
/// let heartbeat = builder.start()?;
/// assert_eq!(heartbeat.state().metadata.get::<String>("version").as_deref(), Some("1.4"));
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "interval": 0 }"#)?;
/// assert_eq!(said.over(config).unwrap_err().to_string(), "interval: 0ns is out of range, allowed is 1ms to 100 years");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartialConfig {
    /// The time between two beats: 1 ms to 100 years, by default 10 s.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub interval: Option<Duration>,

    /// Whether each beat is on the disk before it counts as written; by default no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fsync: Option<bool>,

    /// Whether beats say `starting` until the program says that it is ready; by default only the first does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_later: Option<bool>,

    /// How long a worker may stand still, unless its ticket says so: 1 ms to 100 years, by default three intervals.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub progress_limit: Option<Duration>,

    /// The first pause before the death of the target is told again: 1 ms to 100 years. By default it is told once.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub target_repeat: Option<Duration>,

    /// The longest of these pauses, up to which they double: `target_repeat` to 100 years, by default as long as the first.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub target_repeat_longest: Option<Duration>,

    /// The file to write. It stands beside the [`Config`].
    #[serde(alias = "state_file", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub file: Option<PathBuf>,

    /// What beats carry besides: a map of any values, together up to 24 KiB as JSON. It stands beside the [`Config`].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<std::collections::BTreeMap<String, serde_json::Value>>")
    )]
    pub metadata: Option<Metadata>,
}

impl PartialConfig {
    /// Words that are read, but deserve a warning, each with what had better be written: there are none.
    pub const DOUBTFUL: &'static [(&'static str, &'static str)] = &[];

    /// Words that settle the same in different ways: there are none.
    pub const RIVALS: &'static [(&'static str, &'static str)] = &[];

    /// A configuration with what was said here, and for the rest as `config`. A file and metadata are none of it, but the latter are checked.
    ///
    /// # Errors
    /// If a setting is out of its range, or words do not go together. It names them.
    pub fn over(&self, config: Config) -> Result<Config, WordError> {
        let mut config = config;
        config.interval = self.interval.unwrap_or(config.interval);
        config.fsync = self.fsync.unwrap_or(config.fsync);
        config.ready_later = self.ready_later.unwrap_or(config.ready_later);
        config.progress_limit = self.progress_limit.or(config.progress_limit);
        config.target_repeat = self.repeat(config.target_repeat)?;
        // Where the longest pause was not said, it is the first that is out of range.
        let longest =
            if self.target_repeat_longest.is_some() { "target_repeat_longest" } else { "target_repeat" };
        config.check().map_err(|error| WordError::from(error).spelled("target_repeat_longest", longest))?;
        if let Some(Err(error)) = self.metadata.as_ref().map(Metadata::check) {
            return Err(WordError::Refused { word: "metadata", why: error });
        }
        Ok(config)
    }

    fn repeat(
        &self,
        before: Option<(Duration, Duration)>,
    ) -> Result<Option<(Duration, Duration)>, WordError> {
        let first = self.target_repeat.or(before.map(|(first, _)| first));
        match (first, self.target_repeat_longest) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(WordError::Needs("target_repeat_longest", "target_repeat")),
            (Some(first), Some(longest)) => Ok(Some((first, longest))),
            (Some(first), None) => Ok(Some((first, before.map_or(first, |(_, longest)| longest.max(first))))),
        }
    }

    /// What `builder` describes, with all that was said here.
    ///
    /// # Errors
    /// As [`over`](Self::over).
    pub fn describe<C>(&self, builder: crate::Builder<C>) -> Result<crate::Builder<C>, WordError> {
        let config = self.over(builder.settings())?;
        let mut builder = builder.config(config);
        if let Some(file) = &self.file {
            builder = builder.file(file);
        }
        for (key, value) in self.metadata.iter().flat_map(Metadata::iter) {
            builder = builder.metadata(key, value);
        }
        Ok(builder)
    }
}

/// All settings in words. What follows from others stays unsaid.
impl From<&Config> for PartialConfig {
    fn from(config: &Config) -> Self {
        Self {
            interval: Some(config.interval),
            fsync: Some(config.fsync),
            ready_later: Some(config.ready_later),
            progress_limit: config.progress_limit,
            target_repeat: config.target_repeat.map(|(first, _)| first),
            target_repeat_longest: config.target_repeat.map(|(_, longest)| longest),
            ..Self::default()
        }
    }
}

resil_core::config_in_words!(
    Config in PartialConfig, checked by check,
    beside it |said: &PartialConfig| [("file", said.file.is_some()), ("metadata", said.metadata.is_some())]
);
