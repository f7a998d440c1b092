use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use resil_core::{MonotonicClock, Name};
use serde_core::Serialize;

use crate::sink::Callback;
use crate::{Config, HeartbeatError, Metadata, State, Stopper, Target};

mod listeners;
mod start;

use listeners::Listeners;

/// A heartbeat that is being described; [`start`](Self::start), [`start_task`](Self::start_task) or `spawn` starts it.
///
/// ```
/// use resil_heartbeat::Heartbeat;
/// use std::time::Duration;
///
/// let heartbeat = Heartbeat::to_file(std::env::temp_dir().join("resil-doc-builder/app.heartbeat"))
///     .name("api")
///     .interval(Duration::from_secs(5))
///     .metadata("version", "1.4")
///     .on_missed_beat(|error| eprintln!("{error}"))
///     .start()?;
/// assert_eq!(heartbeat.name().as_str(), "api");
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[must_use = "nothing beats before `start`"]
pub struct Builder<C = MonotonicClock> {
    name: Name,
    config: Config,
    clock: C,
    file: Option<PathBuf>,
    metadata: Metadata,
    sinks: Vec<Callback>,
    #[cfg(feature = "systemd")]
    tells_systemd: bool,
    target: Option<Box<dyn Target>>,
    listeners: Listeners,
    stopper: Stopper,
    /// What was wrong first.
    flaw: Option<HeartbeatError>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            name: Name::UNNAMED,
            config: Config::new(),
            clock: MonotonicClock,
            file: None,
            metadata: Metadata::new(),
            sinks: Vec::new(),
            #[cfg(feature = "systemd")]
            tells_systemd: false,
            target: None,
            listeners: Listeners::default(),
            stopper: Stopper::new(),
            flaw: None,
        }
    }

    /// Runs on a clock of your own: with a [`ManualClock`](crate::ManualClock), a test moves the time of the beats and their time stamps.
    pub fn clock<C>(self, clock: C) -> Builder<C> {
        Builder {
            name: self.name,
            config: self.config,
            clock,
            file: self.file,
            metadata: self.metadata,
            sinks: self.sinks,
            #[cfg(feature = "systemd")]
            tells_systemd: self.tells_systemd,
            target: self.target,
            listeners: self.listeners,
            stopper: self.stopper,
            flaw: self.flaw,
        }
    }
}

impl<C> Builder<C> {
    /// The name that its texts carry, in place of "unnamed". One from configuration has to be [interned](Name::intern).
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// All settings that are plain values, in place of those that were set before.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// What was set before.
    #[cfg(feature = "serde")]
    pub(crate) const fn settings(&self) -> Config {
        self.config
    }

    /// The time between two beats: 1 ms to 100 years, 10 s unless set.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.config = self.config.interval(interval);
        self
    }

    /// The file to write. A relative path is one from the working directory at the start. A file that is there is replaced; of a
    /// symbolic link it is the link.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Whether each beat is on the disk before it counts as written; off unless set. See [`Config::fsync`].
    pub fn fsync(mut self, on: bool) -> Self {
        self.config = self.config.fsync(on);
        self
    }

    /// Whether beats say `starting` until [`ready`](crate::Heartbeat::ready) is called; off unless set, and then only the first does.
    pub fn ready_later(mut self, on: bool) -> Self {
        self.config = self.config.ready_later(on);
        self
    }

    /// How long a worker may stand still, unless its ticket says so: 1 ms to 100 years, three intervals unless set.
    pub fn progress_limit(mut self, limit: Duration) -> Self {
        self.config = self.config.progress_limit(limit);
        self
    }

    /// What beats carry besides: a key, and a value of any form that JSON has. The start is an error if it has none.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        if let Err(error) = self.metadata.insert(key, value) {
            self.flaw.get_or_insert(error);
        }
        self
    }

    /// Tells every beat to `sink`, too: after the file, in the beating thread or task, so it has to be quick. If it fails or panics, the
    /// beat is missed, and the other sinks are told all the same.
    ///
    /// It may call the handle: [`stop`](crate::Heartbeat::stop) works in it, a beat by hand is an error. It must not wait for another
    /// thread that does so. There may be several, which are told in their order.
    pub fn sink(mut self, sink: impl Fn(&State) -> io::Result<()> + Send + Sync + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Tells systemd: `READY=1` with the first beat, or when the program is [ready](Self::ready_later), `WATCHDOG=1` with each that does not
    /// say `stalled`, `STATUS=` when that changes, and `STOPPING=1`. Nothing where no service manager has asked to be told.
    ///
    /// The start is an error if the second beat would come too late for `WatchdogSec=`; half of that is a good interval.
    /// A service manager that hangs misses beats, and holds each up for about 100 ms.
    #[cfg(feature = "systemd")]
    pub fn systemd(mut self) -> Self {
        self.tells_systemd = true;
        self
    }

    /// What to watch: it is asked after every beat of the schedule whether it is dead. Of several, the last.
    pub fn target(mut self, target: impl Target + 'static) -> Self {
        self.target = Some(Box::new(target));
        self
    }

    /// Tells the death of the target again while it lasts: after the pause `first`, and then in pauses that double up to `longest`. See
    /// [`Config::target_repeat`].
    pub fn target_repeat(mut self, first: Duration, longest: Duration) -> Self {
        self.config = self.config.target_repeat(first, longest);
        self
    }

    /// What stops the heartbeat from elsewhere, for callbacks that are given before there is a handle.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("file", &self.file)
            .field("config", &self.config)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}
