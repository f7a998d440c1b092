use std::time::Duration;

use resil_shutdown::{Config, PartialConfig};

use super::{Misfit, Vocabulary, shown};

/// The end of the process.
pub(crate) struct Shutdown;

impl Vocabulary for Shutdown {
    type Partial = PartialConfig;
    type Settings = Config;

    const RIVALS: &'static [(&'static str, &'static str)] = PartialConfig::RIVALS;
    const DOUBTFUL: &'static [(&'static str, &'static str)] = PartialConfig::DOUBTFUL;

    fn settings(said: &PartialConfig) -> Result<Config, Misfit> {
        Ok(said.over(Config::new())?)
    }

    fn said(config: &Config) -> PartialConfig {
        PartialConfig::from(config)
    }

    fn outside_kstlib(config: &Config) -> Vec<Misfit> {
        let range = (Duration::from_secs(5), Duration::from_secs(300));
        Misfit::outside("timeout", config.timeout, range, shown).into_iter().collect()
    }
}
