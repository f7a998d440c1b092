//! The keys of the file, in their order, and back.

use serde_core::ser::{Serialize, SerializeMap, Serializer};
use serde_core::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};

use crate::{Metadata, Started, State, Status, Worker, seconds};

/// The first four are kstlib's, which needs them all.
impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { timestamp, pid, hostname, metadata, status, instance, sequence, .. } = self;
        let Self { interval, boot_id, monotonic, started, progress, .. } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", timestamp)?;
        entry(&mut map, "pid", pid.as_ref())?;
        entry(&mut map, "hostname", hostname.as_ref())?;
        map.serialize_entry("metadata", metadata)?;
        entry(&mut map, "status", status.as_ref())?;
        entry(&mut map, "instance", instance.as_ref())?;
        entry(&mut map, "sequence", sequence.as_ref())?;
        entry(&mut map, "interval", interval.map(seconds::to_json).as_ref())?;
        entry(&mut map, "boot_id", boot_id.as_ref())?;
        entry(&mut map, "monotonic", monotonic.map(seconds::to_json).as_ref())?;
        entry(&mut map, "started", started.as_ref())?;
        map.serialize_entry("progress", progress)?;
        map.end()
    }
}

fn entry<M: SerializeMap>(map: &mut M, key: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, value))
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_map(Map::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl State {
    /// Any bytes are a state, or there is a sentence that says why not.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        // Such an error may repeat what it has found, which may be long.
        let brief = |error: serde_json::Error| error.to_string().chars().take(200).collect::<String>();
        Self::from_map(serde_json::from_slice(bytes).map_err(brief)?)
    }

    fn from_map(mut map: Map<String, Value>) -> Result<Self, String> {
        let stamp = map.get("timestamp").ok_or("there is no timestamp")?;
        let stamp = stamp.as_str().ok_or("the timestamp is no text")?;
        let mut state = Self::new(stamp.parse().map_err(|error| format!("timestamp: {error}"))?);
        let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = |key: &str| map.get(key).and_then(Value::as_u64);
        let span = |key: &str| map.get(key).and_then(seconds::from_json);
        state.pid = number("pid").and_then(|pid| pid.try_into().ok());
        state.hostname = text("hostname");
        state.status = map.get("status").and_then(Value::as_str).and_then(Status::of);
        state.instance = text("instance");
        state.sequence = number("sequence");
        state.interval = span("interval");
        state.boot_id = text("boot_id");
        state.monotonic = span("monotonic");
        state.started = map.get("started").and_then(Started::from_json);
        let workers = map.get("progress").and_then(Value::as_array).into_iter().flatten();
        state.progress = workers.filter_map(Worker::from_json).collect();
        state.metadata = map.remove("metadata").map(Metadata::from_json).unwrap_or_default();
        Ok(state)
    }
}
