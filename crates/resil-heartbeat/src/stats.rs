use resil_core::{Moment, Name};

use crate::Status;
use crate::shared::Shared;

/// The statistics of a [`Heartbeat`](crate::Heartbeat): a copy, taken at one instant.
///
/// ```
/// use resil_heartbeat::Heartbeat;
///
/// let heartbeat = Heartbeat::builder().start()?;
/// heartbeat.beat_now()?;
/// let stats = heartbeat.stats();
/// assert_eq!((stats.beats, stats.missed, stats.skipped), (2, 0, 0));
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// The handle's name.
    pub name: Name,
    /// What the last beat said.
    pub status: Status,
    /// Whether beats come by themselves.
    pub is_running: bool,
    /// Beats that reached everybody, those by hand included.
    pub beats: u64,
    /// Beats that did not.
    pub missed: u64,
    /// Of these, those since the last that reached everybody.
    pub missed_in_a_row: u64,
    /// Beats of the schedule that nobody came to in time, and that were left out.
    pub skipped: u64,
    /// When the heartbeat began, on its own clock.
    pub started: Moment,
    /// When the last beat reached everybody, on its own clock.
    pub last_beat: Option<Moment>,
    /// How often the target has died.
    pub target_deaths: u64,
    /// Workers with a ticket.
    pub workers: usize,
    /// Of these, those that stood still when somebody last looked.
    pub stalled: usize,
    /// Calls of listeners and other callbacks, of sinks and of the target that panicked.
    pub callback_panics: u64,
    /// Events that were dropped because listeners were too slow.
    pub events_lost: u64,
}

impl Stats {
    pub(crate) fn of<C>(shared: &Shared<C>) -> Self {
        let is_running = shared.is_running();
        let (workers, stalled) = shared.board.counts();
        let observers = shared.herald.observers();
        let desk = shared.desk();
        let tally = desk.tally;
        Self {
            name: shared.name,
            status: desk.schedule.told().unwrap_or(Status::Starting),
            is_running,
            beats: tally.beats,
            missed: tally.missed,
            missed_in_a_row: tally.in_a_row,
            skipped: desk.schedule.skipped(),
            started: shared.began,
            last_beat: tally.last_beat,
            target_deaths: tally.target_deaths,
            workers,
            stalled,
            callback_panics: tally.panics + observers.listener_panics(),
            events_lost: observers.events_lost(),
        }
    }
}
