use serde_core::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::Timestamp;

/// When a heartbeat began, and what tells its process from a later one with the same number.
///
/// ```
/// use resil_heartbeat::Heartbeat;
///
/// let state = Heartbeat::builder().start()?.state();
/// let started = state.started.unwrap();
/// assert!(started.at <= state.timestamp);
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Started {
    /// The time of its first beat.
    pub at: Timestamp,
    /// When the process began, in clock ticks since the system booted (field 22 of `/proc/<pid>/stat`); on Linux.
    pub process: Option<u64>,
    /// The namespace in which the process has its number; on Linux.
    pub pid_namespace: Option<u64>,
    /// The namespace in which the process reads the time since the boot; on Linux.
    pub time_namespace: Option<u64>,
}

impl Started {
    /// At that time, by a process of which nothing else is known.
    pub const fn new(at: Timestamp) -> Self {
        Self { at, process: None, pid_namespace: None, time_namespace: None }
    }

    /// `None` for what holds no time; a mere time is one, too.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        if let Some(text) = value.as_str() {
            return text.parse().ok().map(Self::new);
        }
        let number = |key| value.get(key).and_then(Value::as_u64);
        Some(Self {
            at: value.get("at")?.as_str()?.parse().ok()?,
            process: number("process"),
            pid_namespace: number("pid_namespace"),
            time_namespace: number("time_namespace"),
        })
    }
}

impl Serialize for Started {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("at", &self.at)?;
        let numbers = [
            ("process", self.process),
            ("pid_namespace", self.pid_namespace),
            ("time_namespace", self.time_namespace),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                map.serialize_entry(key, &number)?;
            }
        }
        map.end()
    }
}
