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
        // Whoever wants a file watched must not get a watchdog of pings that nobody gives.
        #[cfg(not(feature = "heartbeat"))]
        if said.file.is_some() {
            return Err(Misfit::new(
                "file",
                "cannot be watched: feature `heartbeat` of resil-config, which reads it, is off",
            ));
        }
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

#[cfg(all(test, not(feature = "heartbeat")))]
mod tests {
    use crate::Config;

    #[test]
    fn a_state_file_that_nobody_can_read_is_refused() {
        let error =
            Config::from_yaml("resilience: { watchdog: { file: app.heartbeat, max_age: 30s } }").unwrap_err();
        assert_eq!(
            error.to_string(),
            "<yaml>:1:33: watchdog.file: cannot be watched: feature `heartbeat` of resil-config, which reads it, is off"
        );
    }
}
