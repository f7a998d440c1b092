use std::time::Duration;

use serde_core::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::seconds;

/// How a worker with a [`Progress`](crate::Progress) ticket comes on, as a beat tells it.
///
/// ```
/// use resil_heartbeat::{Heartbeat, ManualClock};
///
/// let heartbeat = Heartbeat::builder().clock(ManualClock::new()).start()?;
/// let ticket = heartbeat.progress("indexer");
/// ticket.advance();
/// heartbeat.beat_now()?;
/// let worker = &heartbeat.state().progress[0];
/// assert_eq!((&*worker.name, worker.advances, worker.is_stalled), ("indexer", 1, false));
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Worker {
    /// Its name; in a file, the first 64 characters of it.
    pub name: String,
    /// How often it has advanced.
    pub advances: u64,
    /// Since when it has stood still, as far as a beat has seen.
    pub still_for: Duration,
    /// How long it may stand still.
    pub limit: Duration,
    /// Whether it waits for work, so that it may stand still.
    pub is_paused: bool,
    /// Whether it stands still for longer than it may.
    pub is_stalled: bool,
}

impl Worker {
    /// One of that name that has only begun, and may stand still for `limit`.
    pub fn new(name: impl Into<String>, limit: Duration) -> Self {
        let (advances, still_for) = (0, Duration::ZERO);
        Self { name: name.into(), advances, still_for, limit, is_paused: false, is_stalled: false }
    }

    /// `None` for what has no name.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let span = |key| value.get(key).and_then(seconds::from_json).unwrap_or_default();
        let is = |key| value.get(key).and_then(Value::as_bool).unwrap_or_default();
        Some(Self {
            name: value.get("name")?.as_str()?.to_owned(),
            advances: value.get("advances").and_then(Value::as_u64).unwrap_or_default(),
            still_for: span("still"),
            limit: span("limit"),
            is_paused: is("paused"),
            is_stalled: is("stalled"),
        })
    }
}

impl Serialize for Worker {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("advances", &self.advances)?;
        map.serialize_entry("still", &seconds::to_json(self.still_for))?;
        map.serialize_entry("limit", &seconds::to_json(self.limit))?;
        map.serialize_entry("paused", &self.is_paused)?;
        map.serialize_entry("stalled", &self.is_stalled)?;
        map.end()
    }
}
