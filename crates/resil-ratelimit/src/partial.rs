use std::time::Duration;

use resil_core::duration::OrNone;
use resil_core::{WordError, duration};
use serde::{Deserialize, Serialize};

use crate::{Config, Quota, QuotaError};

mod rate;

/// The settings of a [`Config`] that were said: in a file, or by another source that says only some of them. With feature `serde`.
///
/// Words that others use for the same are read too; it is written in the words of its fields. A duration is a number of seconds, a text
/// such as `500ms`, `30s` or `5m`, or `{ secs, nanos }`.
///
/// ```
/// use resil_ratelimit::{Config, PartialConfig, Quota};
/// use std::time::Duration;
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "rate": 100, "per": "1m", "burst": 20, "max_wait": "250ms" }"#)?;
/// let config = said.over(Config::default())?;
/// assert_eq!(config, Config::new(Quota::per_minute(100).burst(20)).max_wait(Duration::from_millis(250)));
///
/// let said: PartialConfig = serde_json::from_str(r#"{ "rate": 0 }"#)?;
/// assert_eq!(said.over(config).unwrap_err().to_string(), "rate: 0 is out of range, allowed is 1 or more");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PartialConfig {
    /// How many permits there are in a period: 1 permit per 4 years to 1 per nanosecond, by default 10. It may be a fraction.
    #[serde(alias = "default_rate", with = "rate", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>", extend("minimum" = 0)))]
    pub rate: Option<f64>,

    /// The period of `rate`: 1 ns to 4 years, by default 1 s.
    #[serde(alias = "default_per", alias = "period", alias = "limit_refresh_period")]
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<duration::Text>"))]
    pub per: Option<Duration>,

    /// How many permits may be taken at once after a pause: 1 or more, refilled within 4 years. Where `rate` is said, by default as many.
    #[serde(alias = "max_tokens", alias = "burst_size", skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,

    /// How many permits there are at the start: 0 to the burst. Where `rate` is said, by default the burst.
    #[serde(alias = "initial_tokens", skip_serializing_if = "Option::is_none")]
    pub initial: Option<u32>,

    /// How long a call may wait for its permit: 0 to 100 years, by default `none`, so that it is refused at once.
    #[serde(alias = "timeout_duration", skip_serializing_if = "Option::is_none")]
    pub max_wait: Option<OrNone>,
}

impl PartialConfig {
    /// Words that are read, but deserve a warning, each with what had better be written: there are none.
    pub const DOUBTFUL: &'static [(&'static str, &'static str)] = &[];

    /// Words that settle the same in different ways: there are none.
    pub const RIVALS: &'static [(&'static str, &'static str)] = &[];

    /// A configuration with what was said here, and for the rest as `config`. A rate brings a burst of its own unless one is said.
    ///
    /// # Errors
    /// If a setting is out of its range. It is named.
    pub fn over(&self, config: Config) -> Result<Config, WordError> {
        let mut config = config;
        config.quota = self.quota(config.quota)?;
        if let Some(max_wait) = self.max_wait {
            config.max_wait = max_wait.0;
        }
        config.check().map_err(in_words)?;
        Ok(config)
    }

    fn quota(&self, before: Quota) -> Result<Quota, WordError> {
        let period = self.per.unwrap_or(before.period());
        let quota = match self.rate {
            None => before.every(period),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is a whole number of 32 bits"
            )]
            Some(rate) if rate::is_whole(rate) => Quota::per(rate as u32, period),
            Some(rate) => {
                let ratio = Quota::from_rate(rate).map_err(in_words)?;
                // It is one of whole seconds.
                let periods = u32::try_from(ratio.period().as_secs()).unwrap_or(u32::MAX);
                ratio.every(period.saturating_mul(periods))
            }
        };
        let quota = self.burst.map_or(quota, |burst| quota.burst(burst));
        Ok(self.initial.map_or(quota, |initial| quota.initial(initial)))
    }
}

/// The same error, of the words.
fn in_words(error: QuotaError) -> WordError {
    if error.is_refill() {
        return WordError::Refused { word: "burst", why: error.to_string() };
    }
    WordError::from(error.out_of_range())
        .spelled("permits", "rate")
        .spelled("permits per second", "rate")
        .spelled("period", "per")
}

/// All settings in words. What follows from others stays unsaid.
impl From<&Config> for PartialConfig {
    fn from(config: &Config) -> Self {
        let quota = config.quota;
        Self {
            rate: Some(quota.permits().into()),
            per: Some(quota.period()),
            burst: Some(quota.burst_size()).filter(|burst| *burst != quota.permits()),
            initial: quota.initial,
            max_wait: Some(OrNone(config.max_wait)),
        }
    }
}

resil_core::config_in_words!(Config in PartialConfig, checked by check);
