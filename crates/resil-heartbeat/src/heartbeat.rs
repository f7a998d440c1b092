use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use resil_core::{Clock, MonotonicClock, Name, Subscription, seeded_bug};
use serde_core::Serialize;

use crate::config::check_limit;
use crate::desk::Why;
use crate::shared::{Beats, Shared};
use crate::{Builder, Config, Event, HeartbeatError, Metadata, Progress, State, Stats, Stopper};

/// Says at regular intervals that this process lives: to a file, to systemd, to whom you like.
///
/// ```
/// use resil_heartbeat::{Heartbeat, is_alive};
/// use std::time::Duration;
///
/// let path = std::env::temp_dir().join("resil-doc-heartbeat/app.heartbeat");
/// let heartbeat = Heartbeat::to_file(&path).interval(Duration::from_secs(10)).start()?;
/// assert!(is_alive(&path)); // in any process
///
/// heartbeat.stop()?;
/// assert!(!is_alive(&path));
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
///
/// It is the handle of beats that run, on a thread of their own or as a task, until it is [stopped](Self::stop) or dropped. Dropping it
/// is a stop, except while its thread panics: then nothing is written, the file goes stale, and whoever watches it finds out.
pub struct Heartbeat<C = MonotonicClock> {
    shared: Arc<Shared<C>>,
    stopper: Stopper,
    /// Dropped with the handle.
    _end: End,
}

/// Ends a heartbeat when it is dropped.
struct End(Arc<dyn Beats>);

impl Drop for End {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.abandon();
        } else {
            // Whom this did not reach is in an event.
            let _ = self.0.stop();
        }
    }
}

impl Heartbeat {
    /// Begins to describe a heartbeat that writes the file at `path`; the folders on the way to it are made when it starts.
    pub fn to_file(path: impl Into<PathBuf>) -> Builder {
        Self::builder().file(path)
    }

    /// Begins to describe a heartbeat that nobody hears of yet.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl<C: Clock + 'static> Heartbeat<C> {
    pub(crate) fn new(shared: Arc<Shared<C>>, stopper: Stopper) -> Self {
        let end = End(Arc::clone(&shared) as Arc<dyn Beats>);
        Self { shared, stopper, _end: end }
    }

    /// Tells a beat to everybody now, from whatever thread. The schedule stays as it is, and `on_beat` is not called.
    ///
    /// All sinks are told, also if one of them fails; it is then an error, the first of them. Waits for a beat that another thread is
    /// telling. An error in a sink of this heartbeat, which is told of one already, and after a stop.
    pub fn beat_now(&self) -> Result<(), HeartbeatError> {
        self.shared.beat(Why::Asked)
    }

    /// Tells that the program does its work from now on, where it was to be [ready later](Config::ready_later), with a beat at once.
    /// Nothing but a beat otherwise.
    pub fn ready(&self) -> Result<(), HeartbeatError> {
        self.shared.desk().schedule.ready();
        self.beat_now()
    }

    /// Changes what later beats carry: sets a key, to a value of any form that JSON has.
    ///
    /// An error if it has none, if it is nested more than 100 levels deep, or if all metadata becomes longer than 24 KiB as JSON; then
    /// nothing has changed.
    pub fn set_metadata(&self, key: impl Into<String>, value: impl Serialize) -> Result<(), HeartbeatError> {
        let key = key.into();
        let value = Metadata::value(&key, value)?;
        seeded_bug!("metadata_set_in_two_steps" => {
            let mut metadata = self.shared.desk().metadata.clone();
            metadata.insert_value(key, value)?;
            self.shared.desk().metadata = metadata;
            return Ok(());
        });
        self.shared.desk().metadata.insert_value(key, value)
    }

    /// Takes a key from what later beats carry; whether it was there.
    pub fn remove_metadata(&self, key: &str) -> bool {
        self.shared.desk().metadata.remove(key)
    }

    /// Watches a worker, which may stand still for as long as [`progress_limit`](Config::progress_limit) says: three intervals unless
    /// set.
    pub fn progress(&self, name: impl Into<String>) -> Progress {
        self.watch(name.into(), self.shared.config.limit())
    }

    /// Watches a worker, which may stand still for `limit`: 1 ms to 100 years, an error otherwise.
    pub fn progress_within(
        &self,
        name: impl Into<String>,
        limit: Duration,
    ) -> Result<Progress, HeartbeatError> {
        check_limit(limit)?;
        Ok(self.watch(name.into(), limit))
    }

    fn watch(&self, name: String, limit: Duration) -> Progress {
        Progress::new(&self.shared.board, name, limit, self.shared.clock.now())
    }

    /// Stops it, as it was meant to be: the last beat says `stopped`, no beat comes after that, and nobody who watches raises an alarm.
    ///
    /// When it returns, everybody was told: it waits for a beat that another thread is telling. Only in a sink of this very heartbeat it
    /// returns at once, and the last beat comes when the one is told that the sink hears of. Stopping once more does nothing, unless
    /// the last beat did not reach everybody, which is an error; then it is tried again.
    pub fn stop(&self) -> Result<(), HeartbeatError> {
        self.shared.stop()
    }

    /// What stops it from elsewhere, also from its own callbacks.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Calls `listener` for every later [`Event`], until the returned subscription is dropped.
    ///
    /// Listeners run one event at a time on a thread of their own, off the schedule, and may call the handle. One that panics is counted
    /// in [`Stats::callback_panics`]; where one is so slow that 256 events wait, the oldest are lost, and counted.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.shared.herald.observers().observe(listener)
    }
}

impl<C> Heartbeat<C> {
    /// Whether beats come by themselves: it was not stopped, and its thread or task is there.
    pub fn is_running(&self) -> bool {
        self.shared.is_running()
    }

    /// The name.
    pub fn name(&self) -> Name {
        self.shared.name
    }

    /// The settings.
    pub fn config(&self) -> Config {
        self.shared.config
    }

    /// The file that it writes, as it was named.
    pub fn file(&self) -> Option<&Path> {
        self.shared.file.as_deref()
    }

    /// What the last beat said.
    pub fn state(&self) -> State {
        let last = self.shared.desk().last.clone();
        // The first one is told before there is a handle.
        last.map_or_else(
            || self.shared.identity.sign(self.shared.identity.started.at),
            |last| State::clone(&last),
        )
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> Stats {
        Stats::of(&self.shared)
    }
}

impl<C> fmt::Debug for Heartbeat<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat")
            .field("name", &self.name())
            .field("file", &self.file())
            .field("config", &self.config())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
