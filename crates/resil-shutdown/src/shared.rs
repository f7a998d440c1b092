use std::sync::Arc;
use std::task::Waker;

use resil_core::background::{self, Parker, Runtime};
use resil_core::sync::{Mutex, MutexGuard, lock};
use resil_core::{Clock, Moment, Name, Observers};

use crate::flight::Flight;
use crate::job::Job;
use crate::last_resort::Ending;
use crate::plan::{Key, Plan, Start, Step};
use crate::{Cause, Config, Event, Outcome, Phase, Report, Token, supervisor, teller};

/// What the handle, the supervisor, the workers and the teller share.
pub(crate) struct Shared<C> {
    pub(crate) name: Name,
    pub(crate) config: Config,
    pub(crate) clock: C,
    /// Triggered when the end is asked for.
    pub(crate) requested: Token,
    /// Triggered when the intake ends.
    pub(crate) stopping: Token,
    /// Triggered when there is a report.
    pub(crate) completed: Token,
    pub(crate) flight: Flight,
    pub(crate) observers: Observers<Event>,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) plan: Plan<Job>,
    /// Wakes the supervisor.
    supervisor: Option<Waker>,
    /// Until when it sleeps, if nobody wakes it.
    asleep_until: Moment,
    /// Wake those who run callbacks.
    workers: Vec<(Key, Waker)>,
    /// How the program itself ended.
    pub(crate) main: Main,
    pub(crate) report: Option<Report>,
    pub(crate) is_installed: bool,
    pub(crate) ending: Ending,
    /// For async callbacks that were registered outside of one.
    pub(crate) runtime: Runtime,
    pub(crate) teller: Option<teller::Desk>,
}

/// What `run` or `run_blocking` runs.
#[derive(Debug)]
pub(crate) enum Main {
    None,
    Running,
    Ended(Outcome),
}

impl<C: Clock + 'static> Shared<C> {
    pub(crate) fn new(name: Name, config: Config, clock: C) -> Self {
        Self {
            name,
            config,
            clock,
            requested: Token::new(),
            stopping: Token::new(),
            completed: Token::new(),
            flight: Flight::new(),
            observers: Observers::new(),
            state: Mutex::new(State {
                plan: Plan::new(config),
                supervisor: None,
                asleep_until: Moment::MAX,
                workers: Vec::new(),
                main: Main::None,
                report: None,
                is_installed: false,
                ending: Ending::Report,
                runtime: Runtime::default(),
                teller: None,
            }),
        }
    }

    /// Begins the end on this thread; `false` if it had begun before.
    pub(crate) fn request(self: &Arc<Self>, cause: Cause) -> bool {
        let mut state = self.state();
        let is_first = state.plan.request(self.clock.now(), cause);
        if is_first {
            self.observers.enqueue(Event::Requested { name: self.name, cause, budget: self.config.timeout });
        }
        drop(state);
        if is_first {
            teller::announce(self);
            self.requested.trigger();
        }
        is_first
    }

    /// Begins the end, and leaves the rest of it to a thread of its own.
    pub(crate) fn begin(self: &Arc<Self>, cause: Cause) {
        if !self.request(cause) {
            return;
        }
        // Without a delay the intake ends here, so that those who wait for that are woken by the thread that began it.
        if self.config.drain_delay.is_zero()
            && let Step::Enter(phase) = self.step()
        {
            supervisor::enter(self, phase);
        }
        let shared = Arc::clone(self);
        if background::spawn("resil-shutdown", move || supervisor::supervise(&shared)).is_err() {
            supervisor::supervise(self);
        }
    }

    /// Lets others wake the supervisor.
    pub(crate) fn enlist(&self, supervisor: &Parker) {
        self.state().supervisor = Some(supervisor.waker());
    }

    /// Whether a callback could begin now.
    pub(crate) fn has_work(&self) -> bool {
        self.state().plan.has_work(self.clock.now())
    }

    /// What the supervisor is to do now.
    pub(crate) fn step(&self) -> Step {
        let mut state = self.state();
        let step = state.plan.step(self.clock.now(), self.flight.count());
        // Under the lock, so that listeners hear in the order of the plan.
        match &step {
            Step::Enter(phase) if *phase != Phase::Done => {
                self.observers.enqueue(Event::Entered { name: self.name, phase: *phase });
            }
            Step::GiveUp(_, callback) => {
                self.observers.enqueue(Event::Ended { name: self.name, callback: callback.clone() });
            }
            _ => {}
        }
        state.asleep_until = match step {
            Step::Wait(until) => until.unwrap_or(Moment::MAX),
            _ => Moment::ZERO,
        };
        if let Step::GiveUp(key, _) = &step {
            let worker = state.take_worker(*key);
            drop(state);
            if let Some(worker) = worker {
                worker.wake();
            }
        }
        step
    }

    /// The callback that this worker is to run next.
    pub(crate) fn start(&self, worker: &Parker) -> Option<Start<Job>> {
        let mut state = self.state();
        let start = state.plan.start(self.clock.now());
        if let Some(start) = &start {
            state.workers.push((start.key, worker.waker()));
        }
        let supervisor = match &start {
            None if state.plan.is_idle() => state.supervisor.clone(),
            Some(_) if state.plan.next_limit() < state.asleep_until => state.supervisor.clone(),
            _ => None,
        };
        let runtime = state.runtime.clone();
        drop(state);
        if let Some(supervisor) = supervisor {
            supervisor.wake();
        }
        start.map(|start| Start { job: start.job.with_runtime(&runtime), ..start })
    }

    /// Takes note of how a callback ended; `false` if it had been given up, and another worker goes on.
    pub(crate) fn finish(self: &Arc<Self>, key: Key, outcome: Outcome) -> bool {
        let mut state = self.state();
        let report = state.plan.finish(key, outcome, self.clock.now());
        let worker = state.take_worker(key);
        let is_in_time = report.is_some();
        if let Some(callback) = report {
            self.observers.enqueue(Event::Ended { name: self.name, callback });
        }
        drop(state);
        drop(worker);
        teller::call(self);
        is_in_time
    }

    /// Whether that callback was given up.
    pub(crate) fn is_given_up(&self, key: Key) -> bool {
        !self.state().plan.is_running(key)
    }

    /// How far it has come.
    pub(crate) fn phase(&self) -> Phase {
        self.state().plan.phase()
    }

    /// One less in flight.
    pub(crate) fn leave(&self) {
        if self.flight.leave() {
            let supervisor = self.state().supervisor.clone();
            if let Some(supervisor) = supervisor {
                supervisor.wake();
            }
        }
    }

    /// Takes note of how the program itself ended, unless it is too late for that.
    pub(crate) fn main_ended(&self, outcome: Outcome) {
        self.state().main = Main::Ended(outcome);
    }
}

impl<C> Shared<C> {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn take_worker(&mut self, key: Key) -> Option<Waker> {
        let index = self.workers.iter().position(|(known, _)| *known == key)?;
        Some(self.workers.swap_remove(index).1)
    }

    /// How the program itself ended; timed out, if it has not.
    pub(crate) fn take_main(&mut self) -> Option<Outcome> {
        match std::mem::replace(&mut self.main, Main::None) {
            Main::None => None,
            Main::Running => Some(Outcome::TimedOut),
            Main::Ended(outcome) => Some(outcome),
        }
    }
}
