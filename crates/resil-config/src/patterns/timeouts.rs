use resil_timeout::{Config, PartialConfig};

use super::{Misfit, Vocabulary};

/// Time limits.
pub(crate) struct Timeouts;

impl Vocabulary for Timeouts {
    type Partial = PartialConfig;
    type Settings = Config;

    const RIVALS: &'static [(&'static str, &'static str)] = PartialConfig::RIVALS;
    const DOUBTFUL: &'static [(&'static str, &'static str)] = PartialConfig::DOUBTFUL;

    fn settings(said: &PartialConfig) -> Result<Config, Misfit> {
        Ok(said.over(Config::default())?)
    }

    fn said(config: &Config) -> PartialConfig {
        PartialConfig::from(config)
    }
}
