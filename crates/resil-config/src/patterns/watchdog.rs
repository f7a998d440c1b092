use std::time::Duration;

use resil_watchdog::{Config, PartialConfig};

use super::{Misfit, Vocabulary, shown};
use crate::resolved::WatchdogSettings;

/// Who stands still.
pub(crate) struct Watchdog;

impl Vocabulary for Watchdog {
    type Partial = PartialConfig;
    type Settings = WatchdogSettings;

    const RIVALS: &'static [(&'static str, &'static str)] = PartialConfig::RIVALS;
    const DOUBTFUL: &'static [(&'static str, &'static str)] = PartialConfig::DOUBTFUL;

    fn settings(said: &PartialConfig) -> Result<WatchdogSettings, Misfit> {
        Ok(WatchdogSettings { config: said.over(Config::new())?, file: said.file.clone() })
    }

    fn said(settings: &WatchdogSettings) -> PartialConfig {
        let mut said = PartialConfig::from(&settings.config);
        said.file.clone_from(&settings.file);
        if said.file.is_some() {
            said.max_age = said.timeout.take();
        }
        said
    }

    fn outside_kstlib(settings: &WatchdogSettings) -> Vec<Misfit> {
        let range = (Duration::from_secs(1), Duration::from_secs(3_600));
        Misfit::outside("timeout", settings.config.timeout, range, shown).into_iter().collect()
    }
}
