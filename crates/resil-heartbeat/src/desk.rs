//! What a heartbeat keeps between two beats.

use std::sync::Arc;

use resil_core::{Moment, Name};

use crate::alarm::{Alarm, Edge};
use crate::schedule::{Schedule, Word};
use crate::sink::Told;
use crate::{Event, HeartbeatError, Metadata, State, Status};

/// Why a beat is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is the first, in `start`.
    First,
    /// Its tick has come, so many ticks late.
    Scheduled { skipped: u64 },
    /// There is something new to say.
    News,
    /// Somebody asked for it.
    Asked,
    /// It is the last.
    Last,
}

/// The state behind the lock of a heartbeat.
pub(crate) struct Desk {
    pub(crate) schedule: Schedule,
    alarm: Alarm,
    pub(crate) metadata: Metadata,
    /// The last beat that was told, whether or not it reached everybody.
    pub(crate) last: Option<Arc<State>>,
    /// Whether the last beat of all was told, or is being told.
    pub(crate) has_said_last: bool,
    pub(crate) sequence: u64,
    pub(crate) tally: Tally,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Beats that reached everybody, and when the last of them did.
    pub(crate) beats: u64,
    pub(crate) last_beat: Option<Moment>,
    /// Beats that did not, and those of them since one that did.
    pub(crate) missed: u64,
    pub(crate) in_a_row: u64,
    pub(crate) target_deaths: u64,
    /// Panics of sinks and of the target.
    pub(crate) panics: u64,
}

impl Desk {
    pub(crate) fn new(schedule: Schedule, alarm: Alarm, metadata: Metadata) -> Self {
        let tally = Tally::default();
        Self { schedule, alarm, metadata, last: None, has_said_last: false, sequence: 0, tally }
    }

    /// Takes note of a beat that was told; what listeners are to hear of it.
    ///
    /// The events hold errors of the program's own, and are for that reason not dropped, and so not queued, under this lock.
    pub(crate) fn record(&mut self, beat: &Beat, told: &Told, now: Moment, name: Name) -> Vec<Event> {
        let Beat { why, word, state } = beat;
        self.last = Some(Arc::clone(state));
        self.tally.panics += told.panics;
        if told.errors.is_empty() {
            self.tally.beats += 1;
            self.tally.last_beat = Some(now);
            self.tally.in_a_row = 0;
        } else {
            self.tally.missed += 1;
            self.tally.in_a_row += 1;
        }
        let mut events = Vec::new();
        if let Why::Scheduled { skipped: ticks @ 1.. } = *why {
            events.push(Event::Skipped { name, ticks });
        }
        match (word.before, word.status) {
            (Some(from), to) if from == to => {}
            (Some(_), Status::Stopped) => events.push(Event::Stopped { name }),
            (Some(from), to) => {
                events.push(Event::StatusChanged { name, from, to, stalled: state.stalled() });
            }
            (None, _) => {}
        }
        let is_scheduled = matches!(why, Why::First | Why::Scheduled { .. });
        if is_scheduled && told.errors.is_empty() {
            events.push(Event::Beat { name, state: Arc::clone(state) });
        }
        // Whoever asked for the beat is told of its errors in another way.
        if *why != Why::Asked {
            let in_a_row = self.tally.in_a_row;
            let missed = |error: &HeartbeatError| Event::MissedBeat { name, error: error.clone(), in_a_row };
            events.extend(told.errors.iter().map(missed));
        }
        events
    }

    /// Takes note of whether the target was dead, or that it panicked; what listeners are to hear of it.
    pub(crate) fn hear(&mut self, is_dead: Option<bool>, now: Moment, name: Name) -> Option<Event> {
        let Some(is_dead) = is_dead else {
            self.tally.panics += 1;
            return None;
        };
        Some(match self.alarm.hear(now, is_dead)? {
            Edge::Died { times, since } => {
                self.tally.target_deaths += u64::from(times == 1);
                Event::TargetDead { name, times, since }
            }
            Edge::Revived { after } => Event::TargetRevived { name, after },
        })
    }
}

/// A beat that is about to be told.
pub(crate) struct Beat {
    pub(crate) why: Why,
    pub(crate) word: Word,
    pub(crate) state: Arc<State>,
}
