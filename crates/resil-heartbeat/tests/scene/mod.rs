//! A heartbeat on a clock that is moved by hand, and somebody who writes down its beats.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use resil_heartbeat::background::Parker;
use resil_heartbeat::{Builder, Heartbeat, HeartbeatError, ManualClock, MonotonicClock, State, Status};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// How long to wait for what has to come.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The two ways in which beats come by themselves; all tests hold for both.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Thread,
    Task,
}

pub(crate) const FORMS: [Form; 2] = [Form::Thread, Form::Task];

/// A heartbeat, its clock, and what its sink was told.
pub(crate) struct Scene {
    pub(crate) clock: ManualClock,
    pub(crate) heartbeat: Heartbeat<ManualClock>,
    pub(crate) beats: Receiver<State>,
}

impl Scene {
    /// Starts what `describe` describes, with an interval of 10 s unless it says so.
    pub(crate) fn set(form: Form, describe: impl FnOnce(Builder) -> Builder) -> Self {
        Self::try_set(form, describe).unwrap()
    }

    pub(crate) fn try_set(
        form: Form,
        describe: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self, HeartbeatError> {
        let clock = ManualClock::new();
        let (write, beats) = channel();
        let builder = describe(Heartbeat::builder()).sink(move |state| {
            // Nobody may be there to read it any more.
            let _ = write.send(state.clone());
            Ok(())
        });
        let builder = builder.clock(clock.clone());
        let heartbeat = match form {
            Form::Thread => builder.start()?,
            Form::Task => {
                let (heartbeat, beating) = builder.start_task(clock.clone())?;
                thread::spawn(move || Parker::new().finish(beating, &MonotonicClock));
                heartbeat
            }
        };
        Ok(Self { clock, heartbeat, beats })
    }

    /// The next beat, when it has come.
    pub(crate) fn next(&self) -> (u64, Status) {
        let state = self.next_state();
        (state.sequence.unwrap(), state.status.unwrap())
    }

    pub(crate) fn next_state(&self) -> State {
        self.beats.recv_timeout(LIMIT).expect("a beat has to come")
    }

    /// Moves the clock when the loop sleeps on it, so that it cannot miss the moment.
    pub(crate) fn advance(&self, span: Duration) {
        self.until_asleep();
        self.clock.advance(span);
    }

    /// Waits until the loop sleeps.
    pub(crate) fn until_asleep(&self) {
        while self.clock.sleepers_waiting() == 0 {
            thread::yield_now();
        }
    }
}
