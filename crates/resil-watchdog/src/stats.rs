use std::borrow::Cow;
use std::time::Duration;

use resil_core::{Clock, Name};

use crate::shared::Shared;
use crate::vigil::Tally;

/// The state of a [`Watchdog`](crate::Watchdog): a copy, taken at one instant.
///
/// Counts go on from one run to the next.
///
/// ```
/// use resil_watchdog::Watchdog;
/// use std::time::Duration;
///
/// let dog = Watchdog::new(Duration::from_secs(30)).start()?;
/// let worker = dog.pinger("worker");
/// (0..1_000).for_each(|_| worker.ping());
/// let stats = dog.stats();
/// assert_eq!((stats.watched, stats.pings, stats.timeouts), (1, 1_000, 0));
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The watchdog's name.
    pub name: Name,
    /// Whether it watches.
    pub is_running: bool,
    /// Whether the silence of somebody was told, and lasts.
    pub is_triggered: bool,
    /// How many are watched.
    pub watched: usize,
    /// Pings of pingers, and those of the watchdog itself if it is [`counted`](crate::Builder::counted).
    pub pings: u64,
    /// Silences that were told.
    pub timeouts: u64,
    /// The same, each as often as it was told.
    pub alarms: u64,
    /// How long ago the last sign of life of anybody was, in this run: known to one tick.
    pub last_ping: Option<Duration>,
    /// The longest silence of those who are watched.
    pub silent_for: Duration,
    /// When this run began, since 1970-01-01 UTC; zero before the first.
    pub started: Duration,
    /// How long ago this run began.
    pub uptime: Duration,
    /// How often the monitor has looked.
    pub looks: u64,
    /// How often it came to that a tick or more too late: so often the machine or the process was asleep.
    pub overslept: u64,
    /// How long the reader of the state file has been at work, if it is.
    pub reading_for: Option<Duration>,
    /// Calls of the reader that panicked.
    pub reader_panics: u64,
    /// Calls of callbacks and listeners that panicked.
    pub callback_panics: u64,
    /// Events that were dropped because callbacks and listeners were too slow.
    pub events_lost: u64,
}

impl Stats {
    pub(crate) fn of<C: Clock>(shared: &Shared<C>) -> Self {
        let state = shared.state();
        let now = shared.clock.now();
        let Tally { stalls, alarms, overslept } = state.vigil.tally();
        Self {
            name: shared.name,
            is_running: state.is_running,
            is_triggered: state.is_triggered(now),
            watched: state.list(now).len(),
            pings: state.pings(),
            timeouts: stalls,
            alarms,
            last_ping: state.last_ping(now).map(|at| now.saturating_duration_since(at)),
            silent_for: state.longest_silence(now),
            started: state.started_unix,
            uptime: now.saturating_duration_since(state.started),
            looks: state.looks,
            overslept,
            reading_for: state.reading_since.map(|since| now.saturating_duration_since(since)),
            reader_panics: state.reader_panics,
            callback_panics: shared.bark.callback_panics(),
            events_lost: shared.bark.events_lost(),
        }
    }
}

/// One who is watched; what [`Watchdog::watched`](crate::Watchdog::watched) lists.
///
/// ```
/// use resil_watchdog::Watchdog;
/// use std::time::Duration;
///
/// let dog = Watchdog::new(Duration::from_secs(30)).start()?;
/// let worker = dog.pinger("worker");
/// worker.ping_with("row 7");
/// let watched = &dog.watched()[0];
/// assert_eq!((watched.who.as_deref(), watched.pings), (Some("worker"), 1));
/// assert_eq!(watched.note.as_deref(), Some("row 7"));
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Watched {
    /// Its name; `None` is whoever pings the watchdog itself, or the state file.
    pub who: Option<Cow<'static, str>>,
    /// How often it has pinged, where that is counted.
    pub pings: u64,
    /// How long it has been silent: known to one tick.
    pub silent_for: Duration,
    /// Whether its silence was told, and lasts.
    pub is_triggered: bool,
    /// Whether it [rests](crate::Pinger::rest).
    pub is_resting: bool,
    /// What came with its last [`ping_with`](crate::Pinger::ping_with).
    pub note: Option<Cow<'static, str>>,
}
