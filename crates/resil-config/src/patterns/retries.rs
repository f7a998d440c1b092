use resil_retry::{Config, PartialConfig};

use super::{Misfit, Vocabulary};
use crate::resolved::RetrySettings;

/// Retries, and how many there may be.
pub(crate) struct Retries;

impl Vocabulary for Retries {
    type Partial = PartialConfig;
    type Settings = RetrySettings;

    const RIVALS: &'static [(&'static str, &'static str)] = PartialConfig::RIVALS;
    const DOUBTFUL: &'static [(&'static str, &'static str)] = PartialConfig::DOUBTFUL;

    fn settings(said: &PartialConfig) -> Result<RetrySettings, Misfit> {
        Ok(RetrySettings { config: said.over(Config::new())?, budget: said.budget_config()? })
    }

    fn said(settings: &RetrySettings) -> PartialConfig {
        PartialConfig::from(&settings.config).with_budget(settings.budget)
    }
}
