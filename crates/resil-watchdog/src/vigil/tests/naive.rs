//! The vigil as one would write it who has all that has happened before him, and all the time in the world.

use super::*;

/// Time since the origin of the clock.
pub(super) type Time = Duration;

/// All that has happened, in order, and nothing that follows from it.
pub(super) struct Naive {
    pub(super) terms: Terms,
    pub(super) log: Vec<Fact>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fact {
    /// A run began.
    Started(Time),
    Came(Id, Time),
    Went(Id),
    Forgot(Time),
    /// A look that came so much too late.
    Looked(Time, Option<Duration>),
    /// What was seen at that look.
    Showed(Id, Sign),
    /// For the how manieth time.
    Told(Id, Time, u32),
    /// Nothing more was to be done at that look before that moment.
    Waited(Time),
}
use Fact::{Came, Forgot, Looked, Showed, Started, Told, Waited, Went};

pub(super) fn time(at: Moment) -> Time {
    at.saturating_duration_since(Moment::ZERO)
}

impl Naive {
    /// The facts after the last one like that.
    pub(super) fn since(&self, is_like: impl Fn(&Fact) -> bool) -> &[Fact] {
        let last = self.log.iter().rposition(is_like).map_or(0, |at| at + 1);
        &self.log[last..]
    }

    pub(super) fn last(&self, is_like: impl Fn(&Fact) -> bool) -> Option<Fact> {
        self.log.iter().rev().copied().find(is_like)
    }

    pub(super) fn run(&self) -> &[Fact] {
        self.since(|fact| matches!(fact, Started(_)))
    }

    pub(super) fn began(&self) -> Time {
        match self.last(|fact| matches!(fact, Started(_))) {
            Some(Started(at)) => at,
            other => panic!("{other:?}"),
        }
    }

    /// Those who are there, the own ward first.
    pub(super) fn present(&self) -> Vec<Id> {
        let came = self.log.iter().filter_map(|fact| if let Came(id, _) = fact { Some(*id) } else { None });
        std::iter::once(Id::OWN).chain(came).filter(|id| !self.log.contains(&Went(*id))).collect()
    }

    /// Whether anybody but the own ward has been there in this run.
    pub(super) fn has_company(&self) -> bool {
        let in_run = |fact: &Fact| matches!(fact, Came(..) | Went(_));
        self.run().iter().any(in_run) || self.present().len() > 1
    }

    /// What happened to somebody since it began.
    pub(super) fn life(&self, id: Id) -> &[Fact] {
        self.since(|fact| matches!(fact, Started(_)) || matches!(fact, Came(who, _) if *who == id))
    }

    pub(super) fn has_pinged(&self, id: Id) -> bool {
        self.life(id).iter().any(|fact| matches!(fact, Showed(who, Sign::Ping(_)) if *who == id))
    }

    pub(super) fn is_watched(&self, id: Id) -> bool {
        let is_awaited = id != Id::OWN || self.terms.judged || self.has_pinged(id) || !self.has_company();
        is_awaited && self.present().contains(&id)
    }

    /// The sign that counts now.
    pub(super) fn mood(&self, id: Id) -> Sign {
        let begins = |fact: &Fact| {
            matches!(fact, Started(_) | Forgot(_)) || matches!(fact, Came(who, _) if *who == id)
        };
        let signs = self.since(begins).iter().rev();
        let shown = |fact: &Fact| matches!(fact, Showed(who, _) if *who == id);
        match signs.copied().find(shown) {
            Some(Showed(_, sign)) => sign,
            _ => Sign::Silent,
        }
    }

    pub(super) fn breaks_silence(fact: &Fact, id: Id) -> bool {
        match fact {
            Started(_) | Forgot(_) => true,
            Came(who, _) | Showed(who, Sign::Ping(_) | Sign::Rest) => *who == id,
            _ => false,
        }
    }

    /// Since when somebody is silent. Each sleep that was noticed since then has moved that on, also the one that the look came out of
    /// that saw the last ping.
    pub(super) fn silent_since(&self, id: Id) -> Time {
        let breaks = |fact: &Fact| Self::breaks_silence(fact, id);
        let place = self.log.iter().rposition(breaks).expect("it has begun");
        let looks = |facts: &[Fact]| {
            facts.iter().filter(|fact| matches!(fact, Looked(..))).copied().collect::<Vec<_>>()
        };
        let (before, after) = (looks(&self.log[..place]), looks(&self.log[place..]));
        let (begin, sleeps) = match (self.log[place], before.last()) {
            (Started(at) | Forgot(at) | Came(_, at), _) => (at, after),
            (Showed(_, Sign::Ping(at)), Some(look)) => (time(at), [&[*look], &after[..]].concat()),
            (Showed(..), Some(Looked(at, _))) => (*at, after),
            other => panic!("{other:?}"),
        };
        sleeps.into_iter().fold(begin, |since, look| match look {
            Looked(at, Some(late)) => at.min(since + late),
            _ => since,
        })
    }

    /// When somebody's present silence was told.
    pub(super) fn tellings(&self, id: Id) -> Vec<Time> {
        let silence = self.since(|fact| Self::breaks_silence(fact, id)).iter();
        silence
            .filter_map(|fact| if let Told(who, at, _) = fact { (*who == id).then_some(*at) } else { None })
            .collect()
    }

    pub(super) fn is_judged(&self, id: Id) -> bool {
        self.terms.judged && id == Id::OWN
    }

    /// When somebody's silence is to be told, if it is.
    pub(super) fn end(&self, id: Id) -> Option<Time> {
        let limit = match (self.mood(id), self.has_pinged(id)) {
            (Sign::Rest, _) => return None,
            (Sign::Silent | Sign::Ping(_), _) if self.is_judged(id) => return None,
            (_, false) => self.terms.grace,
            (Sign::Bad, true) => Duration::ZERO,
            (Sign::Silent | Sign::Ping(_), true) => self.terms.timeout,
        };
        let end = match self.tellings(id).last() {
            Some(last) => *last + self.terms.repeat?,
            None => self.silent_since(id) + limit,
        };
        Some(end.max(self.hold()))
    }

    /// Nobody is told within a tick of the first of a row of looks that came too late.
    pub(super) fn hold(&self) -> Time {
        let looks: Vec<_> = self.run().iter().filter(|fact| matches!(fact, Looked(..))).collect();
        let was_late = |at: usize| matches!(looks[at], Looked(_, Some(_)));
        let first = (0..looks.len()).rev().find(|at| was_late(*at) && (*at == 0 || !was_late(at - 1)));
        match first.map(|at| looks[at]) {
            Some(Looked(at, _)) => *at + self.terms.tick,
            _ => Duration::ZERO,
        }
    }

    /// Until when the last look was to be waited for.
    pub(super) fn asked(&self) -> Time {
        match self.last(|fact| matches!(fact, Waited(_) | Started(_))) {
            Some(Waited(until)) => until,
            Some(Started(at)) => at + self.terms.tick,
            other => panic!("{other:?}"),
        }
    }

    /// How much too late a look is at that moment.
    pub(super) fn late(&self, now: Time) -> Option<Duration> {
        let late = now.saturating_sub(self.asked());
        (late >= self.terms.tick).then_some(late)
    }

    pub(super) fn awake(&self, now: Time) -> Time {
        if self.late(now).is_some() { self.asked() } else { now }
    }

    pub(super) fn silence(&self, id: Id, now: Time) -> Duration {
        if !self.is_watched(id) || self.mood(id) == Sign::Rest {
            return Duration::ZERO;
        }
        self.awake(now).saturating_sub(self.silent_since(id))
    }

    pub(super) fn is_starving(&self, id: Id, now: Time) -> bool {
        let is_over = || self.late(now).is_none() && self.end(id).is_some_and(|end| now >= end);
        self.is_watched(id) && (!self.tellings(id).is_empty() || is_over())
    }

    pub(super) fn step(&self, now: Time) -> Step {
        let watched: Vec<_> = self.present().into_iter().filter(|id| self.is_watched(*id)).collect();
        let is_due = |id: &Id| self.end(*id).is_some_and(|end| now >= end);
        if let Some(id) = watched.iter().copied().find(is_due) {
            let since = self.silent_since(id);
            let times = u32::try_from(self.tellings(id).len()).unwrap() + 1;
            return Step::Tell(id, Alarm { since: moment(since), lasted: now.saturating_sub(since), times });
        }
        let ticks_gone = now.saturating_sub(self.began()).as_nanos() / self.terms.tick.as_nanos();
        let tick = self.began() + self.terms.tick * (u32::try_from(ticks_gone).unwrap() + 1);
        let ends = watched.iter().filter(|id| !self.is_judged(**id)).filter_map(|id| self.end(*id));
        Step::Wait(moment(ends.chain([tick]).min().unwrap()))
    }

    pub(super) fn last_ping(&self) -> Option<Moment> {
        let ping = |fact: &Fact| if let Showed(_, Sign::Ping(at)) = fact { Some(*at) } else { None };
        self.run().iter().filter_map(ping).max()
    }

    pub(super) fn tally(&self) -> Tally {
        let count = |is_like: fn(&&Fact) -> bool| self.log.iter().filter(is_like).count() as u64;
        Tally {
            stalls: count(|fact| matches!(fact, Told(.., 1))),
            alarms: count(|fact| matches!(fact, Told(..))),
            overslept: count(|fact| matches!(fact, Looked(_, Some(_)))),
        }
    }
}
