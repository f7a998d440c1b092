//! From a description to beats.

use std::sync::{Arc, Weak};

use resil_core::background::{self, Bell, Herald, Rounds};
use resil_core::sync::Mutex;
use resil_core::sync::atomic::AtomicBool;
use resil_core::{Clock, Timer};

use super::Builder;
use crate::alarm::Alarm;
use crate::beating::{self, Round};
use crate::board::Board;
use crate::desk::{Desk, Why};
use crate::file::BeatFile;
use crate::identity::Identity;
use crate::schedule::Schedule;
use crate::shared::{Beats, Shared};
use crate::sink::Sink;
#[cfg(feature = "systemd")]
use crate::systemd::Systemd;
use crate::writer::Writer;
use crate::{Beating, Heartbeat, HeartbeatError};

impl<C: Clock + Clone + 'static> Builder<C> {
    /// Tells the first beat, and beats on a thread of its own from then on.
    ///
    /// An error if a setting is out of its range, if a sink does not take the first beat, as with a file that cannot be written, if
    /// there is no runtime for async callbacks, if the system has no thread to give, or if somebody stopped it before it began.
    ///
    /// Nothing can be started twice:
    ///
    /// ```compile_fail,E0382
    /// let builder = resil_heartbeat::Heartbeat::builder();
    /// let first = builder.start();
    /// let second = builder.start();
    /// ```
    pub fn start(self) -> Result<Heartbeat<C>, HeartbeatError> {
        let (heartbeat, rounds) = self.begin()?;
        match background::spawn("resil-heartbeat", move || rounds.run()) {
            Ok(()) => Ok(heartbeat),
            // The handle is dropped, which takes back what the first beat has said.
            Err(error) => Err(HeartbeatError::Thread(Arc::new(error))),
        }
    }

    /// Tells the first beat, and gives the rest as a future that beats while it is polled: on any runtime, whose sleep `timer` is.
    ///
    /// The same errors as of [`start`](Self::start), but for that of the thread.
    pub fn start_task<T: Timer>(self, timer: T) -> Result<(Heartbeat<C>, Beating<T, C>), HeartbeatError> {
        let (heartbeat, rounds) = self.begin()?;
        Ok((heartbeat, Beating::new(rounds, timer)))
    }

    /// Tells the first beat, and beats as a task of tokio: of the runtime that was [given](Self::runtime), or that this code runs in.
    ///
    /// The same errors as of [`start`](Self::start), but for that of the thread; and if there is no runtime.
    ///
    /// # Panics
    /// If the runtime has its timer not enabled.
    #[cfg(feature = "tokio")]
    pub fn spawn(mut self) -> Result<Heartbeat<C>, HeartbeatError> {
        self.listeners.find_runtime();
        let runtime = self.listeners.runtime.clone();
        if !runtime.is_there() {
            return Err(HeartbeatError::NoRuntime);
        }
        let _entered = runtime.enter();
        let timer = resil_core::TokioTimer::on(self.clock.clone());
        // Here, and not later in a task whose panic nobody hears.
        drop(timer.sleep_until(self.clock.now()));
        let (heartbeat, beating) = self.start_task(timer)?;
        drop(tokio::spawn(beating));
        Ok(heartbeat)
    }

    /// The first beat.
    fn begin(mut self) -> Result<(Heartbeat<C>, Rounds<Round, C>), HeartbeatError> {
        if let Some(flaw) = self.flaw.take() {
            return Err(flaw);
        }
        self.config.check()?;
        self.listeners.find_runtime();
        #[cfg(feature = "tokio")]
        if self.listeners.lack_a_runtime() {
            return Err(HeartbeatError::NoRuntime);
        }
        let identity = Identity::new(&self.clock);
        let sinks = self.sinks(&identity)?;
        let (bell, herald) = (Bell::new(), Herald::new("resil-heartbeat tell"));
        self.listeners.attend(&herald);
        let began = self.clock.now();
        let schedule = Schedule::new(self.config.interval, self.config.ready_later, began);
        let desk = Desk::new(schedule, Alarm::new(self.config.target_repeat), self.metadata);
        let shared = Arc::new(Shared {
            name: self.name,
            config: self.config,
            clock: self.clock,
            file: self.file,
            identity,
            began,
            board: Board::new(bell.clone()),
            bell,
            herald,
            target: self.target,
            writer: Writer::new(sinks),
            desk: Mutex::new(desk),
            has_loop: AtomicBool::new(false),
        });
        let weak: Weak<dyn Beats> = Arc::downgrade(&(Arc::clone(&shared) as Arc<dyn Beats>));
        self.stopper.tie(weak)?;
        if let Err(error) = shared.beat(Why::First) {
            // The file is the first to be told. Whoever was told of the beginning is told of the end.
            if !matches!(error, HeartbeatError::File { .. }) {
                let _ = shared.stop();
            }
            return Err(error);
        }
        let rounds = beating::rounds(&shared);
        Ok((Heartbeat::new(shared, self.stopper), rounds))
    }

    /// All who are told of beats: the file first, as it is what others look at, and systemd last, as nothing may go wrong after it
    /// was told that the service is ready.
    fn sinks(&mut self, identity: &Identity) -> Result<Vec<Sink>, HeartbeatError> {
        let mut sinks = Vec::new();
        if let Some(path) = &self.file {
            let file = BeatFile::new(path, self.config.fsync, identity, &self.clock);
            let file =
                file.map_err(|error| HeartbeatError::File { path: path.clone(), error: Arc::new(error) })?;
            sinks.push(Sink::File(path.clone(), file));
        }
        sinks.extend(std::mem::take(&mut self.sinks).into_iter().map(Sink::Callback));
        #[cfg(feature = "systemd")]
        if self.tells_systemd {
            sinks.push(Sink::Systemd(Systemd::new(self.config)?));
        }
        Ok(sinks)
    }
}
