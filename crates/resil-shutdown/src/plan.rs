use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use resil_core::{Moment, Name};

use crate::report::Facts;
use crate::{CallbackReport, Cause, Config, Drain, Outcome, Phase};

/// The plan of an end: which callbacks run, in which order, and until when. Pure: it is told the time and what happened, and
/// answers what is to be done. `J` is what a callback is to its owner.
#[derive(Debug)]
pub(crate) struct Plan<J> {
    config: Config,
    phase: Phase,
    begun: Option<Begun>,
    /// Until when the present phase may last.
    until: Moment,
    drain: Drain,
    drain_began: Moment,
    next_line: Moment,
    keys: HashMap<Cow<'static, str>, Key>,
    waiting: BTreeMap<Key, Waiting<J>>,
    running: Vec<Running>,
    ended: Vec<(Key, CallbackReport)>,
    registered: u64,
    done: Moment,
    is_exceeded: bool,
}

/// The order in which callbacks run: by priority, then as they were registered.
pub(crate) type Key = (i32, u64);

/// A callback as its owner described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) name: Cow<'static, str>,
    pub(crate) priority: i32,
    pub(crate) limit: Option<Duration>,
    pub(crate) is_async: bool,
}

#[derive(Clone, Copy, Debug)]
struct Begun {
    at: Moment,
    deadline: Moment,
    cause: Cause,
}

#[derive(Debug)]
struct Waiting<J> {
    spec: Spec,
    job: J,
}

#[derive(Debug)]
struct Running {
    key: Key,
    spec: Spec,
    since: Moment,
    until: Moment,
}

/// Why a callback was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Duplicate,
    TooLate,
}

/// A callback that begins now.
#[derive(Debug)]
pub(crate) struct Start<J> {
    pub(crate) key: Key,
    pub(crate) job: J,
    /// Whether the next one may begin beside it.
    pub(crate) has_company: bool,
}

/// What is to be done at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// This phase begins.
    Enter(Phase),
    /// This callback has used up its time, and whoever runs it is not waited for any longer.
    GiveUp(Key, CallbackReport),
    /// It is time to tell what is still going on.
    Tell,
    /// Nothing, until something happens or that moment has come.
    Wait(Option<Moment>),
}

impl<J> Plan<J> {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            phase: Phase::Running,
            begun: None,
            until: Moment::MAX,
            drain: Drain::default(),
            drain_began: Moment::ZERO,
            next_line: Moment::MAX,
            keys: HashMap::new(),
            waiting: BTreeMap::new(),
            running: Vec::new(),
            ended: Vec::new(),
            registered: 0,
            done: Moment::ZERO,
            is_exceeded: false,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Why the end began, if it has.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.begun.map(|begun| begun.cause)
    }

    /// The end of the whole budget, once the end has begun.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        self.begun.map(|begun| begun.deadline)
    }

    /// Takes a callback, or gives it back.
    pub(crate) fn register(&mut self, spec: Spec, job: J) -> Result<(), (Refusal, J)> {
        if self.phase != Phase::Running {
            return Err((Refusal::TooLate, job));
        }
        if self.keys.contains_key(&spec.name) {
            return Err((Refusal::Duplicate, job));
        }
        let key = (spec.priority, self.registered);
        self.registered += 1;
        self.keys.insert(spec.name.clone(), key);
        self.waiting.insert(key, Waiting { spec, job });
        Ok(())
    }

    /// Takes back a callback that has not begun, and never will then.
    pub(crate) fn unregister(&mut self, name: &str) -> Option<J> {
        let key = *self.keys.get(name)?;
        if self.phase == Phase::Done {
            return None;
        }
        let waiting = self.waiting.remove(&key)?;
        self.keys.remove(name);
        Some(waiting.job)
    }

    /// The callbacks that have not begun, in the order in which they will.
    pub(crate) fn specs(&self) -> impl Iterator<Item = &Spec> {
        self.waiting.values().map(|waiting| &waiting.spec)
    }

    /// The names of those that run now.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Cow<'static, str>> {
        self.running.iter().map(|running| &running.spec.name)
    }

    /// Whether that callback runs, and has not been given up.
    pub(crate) fn is_running(&self, key: Key) -> bool {
        self.running.iter().any(|running| running.key == key)
    }

    /// Begins the end; `false` if it had begun before.
    pub(crate) fn request(&mut self, now: Moment, cause: Cause) -> bool {
        if self.phase != Phase::Running {
            return false;
        }
        let deadline = now.saturating_add(self.config.timeout);
        self.begun = Some(Begun { at: now, deadline, cause });
        self.phase = Phase::PreDrain;
        self.until = now.saturating_add(self.config.drain_delay);
        self.schedule_line(now);
        true
    }

    /// What is to be done now, one thing at a time, until it is to wait.
    pub(crate) fn step(&mut self, now: Moment, in_flight: usize) -> Step {
        let Some(Begun { deadline, .. }) = self.begun else { return Step::Wait(None) };
        match self.phase {
            Phase::Running | Phase::Done => Step::Wait(None),
            Phase::PreDrain if now >= self.until => self.begin_drain(now, deadline, in_flight),
            Phase::Draining if in_flight == 0 || now >= self.until => {
                self.begin_cleanup(now, deadline, in_flight)
            }
            Phase::PreDrain | Phase::Draining => self.tell_or_wait(now, self.until),
            Phase::CleaningUp => self.clean_up(now, deadline),
        }
    }

    fn begin_drain(&mut self, now: Moment, deadline: Moment, in_flight: usize) -> Step {
        let left = deadline.saturating_duration_since(now);
        let limit = self.config.drain_timeout.unwrap_or(left / 2).min(left);
        self.drain = Drain { in_flight, ..Drain::default() };
        self.drain_began = now;
        self.until = now.saturating_add(limit);
        self.phase = Phase::Draining;
        Step::Enter(self.phase)
    }

    fn begin_cleanup(&mut self, now: Moment, deadline: Moment, in_flight: usize) -> Step {
        self.drain.left = in_flight;
        self.drain.took = now.saturating_duration_since(self.drain_began);
        self.until = deadline;
        self.phase = Phase::CleaningUp;
        Step::Enter(self.phase)
    }

    fn clean_up(&mut self, now: Moment, deadline: Moment) -> Step {
        if let Some(index) = self.running.iter().position(|running| now >= running.until) {
            let (key, report) = self.end(index, Outcome::TimedOut, now);
            return Step::GiveUp(key, report);
        }
        if !self.running.is_empty() || (!self.waiting.is_empty() && now < deadline) {
            return self.tell_or_wait(now, self.next_limit().min(deadline));
        }
        for (key, waiting) in &self.waiting {
            self.ended.push((*key, waiting.spec.report(Outcome::Skipped, Duration::ZERO)));
        }
        self.is_exceeded = now >= deadline;
        self.done = now;
        self.phase = Phase::Done;
        Step::Enter(self.phase)
    }

    fn tell_or_wait(&mut self, now: Moment, until: Moment) -> Step {
        if now >= self.next_line {
            self.schedule_line(now);
            return Step::Tell;
        }
        Step::Wait(Some(until.min(self.next_line)))
    }

    fn schedule_line(&mut self, now: Moment) {
        self.next_line = self.config.progress_every.map_or(Moment::MAX, |period| now.saturating_add(period));
    }

    /// The callback that begins now, if one may.
    pub(crate) fn start(&mut self, now: Moment) -> Option<Start<J>> {
        let deadline = self.begun?.deadline;
        if !self.has_work(now) {
            return None;
        }
        let (key, Waiting { spec, job }) = self.waiting.pop_first()?;
        let until = spec.limit.map_or(deadline, |limit| now.saturating_add(limit).min(deadline));
        self.running.push(Running { key, spec, since: now, until });
        Some(Start { key, job, has_company: self.may_start(now, deadline) })
    }

    /// Whether a callback may begin now.
    pub(crate) fn has_work(&self, now: Moment) -> bool {
        self.deadline().is_some_and(|deadline| self.may_start(now, deadline))
    }

    fn may_start(&self, now: Moment, deadline: Moment) -> bool {
        let Some((next, _)) = self.waiting.first_key_value() else { return false };
        let is_its_turn = match self.running.first() {
            None => true,
            Some(running) => self.config.same_priority_at_once && running.key.0 == next.0,
        };
        self.phase == Phase::CleaningUp && now < deadline && is_its_turn
    }

    /// Takes note of how a callback ended; `None` if it had been given up.
    pub(crate) fn finish(&mut self, key: Key, outcome: Outcome, now: Moment) -> Option<CallbackReport> {
        let index = self.running.iter().position(|running| running.key == key)?;
        Some(self.end(index, outcome, now).1)
    }

    fn end(&mut self, index: usize, outcome: Outcome, now: Moment) -> (Key, CallbackReport) {
        let Running { key, spec, since, .. } = self.running.remove(index);
        let report = spec.report(outcome, now.saturating_duration_since(since));
        self.ended.push((key, report.clone()));
        (key, report)
    }

    /// When the first of those that run has used up its time.
    pub(crate) fn next_limit(&self) -> Moment {
        self.running.iter().map(|running| running.until).min().unwrap_or(Moment::MAX)
    }

    /// Whether all callbacks have ended or been given up.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }

    /// The callbacks that were skipped, once all is done.
    pub(crate) fn take_skipped(&mut self) -> Vec<J> {
        match self.phase {
            Phase::Done => {
                std::mem::take(&mut self.waiting).into_values().map(|waiting| waiting.job).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What became of it all; `None` before all is done.
    pub(crate) fn facts(&self, name: Name, main: Option<Outcome>) -> Option<Facts> {
        let Begun { at, cause, .. } = self.begun.filter(|_| self.phase == Phase::Done)?;
        let mut ended = self.ended.clone();
        ended.sort_by_key(|(key, _)| *key);
        Some(Facts {
            name,
            cause,
            main,
            drain: self.drain,
            callbacks: ended.into_iter().map(|(_, report)| report).collect(),
            took: self.done.saturating_duration_since(at),
            budget: self.config.timeout,
            is_exceeded: self.is_exceeded,
            force_exit_code: self.config.force_exit_code,
        })
    }
}

impl Spec {
    fn report(&self, outcome: Outcome, took: Duration) -> CallbackReport {
        CallbackReport { name: self.name.clone(), priority: self.priority, outcome, took }
    }
}

#[cfg(test)]
mod tests;
