use std::collections::BTreeMap;
use std::time::Duration;

use resil_core::Moment;

use crate::ward::{Alarm, Sign, Terms, Ward};

/// Who is watched, whose silence has lasted too long, and when to look again. Pure: it is told the time and what was seen, and answers
/// what is to be told.
///
/// A look is [`wake`](Self::wake), [`hear`](Self::hear) for each ward, and [`step`](Self::step) until it is to wait.
#[derive(Debug)]
pub(crate) struct Vigil {
    terms: Terms,
    wards: BTreeMap<Id, Ward>,
    newest: Id,
    /// Whether there has ever been another ward than the watchdog's own.
    has_company: bool,
    /// The next tick.
    tick_at: Moment,
    /// When the next look is to be.
    due: Moment,
    /// Nothing is told before that.
    hold: Moment,
    /// How much too late the last look came, if that was a tick or more.
    asleep: Option<Duration>,
    last_ping: Option<Moment>,
    tally: Tally,
}

/// Names a ward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(u64);

impl Id {
    /// The watchdog's own ward: who pings it, and no pinger.
    pub(crate) const OWN: Self = Self(0);
}

/// How often things have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Silences that were told.
    pub(crate) stalls: u64,
    /// The same, each as often as it was told.
    pub(crate) alarms: u64,
    /// Looks that came much too late.
    pub(crate) overslept: u64,
}

/// What is to be done at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The silence of that ward is to be told.
    Tell(Id, Alarm),
    /// Nothing, until that moment.
    Wait(Moment),
}

impl Vigil {
    pub(crate) fn new(terms: Terms, now: Moment) -> Self {
        let mut vigil = Self {
            terms,
            wards: BTreeMap::from([(Id::OWN, Ward::new(now))]),
            newest: Id::OWN,
            has_company: false,
            tick_at: now,
            due: now,
            hold: Moment::ZERO,
            asleep: None,
            last_ping: None,
            tally: Tally::default(),
        };
        vigil.start(now);
        vigil
    }

    /// Begins a new run, in which all wards have just begun.
    pub(crate) fn start(&mut self, now: Moment) {
        for ward in self.wards.values_mut() {
            *ward = Ward::new(now);
        }
        self.has_company = self.wards.len() > 1;
        self.tick_at = now.saturating_add(self.terms.tick);
        self.due = self.tick_at;
        self.hold = Moment::ZERO;
        self.asleep = None;
        self.last_ping = None;
    }

    /// Takes another ward, whose silence begins now.
    pub(crate) fn enlist(&mut self, now: Moment) -> Id {
        self.newest = Id(self.newest.0 + 1);
        self.wards.insert(self.newest, Ward::new(now));
        self.has_company = true;
        self.newest
    }

    /// Lets a ward go.
    pub(crate) fn dismiss(&mut self, id: Id) {
        self.wards.remove(&id);
    }

    /// Begins a look. If it comes a tick or more too late, whoever looks was asleep, with the whole machine or process: how long it
    /// was, which is taken off all silences.
    ///
    /// Part of a sleep may lie before the moment of the look, and then counts as silence: hence nothing is told before a tick later,
    /// except where the look before was too late as well, as a machine that is always late must not keep a watchdog from barking.
    pub(crate) fn wake(&mut self, now: Moment) -> Option<Duration> {
        let late = self.asleep_at(now);
        let asleep = late.unwrap_or_default();
        for ward in self.wards.values_mut() {
            ward.wake(now, asleep, &self.terms);
        }
        let next_tick = now.saturating_add(self.terms.tick);
        if late.is_some() {
            self.tally.overslept += 1;
            if self.asleep.is_none() {
                self.hold = next_tick;
            }
        }
        self.asleep = late;
        // Where the clock has run backwards.
        self.hold = self.hold.min(next_tick);
        self.tick_at = self.tick_at.min(next_tick);
        late
    }

    /// How long the next look is overdue, if that is a tick or more.
    fn asleep_at(&self, now: Moment) -> Option<Duration> {
        Some(now.saturating_duration_since(self.due)).filter(|late| *late >= self.terms.tick)
    }

    /// Takes note of what was seen of a ward; how long its silence was, if that was told and is over.
    pub(crate) fn hear(&mut self, id: Id, sign: Sign, now: Moment) -> Option<Duration> {
        let sign = if let Sign::Ping(at) = sign {
            self.last_ping = self.last_ping.max(Some(at));
            // It may have been given before the sleep that this look came out of.
            Sign::Ping(at.saturating_add(self.asleep.unwrap_or_default()).min(now))
        } else {
            sign
        };
        self.wards.get_mut(&id)?.hear(sign, now)
    }

    /// What is to be done now, one thing at a time, until it is to wait.
    pub(crate) fn step(&mut self, now: Moment) -> Step {
        let due = self.watched().map(|(id, _)| id).find(|id| self.is_over(*id, now));
        if let Some((id, ward)) = due.and_then(|id| Some((id, self.wards.get_mut(&id)?))) {
            let alarm = ward.tell(now, &self.terms);
            self.tally.stalls += u64::from(alarm.times == 1);
            self.tally.alarms += 1;
            return Step::Tell(id, alarm);
        }
        self.schedule(now);
        Step::Wait(self.due)
    }

    /// When the silence of a ward is to be told.
    fn end(&self, id: Id, ward: &Ward) -> Moment {
        ward.due(&self.terms, self.is_judged(id)).max(self.hold)
    }

    /// Whether the silence of a ward has lasted too long. The last of all moments stands for never.
    fn is_over(&self, id: Id, now: Moment) -> bool {
        self.ward(id).map(|ward| self.end(id, ward)).is_some_and(|end| now >= end && end < Moment::MAX)
    }

    /// Whether somebody else says what becomes of a ward.
    fn is_judged(&self, id: Id) -> bool {
        self.terms.judged && id == Id::OWN
    }

    /// Ticks lie on a fixed grid; those that were missed are skipped.
    fn schedule(&mut self, now: Moment) {
        let tick = u64::try_from(self.terms.tick.as_nanos()).unwrap_or(u64::MAX).max(1);
        if let Some(behind) = now.as_nanos().checked_sub(self.tick_at.as_nanos()) {
            let skip = (behind / tick + 1).saturating_mul(tick);
            self.tick_at = Moment::from_nanos(self.tick_at.as_nanos().saturating_add(skip));
        }
        let others = self.watched().filter(|(id, _)| !self.is_judged(*id));
        self.due = others.map(|(id, ward)| self.end(id, ward)).fold(self.tick_at, Moment::min);
    }

    fn watched(&self) -> impl Iterator<Item = (Id, &Ward)> {
        self.wards.keys().filter_map(|id| Some((*id, self.ward(*id)?)))
    }

    /// Whether it is time for a tick, in a look that has begun: one who is judged is judged then.
    pub(crate) fn is_tick(&self, now: Moment) -> bool {
        now >= self.tick_at
    }

    /// Forgets all silences, and what was told of them.
    pub(crate) fn reset(&mut self, now: Moment) {
        for ward in self.wards.values_mut() {
            ward.reset(now);
        }
    }

    /// The ward, if its silence counts.
    ///
    /// The watchdog's own ward is watched from its first ping on, and before that as long as nobody else is there to be watched; where
    /// somebody judges it, always.
    pub(crate) fn ward(&self, id: Id) -> Option<&Ward> {
        let counts =
            |ward: &&Ward| id != Id::OWN || ward.has_pinged() || !self.has_company || self.terms.judged;
        self.wards.get(&id).filter(counts)
    }

    /// How long a ward has been silent; the time in which nobody looked does not count.
    pub(crate) fn silence(&self, id: Id, now: Moment) -> Duration {
        self.ward(id).map_or(Duration::ZERO, |ward| ward.silence(self.awake(now)))
    }

    /// Whether the silence of a ward has lasted too long. While nobody looks, who is not told yet has not.
    pub(crate) fn is_starving(&self, id: Id, now: Moment) -> bool {
        let is_over = self.asleep_at(now).is_none() && self.is_over(id, now);
        is_over || self.ward(id).is_some_and(Ward::is_told)
    }

    /// The time as it was before whoever looks fell asleep.
    fn awake(&self, now: Moment) -> Moment {
        if self.asleep_at(now).is_some() { self.due } else { now }
    }

    /// When the last sign of life of anybody was seen.
    pub(crate) fn last_ping(&self) -> Option<Moment> {
        self.last_ping
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }
}

#[cfg(test)]
mod tests;
