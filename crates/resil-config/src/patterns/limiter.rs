use resil_ratelimit::{Config, PartialConfig};

use super::{Misfit, Vocabulary};

/// The rate limiter.
pub(crate) struct Limiter;

impl Vocabulary for Limiter {
    type Partial = PartialConfig;
    type Settings = Config;

    const RIVALS: &'static [(&'static str, &'static str)] = PartialConfig::RIVALS;
    const DOUBTFUL: &'static [(&'static str, &'static str)] = PartialConfig::DOUBTFUL;

    fn settings(said: &PartialConfig) -> Result<Config, Misfit> {
        Ok(said.over(Config::default())?)
    }

    fn said(config: &Config) -> PartialConfig {
        let mut said = PartialConfig::from(config);
        // The numbers that hold though nobody gave them.
        said.burst = Some(config.quota.burst_size());
        said.initial = Some(config.quota.initial_permits());
        said
    }
}
