use std::time::Duration;

use crate::{Liveness, Metadata, Started, Status, Timestamp, Vantage, Worker, judge};

mod json;

/// What one beat says: the content of a heartbeat's file.
///
/// It goes to serde and comes back from it, and can be built by hand. Only the timestamp is needed; whatever else is missing, or
/// has a form that it should not have, is as if the writer did not know it. Keys that nobody knows are passed over.
///
/// ```
/// use resil_heartbeat::{Liveness, State, Timestamp, Vantage};
/// use std::time::Duration;
///
/// // What kstlib writes.
/// let text = r#"{"timestamp": "2023-11-14T22:13:20+00:00", "pid": 1234, "hostname": "web-1", "metadata": {}}"#;
/// let state: State = serde_json::from_str(text).unwrap();
/// assert_eq!(state.pid, Some(1234));
///
/// let later = Vantage::at(Timestamp::from_unix(Duration::from_secs(1_700_000_012)));
/// assert_eq!(state.judge(&later, Duration::from_secs(30)), Liveness::Alive { age: Duration::from_secs(12) });
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct State {
    /// When it was written, by the wall clock.
    pub timestamp: Timestamp,
    /// The number of the process.
    pub pid: Option<u32>,
    /// The name of the host.
    pub hostname: Option<String>,
    /// What the program adds.
    pub metadata: Metadata,
    /// What it says of its process.
    pub status: Option<Status>,
    /// 128 random bits in hexadecimal, new each time that a heartbeat starts: tells a process from the one that took its place.
    pub instance: Option<String>,
    /// The number of this beat of its instance, from 1.
    pub sequence: Option<u64>,
    /// The time between two beats.
    pub interval: Option<Duration>,
    /// What tells one boot of the system from the next; on Linux.
    pub boot_id: Option<String>,
    /// When it was written, as the time since the boot, suspends included (`CLOCK_BOOTTIME`); on Linux.
    pub monotonic: Option<Duration>,
    /// When the heartbeat began, and in which process.
    pub started: Option<Started>,
    /// How the workers come on that have [`Progress`](crate::Progress) tickets, the first 64 of them, those that stand still first.
    pub progress: Vec<Worker>,
}

impl State {
    /// One that was written at that time, by a writer that knows nothing else.
    pub fn new(timestamp: Timestamp) -> Self {
        Self {
            timestamp,
            pid: None,
            hostname: None,
            metadata: Metadata::new(),
            status: None,
            instance: None,
            sequence: None,
            interval: None,
            boot_id: None,
            monotonic: None,
            started: None,
            progress: Vec::new(),
        }
    }

    /// How old it may become before it is stale, unless the reader says: three of its intervals, or 30 s where it has none.
    pub fn max_age(&self) -> Duration {
        let interval = self.interval.filter(|interval| !interval.is_zero());
        interval.map_or(Duration::from_secs(30), |interval| interval.saturating_mul(3))
    }

    /// What becomes of it now and here, if it may be `max_age` old.
    ///
    /// This asks the clocks and, where the process could be seen from here, whether it exists. Call it soon after reading.
    pub fn liveness(&self, max_age: Duration) -> Liveness {
        self.judge(&Vantage::of(self), max_age)
    }

    /// What becomes of it for one who stands there, if it may be `max_age` old. It depends on nothing else.
    ///
    /// In this order: a state that says `stopped` is [`Stopped`](Liveness::Stopped), however old it is. One whose process is certainly
    /// gone is [`Dead`](Liveness::Dead). One from a time that has not come is [`FromFuture`](Liveness::FromFuture), one that is older
    /// than `max_age` is [`Stale`](Liveness::Stale), one that says `stalled` is [`Stalled`](Liveness::Stalled), and any other is
    /// [`Alive`](Liveness::Alive).
    ///
    /// Its age is the difference of the times since the boot where both are of one boot, so that steps of the wall clock matter
    /// nothing; else that of the wall clocks, of which the writer's may be ahead by [`Vantage::MAX_SKEW`].
    pub fn judge(&self, from: &Vantage, max_age: Duration) -> Liveness {
        judge::judge(self, from, max_age)
    }

    /// The names of the workers that stand still.
    pub(crate) fn stalled(&self) -> Vec<String> {
        self.progress.iter().filter(|worker| worker.is_stalled).map(|worker| worker.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests;
