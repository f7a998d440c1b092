//! What the handle, its loop and its stoppers share.

use std::path::PathBuf;
use std::sync::Arc;

use resil_core::background::{Bell, Herald, Next};
use resil_core::sync::atomic::{AtomicBool, Ordering};
use resil_core::sync::{Mutex, MutexGuard, lock};
use resil_core::{Clock, Moment, Name, contain, seeded_bug};

use crate::board::Board;
use crate::desk::{Beat, Desk, Why};
use crate::identity::Identity;
use crate::schedule::Due;
use crate::writer::{Turn, Writer};
use crate::{Config, Event, HeartbeatError, Target, Timestamp, linux};

pub(crate) struct Shared<C> {
    pub(crate) name: Name,
    pub(crate) config: Config,
    pub(crate) clock: C,
    pub(crate) file: Option<PathBuf>,
    pub(crate) identity: Identity,
    pub(crate) began: Moment,
    pub(crate) bell: Bell,
    pub(crate) board: Arc<Board>,
    pub(crate) herald: Herald<Event>,
    pub(crate) target: Option<Box<dyn Target>>,
    pub(crate) writer: Writer,
    pub(crate) desk: Mutex<Desk>,
    /// Whether somebody goes its rounds.
    pub(crate) has_loop: AtomicBool,
}

/// How a heartbeat ends, whatever its clock is.
pub(crate) trait Beats: Send + Sync {
    /// It was meant to end.
    fn stop(&self) -> Result<(), HeartbeatError>;
    /// It was not, and nothing is said of it.
    fn abandon(&self);
}

impl<C> Shared<C> {
    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    /// Whether beats come by themselves.
    pub(crate) fn is_running(&self) -> bool {
        self.has_loop.load(Ordering::Relaxed) && !self.desk().schedule.is_over()
    }
}

impl<C: Clock> Shared<C> {
    /// One round of the loop: does what is due, and says when the next one is.
    pub(crate) fn round(&self, now: Moment) -> Next {
        let is_stalled = self.board.look(now);
        let due = self.desk().schedule.due(now, is_stalled);
        // Whom a beat did not reach is in an event.
        match due {
            Due::Over => return Next::Never,
            Due::Beat { skipped } => {
                let _ = self.beat(Why::Scheduled { skipped });
                self.ask_target();
            }
            Due::News => _ = self.beat(Why::News),
            Due::Nothing => {}
        }
        let next_look = self.board.next_look().unwrap_or(Moment::MAX);
        let desk = self.desk();
        if desk.schedule.is_over() { Next::Never } else { Next::At(desk.schedule.next_tick().min(next_look)) }
    }

    /// Tells a beat now.
    pub(crate) fn beat(&self, why: Why) -> Result<(), HeartbeatError> {
        let Some(mut turn) = self.writer.turn() else { return Err(HeartbeatError::WithinABeat) };
        let beat = self.compose(why);
        seeded_bug!("composed_before_the_turn" => {
            drop(turn);
            turn = self.writer.turn().ok_or(HeartbeatError::WithinABeat)?;
        });
        let result = self.tell(&mut turn, beat);
        // A sink may have stopped it.
        let is_stopped = self.desk().schedule.is_stopped();
        if is_stopped && !seeded_bug!("stop_in_a_sink_forgotten") {
            let _ = self.tell_last(&mut turn);
        }
        drop(turn);
        self.herald.call();
        result
    }

    /// Makes a beat of what there is to say; `None` if there is no beat any more.
    fn compose(&self, why: Why) -> Option<Beat> {
        let (is_stalled, progress) = self.board.report(self.clock.now());
        let mut state = self.identity.sign(Timestamp::from_unix(self.clock.unix_time()));
        state.monotonic = linux::since_boot();
        state.interval = Some(self.config.interval);
        state.progress = progress;
        let mut desk = self.desk();
        let word = desk.schedule.speak(is_stalled, why == Why::Last)?;
        desk.sequence += 1;
        state.sequence = Some(desk.sequence);
        state.status = Some(word.status);
        state.metadata = desk.metadata.clone();
        Some(Beat { why, word, state: Arc::new(state) })
    }

    fn tell(&self, turn: &mut Turn<'_>, beat: Option<Beat>) -> Result<(), HeartbeatError> {
        let Some(beat) = beat else { return Err(HeartbeatError::Stopped) };
        // A start that fails has told nobody in vain.
        let told = turn.sinks.tell(&beat.state, beat.why == Why::First);
        let events = self.desk().record(&beat, &told, self.clock.now(), self.name);
        // In the turn, so that listeners hear in the order of the beats.
        for event in events {
            self.herald.observers().enqueue(event);
        }
        told.errors.into_iter().next().map_or(Ok(()), Err)
    }

    /// Tells the last beat, unless that was done. If it fails, it can be tried again.
    fn tell_last(&self, turn: &mut Turn<'_>) -> Result<(), HeartbeatError> {
        if std::mem::replace(&mut self.desk().has_said_last, true) {
            return Ok(());
        }
        let result = self.tell(turn, self.compose(Why::Last));
        self.desk().has_said_last = result.is_ok();
        result
    }

    /// Looks whether the target is dead.
    pub(crate) fn ask_target(&self) {
        let Some(target) = &self.target else { return };
        let is_dead = contain(|| target.is_dead()).ok();
        let mut desk = self.desk();
        // Whoever stops a heartbeat is not told of deaths that this brings.
        let is_over = desk.schedule.is_over();
        let event = if is_over { None } else { desk.hear(is_dead, self.clock.now(), self.name) };
        drop(desk);
        if let Some(event) = event {
            self.herald.tell(event);
        }
    }
}

impl<C: Clock> Beats for Shared<C> {
    fn stop(&self) -> Result<(), HeartbeatError> {
        seeded_bug!("second_stop_leaves_early" => { if self.desk().schedule.is_over() { return Ok(()) } });
        // From here on nobody makes a beat but the last one.
        let may_say_so = self.desk().schedule.stop();
        if !seeded_bug!("stop_does_not_ring") {
            self.bell.ring();
        }
        if !may_say_so {
            return Ok(());
        }
        // A sink that stops the heartbeat is in the middle of a beat: that one's turn ends with the last beat.
        let Some(mut turn) = self.writer.turn() else { return Ok(()) };
        let result = self.tell_last(&mut turn);
        drop(turn);
        self.herald.call();
        result
    }

    fn abandon(&self) {
        self.desk().schedule.abandon();
        self.bell.ring();
    }
}
