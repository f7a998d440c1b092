use std::time::Duration;

use resil_breaker::{Config, PartialConfig};

use super::{Misfit, Vocabulary};
use crate::block::Block;

/// The circuit breaker.
pub(crate) struct Breaker;

impl Vocabulary for Breaker {
    type Partial = PartialConfig;
    type Settings = Config;

    const RIVALS: &'static [(&'static str, &'static str)] = PartialConfig::RIVALS;
    const DOUBTFUL: &'static [(&'static str, &'static str)] = PartialConfig::DOUBTFUL;

    fn settings(said: &PartialConfig) -> Result<Config, Misfit> {
        Ok(said.over(Config::new())?)
    }

    fn said(config: &Config) -> PartialConfig {
        let mut said = PartialConfig::from(config);
        // The numbers that hold though nobody gave them.
        let settings = config.settings();
        said.failure_threshold = settings.failure_threshold;
        said.success_threshold = Some(settings.success_threshold);
        said
    }

    fn outside_kstlib(config: &Config) -> Vec<Misfit> {
        let settings = config.settings();
        let seconds = |from, to| (Duration::from_secs(from), Duration::from_secs(to));
        let failures = settings
            .failure_threshold
            .and_then(|n| Misfit::outside("failure_threshold", n, (1, 100), u32::to_string));
        let reset = Misfit::outside("reset_timeout", settings.reset_timeout, seconds(1, 3_600), super::shown);
        let probes =
            Misfit::outside("half_open_max_calls", settings.half_open_max_calls, (1, 10), u32::to_string);
        [failures, reset, probes].into_iter().flatten().collect()
    }

    fn doubts(block: &Block) -> Vec<Misfit> {
        let probes =
            block.get("half_open_max_calls").and_then(|entry| entry.value.text()?.parse::<u32>().ok());
        match probes {
            Some(probes) if probes > 1 && block.get("success_threshold").is_none() => vec![Misfit::new(
                "half_open_max_calls",
                format!(
                    "{probes} without `success_threshold` means that {probes} successes close the circuit; \
                     say how many it shall be"
                ),
            )],
            _ => Vec::new(),
        }
    }
}
