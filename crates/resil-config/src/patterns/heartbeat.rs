use std::collections::BTreeMap;
use std::time::Duration;

use resil_heartbeat::{Config, PartialConfig};
use serde_json::Value;

use super::{Misfit, Vocabulary, shown};
use crate::resolved::HeartbeatSettings;

/// The sign of life.
pub(crate) struct Heartbeat;

impl Vocabulary for Heartbeat {
    type Partial = PartialConfig;
    type Settings = HeartbeatSettings;

    const RIVALS: &'static [(&'static str, &'static str)] = PartialConfig::RIVALS;
    const DOUBTFUL: &'static [(&'static str, &'static str)] = PartialConfig::DOUBTFUL;

    fn settings(said: &PartialConfig) -> Result<HeartbeatSettings, Misfit> {
        let config = said.over(Config::new())?;
        let metadata = match said.metadata.as_ref().map(serde_json::to_value) {
            Some(Ok(Value::Object(entries))) => entries.into_iter().collect(),
            Some(Err(error)) => return Err(Misfit::new("metadata", error.to_string())),
            _ => BTreeMap::new(),
        };
        Ok(HeartbeatSettings { config, file: said.file.clone(), metadata })
    }

    fn said(settings: &HeartbeatSettings) -> PartialConfig {
        let mut said = PartialConfig::from(&settings.config);
        said.file.clone_from(&settings.file);
        if !settings.metadata.is_empty() {
            said.metadata = serde_json::to_value(&settings.metadata).and_then(serde_json::from_value).ok();
        }
        said
    }

    fn outside_kstlib(settings: &HeartbeatSettings) -> Vec<Misfit> {
        let range = (Duration::from_secs(1), Duration::from_secs(300));
        Misfit::outside("interval", settings.config.interval, range, shown).into_iter().collect()
    }
}
