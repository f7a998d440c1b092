use std::borrow::Cow;
use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Duration;

use resil_core::background::Bell;
use resil_core::{Moment, Name};

use crate::post::Cord;
use crate::source::Source;
use crate::vigil::{Id, Step, Vigil};
use crate::ward::{Sign, Terms, Ward};
use crate::{Reading, Silence, Watched};

/// What the handle and the monitor share, under one lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) vigil: Vigil,
    sources: BTreeMap<Id, Source>,
    pub(crate) is_running: bool,
    /// The number of the present run: the monitor of another one has nothing to say.
    pub(crate) run: u64,
    /// Calls the monitor of the present run.
    pub(crate) bell: Bell,
    pub(crate) started: Moment,
    pub(crate) started_unix: Duration,
    pub(crate) looks: u64,
    /// Whether somebody has looked in this run.
    has_looked: bool,
    /// Since when a reader is at work.
    pub(crate) reading_since: Option<Moment>,
    pub(crate) reader_panics: u64,
    /// The pings of those who are no longer watched.
    pings_of_gone: u64,
}

/// What there is to do after a look, once the lock is released.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) recovered: Vec<(Option<Cow<'static, str>>, Duration)>,
    pub(crate) alarms: Vec<Silence>,
    /// Of futures that are to be cut off.
    pub(crate) wakers: Vec<Waker>,
    /// Those who are gone, to be dropped: they may own foreign things.
    pub(crate) gone: Vec<Source>,
}

impl State {
    pub(crate) fn new(terms: Terms, own: Source, now: Moment) -> Self {
        Self {
            vigil: Vigil::new(terms, now),
            sources: BTreeMap::from([(Id::OWN, own)]),
            is_running: false,
            run: 0,
            bell: Bell::new(),
            started: now,
            started_unix: Duration::ZERO,
            looks: 0,
            has_looked: false,
            reading_since: None,
            reader_panics: 0,
            pings_of_gone: 0,
        }
    }

    /// Begins a run. What was pinged before does not count in it.
    pub(crate) fn begin(&mut self, now: Moment, unix: Duration) {
        self.is_running = true;
        self.run += 1;
        self.bell = Bell::new();
        self.started = now;
        self.started_unix = unix;
        self.reading_since = None;
        self.has_looked = false;
        self.pass_over(now);
        self.vigil.start(now);
    }

    /// Forgets all silences.
    pub(crate) fn reset(&mut self, now: Moment) {
        self.pass_over(now);
        self.vigil.reset(now);
    }

    /// Takes the signs that are there for seen.
    fn pass_over(&mut self, now: Moment) {
        for source in self.sources.values_mut() {
            source.look(None, now);
        }
    }

    pub(crate) fn enlist(&mut self, source: Source, now: Moment) -> Id {
        let id = self.vigil.enlist(now);
        self.sources.insert(id, source);
        id
    }

    /// The source is foreign in part: to be dropped outside the lock.
    pub(crate) fn dismiss(&mut self, id: Id) -> Option<Source> {
        self.vigil.dismiss(id);
        let source = self.sources.remove(&id)?;
        self.pings_of_gone += source.pings();
        Some(source)
    }

    /// Whether a state file is to be looked at in a look that has begun: in the first, and then at ticks.
    pub(crate) fn is_time_to_read(&self, now: Moment) -> bool {
        !self.has_looked || self.vigil.is_tick(now)
    }

    /// Looks at everybody; what is to be done, and when to look again.
    pub(crate) fn look(&mut self, name: Name, reading: Option<&Reading>, now: Moment) -> (Found, Moment) {
        let mut found = Found::default();
        self.looks += 1;
        self.has_looked = true;
        for (id, source) in &mut self.sources {
            let sign = source.look(reading, now);
            if let Some(lasted) = self.vigil.hear(*id, sign, now) {
                found.recovered.push((source.who.clone(), lasted));
            }
        }
        loop {
            let (id, alarm) = match self.vigil.step(now) {
                Step::Tell(id, alarm) => (id, alarm),
                Step::Wait(at) => return (found, at),
            };
            let Some(source) = self.sources.get(&id) else { continue };
            if source.is_gone() {
                found.gone.extend(self.dismiss(id));
                continue;
            }
            found.alarms.push(source.silence(name, alarm));
            let cord = source.post().and_then(|post| post.cord());
            found.wakers.extend(cord.and_then(|cord: &Cord| cord.cut(alarm.lasted)));
        }
    }

    /// Those whose silence counts.
    fn watched(&self) -> impl Iterator<Item = (Id, &Source)> {
        self.sources.iter().map(|(id, source)| (*id, source)).filter(|(id, _)| self.vigil.ward(*id).is_some())
    }

    /// How long somebody has been silent, with what the next look will see.
    pub(crate) fn silence(&self, id: Id, now: Moment) -> Duration {
        match self.sources.get(&id).map(|source| source.peek(now)) {
            Some(Sign::Ping(at)) => now.saturating_duration_since(at),
            Some(Sign::Rest) | None => Duration::ZERO,
            Some(Sign::Silent | Sign::Bad) => self.vigil.silence(id, now),
        }
    }

    /// The longest silence of all.
    pub(crate) fn longest_silence(&self, now: Moment) -> Duration {
        self.watched().map(|(id, _)| self.silence(id, now)).max().unwrap_or_default()
    }

    /// How long somebody has been silent, if that is too long.
    pub(crate) fn starving(&self, id: Id, now: Moment) -> Option<Duration> {
        let gives_none = matches!(self.sources.get(&id)?.peek(now), Sign::Silent | Sign::Bad);
        let is_starving = self.is_running && gives_none && self.vigil.is_starving(id, now);
        is_starving.then(|| self.vigil.silence(id, now))
    }

    /// The longest silence that is too long.
    pub(crate) fn worst(&self, now: Moment) -> Option<Duration> {
        self.watched().filter_map(|(id, _)| self.starving(id, now)).max()
    }

    /// Whether a silence was told, and lasts.
    fn is_told(&self, id: Id, source: &Source, now: Moment) -> bool {
        let is_told = self.vigil.ward(id).is_some_and(Ward::is_told);
        is_told && matches!(source.peek(now), Sign::Silent | Sign::Bad)
    }

    /// Whether any silence was told, and lasts.
    pub(crate) fn is_triggered(&self, now: Moment) -> bool {
        self.watched().any(|(id, source)| self.is_told(id, source, now))
    }

    /// When the last sign of life of anybody was given, as far as is known.
    pub(crate) fn last_ping(&self, now: Moment) -> Option<Moment> {
        let pinged = |source: &Source| match source.peek(now) {
            Sign::Ping(at) => Some(at),
            Sign::Silent | Sign::Rest | Sign::Bad => None,
        };
        self.sources.values().filter_map(pinged).chain(self.vigil.last_ping()).max()
    }

    pub(crate) fn pings(&self) -> u64 {
        self.pings_of_gone + self.sources.values().map(Source::pings).sum::<u64>()
    }

    /// All who are watched.
    pub(crate) fn list(&self, now: Moment) -> Vec<Watched> {
        let watched = |(id, source): (Id, &Source)| Watched {
            who: source.who.clone(),
            pings: source.pings(),
            silent_for: self.silence(id, now),
            is_triggered: self.is_told(id, source, now),
            is_resting: source.peek(now) == Sign::Rest,
            note: source.note(),
        };
        self.watched().map(watched).collect()
    }
}

#[cfg(test)]
mod tests;
