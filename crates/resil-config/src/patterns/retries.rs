use resil_retry::{Config, PartialConfig};

use super::{Misfit, Vocabulary};
use crate::resolved::RetrySettings;
use crate::section::Said;
use crate::yaml::Tree;

/// The parts of a map under `backoff`, and the words that say the same beside it.
const PARTS: [(&str, &str); 4] =
    [("type", "backoff"), ("initial", "initial_delay"), ("max", "max_delay"), ("multiplier", "factor")];

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

    fn flat(said: Said) -> Said {
        let parts = |entry: (String, Tree)| match entry {
            (word, Tree::Map(entries)) if word == "backoff" => {
                let part = |(key, value): (Tree, Tree)| {
                    let (_, word) = PARTS.iter().find(|(part, _)| key == Tree::Text((*part).into()))?;
                    Some(((*word).to_owned(), value))
                };
                entries.into_iter().filter_map(part).collect()
            }
            entry => vec![entry],
        };
        said.into_iter().flat_map(parts).collect()
    }

    fn said(settings: &RetrySettings) -> PartialConfig {
        PartialConfig::from(&settings.config).with_budget(settings.budget)
    }
}
