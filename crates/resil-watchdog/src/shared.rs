use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use resil_core::background::{self, Next, Rounds};
use resil_core::sync::{Mutex, MutexGuard, lock};
use resil_core::{Clock, Moment, Name, contain, seeded_bug};

use crate::alarm::Bark;
use crate::house::House;
use crate::post::{Cord, Post};
use crate::source::Source;
use crate::state::{Found, State};
use crate::state_file::StateFile;
use crate::vigil::Id;
use crate::{Config, Event, Pinger, Reading, WatchdogError};

/// What the handle, its pingers and the monitor share.
pub(crate) struct Shared<C> {
    pub(crate) name: Name,
    pub(crate) config: Config,
    pub(crate) clock: C,
    pub(crate) file: Option<StateFile>,
    pub(crate) bark: Bark,
    state: Mutex<State>,
}

impl<C> Shared<C> {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl<C: Clock> Shared<C> {
    pub(crate) fn new(
        name: Name,
        config: Config,
        clock: C,
        file: Option<StateFile>,
        bark: Bark,
        own: &Arc<Post>,
    ) -> Self {
        let source = match &file {
            Some(file) => Source::of_file(file.path().to_owned()),
            None => Source::of_pings(None, Arc::clone(own)),
        };
        let state = State::new(config.terms(file.is_some()), source, clock.now());
        Self { name, config, clock, file, bark, state: Mutex::new(state) }
    }

    /// The state, if the present run is that one, or if it may be any.
    fn on_duty(&self, run: Option<u64>) -> Option<MutexGuard<'_, State>> {
        Some(self.state()).filter(|state| state.is_running && run.is_none_or(|run| run == state.run))
    }

    /// Looks at everybody, and tells what there is to tell; when to look again, or nothing if the run is over.
    pub(crate) fn look(&self, run: Option<u64>) -> Option<Moment> {
        let mut state = self.on_duty(run)?;
        let began = self.clock.now();
        let late = state.vigil.wake(began);
        // Somebody else's silence may have ended between two ticks. Who looks by hand wants to see the file.
        let is_time = run.is_none() || state.is_time_to_read(began);
        let reading = if let Some(file) = self.file.as_ref().filter(|_| is_time) {
            state.reading_since = Some(began);
            drop(state);
            let reading = file.read(self.config.timeout);
            state = self.on_duty(run)?;
            state.reading_since = None;
            state.reader_panics += u64::from(reading.is_err());
            Some(reading.unwrap_or_else(|panic| Reading::Bad(format!("the reader panicked: {panic}").into())))
        } else {
            None
        };
        seeded_bug!("looks_after_the_stop" => {
            drop(state);
            state = self.state();
        });
        let (found, next) = state.look(self.name, reading.as_ref(), self.clock.now());
        let Found { recovered, alarms, wakers, gone } = found;
        let name = self.name;
        let has_news = late.is_some() || !recovered.is_empty() || !alarms.is_empty();
        if let Some(late) = late {
            self.bark.enqueue(Event::Overslept { name, late });
        }
        for (who, lasted) in recovered {
            self.bark.enqueue(Event::Recovered { name, who, lasted });
        }
        let sound = self.bark.raise(alarms);
        drop(state);
        // Foreign code: a waker or a drop that panics must not end the monitor.
        for waker in wakers {
            _ = contain(|| waker.wake());
        }
        _ = contain(|| drop(gone));
        if let Some(sound) = sound {
            self.bark.sound(sound);
        }
        if has_news {
            self.bark.call();
        }
        Some(next)
    }
}

impl<C: Clock + Clone + 'static> Shared<C> {
    /// Begins a run with a monitor of its own.
    pub(crate) fn start(self: &Arc<Self>) -> Result<(), WatchdogError> {
        let mut state = self.state();
        if state.is_running {
            return Err(WatchdogError::AlreadyRunning);
        }
        seeded_bug!("started_in_two_steps" => {
            drop(state);
            state = self.state();
        });
        state.begin(self.clock.now(), self.clock.unix_time());
        let (run, bell, shared) = (state.run, state.bell.clone(), Arc::clone(self));
        let monitor = move || {
            let round = |_| shared.look(Some(run)).map_or(Next::Never, Next::At);
            _ = contain(|| Rounds::new(shared.clock.clone(), bell, round).run());
            // After a panic, which only a foreign clock can bring.
            shared.end(Some(run));
        };
        // Under the lock, so that the first that listeners hear is that it has started.
        if let Err(error) = background::spawn("resil-watchdog", monitor) {
            state.is_running = false;
            return Err(WatchdogError::Thread(error));
        }
        self.bark.enqueue(Event::Started { name: self.name, timeout: self.config.timeout });
        drop(state);
        self.bark.call();
        Ok(())
    }

    /// Takes somebody who is watched from now on.
    pub(crate) fn pinger(self: &Arc<Self>, who: Cow<'static, str>, cord: Option<Cord>) -> Pinger {
        let post = Arc::new(Post::single(cord));
        let id = self.enlist(Source::of_pings(Some(who.clone()), Arc::clone(&post)));
        let house: Arc<dyn House> = Arc::clone(self) as _;
        Pinger::new(id, who, post, house)
    }
}

impl<C: Clock> Shared<C> {
    /// Watches somebody from now on.
    pub(crate) fn enlist(&self, source: Source) -> Id {
        let mut state = self.state();
        let id = state.enlist(source, self.clock.now());
        // Ticks of pings come soon enough. Those of a file may be far apart.
        let bell = self.file.as_ref().map(|_| state.bell.clone());
        drop(state);
        if let Some(bell) = bell {
            bell.ring();
        }
        id
    }

    /// Ends the present run, if it is that one, or whichever it is.
    fn end(&self, run: Option<u64>) {
        let Some(mut state) = self.on_duty(run) else { return };
        state.is_running = false;
        let bell = state.bell.clone();
        self.bark.enqueue(Event::Stopped { name: self.name });
        drop(state);
        bell.ring();
        self.bark.call();
    }
}

impl<C: Clock> House for Shared<C> {
    fn name(&self) -> Name {
        self.name
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn starving(&self, id: Id) -> Option<Duration> {
        self.state().starving(id, self.clock.now())
    }

    fn dismiss(&self, id: Id) {
        let source = self.state().dismiss(id);
        drop(source);
    }

    fn stop(&self) {
        self.end(None);
    }
}
