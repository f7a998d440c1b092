use resil_core::duration::OrNone;
use resil_core::percent::Share;
use resil_core::{WordError, duration, percent};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::{BudgetConfig, Config, Jitter};

mod jitter;
mod plan;
mod strategy;

pub use strategy::{PartialBackoff, Strategy};

/// The settings of a [`Config`] that were said: in a file, or by another source that says only some of them. With feature `serde`.
///
/// Words that others use for the same are read too; it is written in the words of its fields. A duration is a number of seconds, a text
/// such as `500ms`, `30s` or `5m`, or `{ secs, nanos }`.
///
/// ```
/// use resil_retry::{Backoff, Config, Jitter, PartialConfig};
/// use std::time::Duration;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "max_retries": 4, "backoff": "fixed", "delay": "50ms", "jitter": 0.2 }"#)?;
/// let config = said.over(Config::new())?;
/// let backoff = Backoff::fixed(Duration::from_millis(50)).max(Duration::from_secs(10)).jitter(Jitter::Fraction(0.2));
/// assert_eq!(config, Config::new().max_attempts(5).backoff(backoff));
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "max_attempts": 0 }"#)?;
/// let error = said.over(config).unwrap_err();
/// assert_eq!(error.to_string(), "max_attempts: 0 is out of range, allowed is 1 or more");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartialConfig {
    /// How many attempts a call may make, the first one included: 1 or more, by default 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,

    /// How many attempts may follow the first: one less than `max_attempts`, which settles the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,

    /// How waits grow: `fixed`, `linear`, `exponential` (the default), `fibonacci` or `decorrelated`. Also `exponential_with_jitter`, and a
    /// map of `type`, `initial`, `max` and `multiplier`, which settle the same as the words beside it.
    #[serde(alias = "strategy", skip_serializing_if = "Option::is_none")]
    pub backoff: Option<PartialBackoff>,

    /// The first wait: 0 to 100 years, by default 100 ms.
    #[serde(alias = "base_delay", alias = "initial", alias = "delay", alias = "initial_interval")]
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub initial_delay: Option<Duration>,

    /// By how much an exponential wait grows: 1.0 to 1,000.0, by default twofold. No effect on the other kinds.
    #[serde(alias = "multiplier", alias = "backoff_factor", skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,

    /// What no wait exceeds: `initial_delay` to 100 years, or `none`; by default 10 s.
    #[serde(alias = "max", alias = "max_interval", skip_serializing_if = "Option::is_none")]
    pub max_delay: Option<OrNone>,

    /// How waits are spread at random: `full` (the default), `equal` or `none`, `true` for `full` and `false` for `none`, or a share by which
    /// they are shorter or longer at most, such as `0.2` or `20%`.
    #[serde(with = "jitter", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<jitter::Text>"))]
    pub jitter: Option<Jitter>,

    /// The share by which waits are shorter or longer at most: 0.0 to 1.0, or 0% to 100%. It settles the same as `jitter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_factor: Option<Share>,

    /// The time since the call began in which another attempt may begin: 1 ns to 100 years, by default `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_elapsed: Option<OrNone>,

    /// Whether the refusal of an open circuit is retried like any other; by default no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_open_circuit: Option<bool>,

    /// How many retries there may be for a hundred calls: 0% to 100%. It stands beside the [`Config`], for a
    /// [`RetryBudget`](crate::RetryBudget).
    #[serde(with = "percent::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<percent::Text>"))]
    pub budget: Option<u8>,

    /// How many retries there may be beside that share, at once and then each second: 0 to 1,000,000, by default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_floor: Option<u32>,

    /// How many retries the budget banks at most while calls succeed: 1 to 1,000,000, by default 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_cap: Option<u32>,
}

impl PartialConfig {
    /// Words that are read, but deserve a warning, each with what had better be written: there are none.
    pub const DOUBTFUL: &'static [(&'static str, &'static str)] = &[];

    /// Words that settle the same in different ways: the first of each pair puts the second away where that comes from a weaker source,
    /// and the other way round. From one source, both are an error.
    pub const RIVALS: &'static [(&'static str, &'static str)] =
        &[("max_retries", "max_attempts"), ("jitter_factor", "jitter")];

    /// A configuration with what was said here, and for the rest as `config`. The budget is none of it; see
    /// [`budget_config`](Self::budget_config).
    ///
    /// # Errors
    /// If a setting is out of its range, or words do not go together. It names them.
    pub fn over(&self, config: Config) -> Result<Config, WordError> {
        let mut config = config;
        config.max_attempts = self.attempts()?.unwrap_or(config.max_attempts);
        config.backoff = self.plan(config.backoff)?;
        if let Some(max_elapsed) = self.max_elapsed {
            config.max_elapsed = max_elapsed.0;
        }
        if let Some(retried) = self.retry_open_circuit {
            config.retry_open_circuit = retried;
        }
        config.check().map_err(|error| self.spell(error.into()))?;
        Ok(config)
    }

    /// The settings of the [`RetryBudget`](crate::RetryBudget), if a `budget` was said.
    ///
    /// ```
    /// use resil_retry::{BudgetConfig, PartialConfig};
    ///
    /// let said: PartialConfig = serde_json::from_str(r#"{ "budget": "20%", "budget_floor": 5 }"#)?;
    /// assert_eq!(said.budget_config()?, Some(BudgetConfig::new(20).floor(5)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a setting is out of its range, or if there is no `budget` that the others could be about. It names them.
    pub fn budget_config(&self) -> Result<Option<BudgetConfig>, WordError> {
        let Some(share) = self.budget else {
            let lonely = [("budget_floor", self.budget_floor), ("budget_cap", self.budget_cap)];
            return match lonely.into_iter().find(|(_, said)| said.is_some()) {
                Some((word, _)) => Err(WordError::Needs(word, "budget")),
                None => Ok(None),
            };
        };
        let mut config = BudgetConfig::new(share);
        config.floor_per_second = self.budget_floor.unwrap_or(config.floor_per_second);
        config.cap = self.budget_cap.unwrap_or(config.cap);
        let words =
            [("budget.share", "budget"), ("budget.floor", "budget_floor"), ("budget.cap", "budget_cap")];
        let spelled = |error: WordError, (setting, word)| error.spelled(setting, word);
        config.check().map_err(|error| words.into_iter().fold(error.into(), spelled))?;
        Ok(Some(config))
    }

    /// The same, and the words of a budget.
    #[must_use = "the words are taken and returned"]
    pub fn with_budget(self, budget: Option<BudgetConfig>) -> Self {
        Self {
            budget: budget.map(|config| config.share_percent),
            budget_floor: budget.map(|config| config.floor_per_second),
            budget_cap: budget.map(|config| config.cap),
            ..self
        }
    }

    fn attempts(&self) -> Result<Option<u32>, WordError> {
        match (self.max_attempts, self.max_retries) {
            (Some(_), Some(_)) => Err(WordError::Both("max_retries", "max_attempts")),
            (attempts, None) => Ok(attempts),
            (None, Some(retries)) => match retries.checked_add(1) {
                Some(attempts) => Ok(Some(attempts)),
                None => Err(WordError::OutOfRange {
                    word: "max_retries",
                    value: crate::Value::Count(retries.into()),
                    allowed: "0 to 4,294,967,294",
                }),
            },
        }
    }
}

/// All settings in words. A backoff by a function of your own has none, and stays unsaid.
impl From<&Config> for PartialConfig {
    fn from(config: &Config) -> Self {
        let mut words = Self {
            max_attempts: Some(config.max_attempts),
            max_elapsed: Some(OrNone(config.max_elapsed)),
            retry_open_circuit: Some(config.retry_open_circuit),
            ..Self::default()
        };
        words.say_plan(config.backoff);
        words
    }
}

resil_core::config_in_words!(
    Config in PartialConfig, checked by check,
    beside it |said: &PartialConfig| [
        ("budget", said.budget.is_some()),
        ("budget_floor", said.budget_floor.is_some()),
        ("budget_cap", said.budget_cap.is_some()),
    ]
);
