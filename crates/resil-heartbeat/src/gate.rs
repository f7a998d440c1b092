//! Who stands still: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use resil_core::Moment;

use crate::Worker;

/// The workers that are watched, each with a meter `M` that its owner can read.
///
/// Time counts from the look that first saw a meter at its place, as nobody knows when between two looks it came there.
#[derive(Debug)]
pub(crate) struct Gate<M> {
    watched: BTreeMap<u64, Watched<M>>,
    entered: u64,
}

#[derive(Debug)]
struct Watched<M> {
    name: String,
    limit: Duration,
    meter: M,
    reading: Reading,
    /// When it was first seen at this reading.
    since: Moment,
    is_stalled: bool,
}

/// What a meter shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// How often the worker has advanced.
    pub(crate) advances: u64,
    /// Whether it waits for work.
    pub(crate) is_paused: bool,
}

impl<M> Gate<M> {
    pub(crate) const fn new() -> Self {
        Self { watched: BTreeMap::new(), entered: 0 }
    }

    /// Watches one more, which has just begun; its number.
    pub(crate) fn enter(&mut self, name: String, limit: Duration, meter: M, now: Moment) -> u64 {
        self.entered += 1;
        let reading = Reading::default();
        let watched = Watched { name, limit, meter, reading, since: now, is_stalled: false };
        self.watched.insert(self.entered, watched);
        self.entered
    }

    /// Watches it no longer.
    pub(crate) fn leave(&mut self, number: u64) -> Option<M> {
        self.watched.remove(&number).map(|watched| watched.meter)
    }

    /// Looks at every meter.
    pub(crate) fn look(&mut self, now: Moment, read: impl Fn(&M) -> Reading) {
        for watched in self.watched.values_mut() {
            let reading = read(&watched.meter);
            if reading != watched.reading {
                watched.reading = reading;
                watched.since = now;
            }
            watched.is_stalled = !reading.is_paused && now >= watched.ends();
        }
    }

    /// When somebody has to look again, if nobody moves until then.
    pub(crate) fn next_look(&self) -> Option<Moment> {
        let may_stall = |watched: &&Watched<M>| !watched.reading.is_paused && !watched.is_stalled;
        self.watched.values().filter(may_stall).map(Watched::ends).min()
    }

    /// How many are watched.
    pub(crate) fn len(&self) -> usize {
        self.watched.len()
    }

    /// How many stood still at the last look.
    pub(crate) fn stalled(&self) -> usize {
        self.watched.values().filter(|watched| watched.is_stalled).count()
    }

    /// How they were at the last look, those that stood still first, `most` of them at most.
    pub(crate) fn workers(&self, now: Moment, most: usize) -> Vec<Worker> {
        let (stalled, others): (Vec<_>, Vec<_>) =
            self.watched.values().partition(|watched| watched.is_stalled);
        stalled.into_iter().chain(others).take(most).map(|watched| watched.tell(now)).collect()
    }
}

/// How much of a name is told: a file has to stay within what readers read.
const NAME: usize = 64;

impl<M> Watched<M> {
    fn ends(&self) -> Moment {
        self.since.saturating_add(self.limit)
    }

    fn tell(&self, now: Moment) -> Worker {
        Worker {
            name: self.name.chars().take(NAME).collect(),
            advances: self.reading.advances,
            still_for: now.saturating_duration_since(self.since),
            limit: self.limit,
            is_paused: self.reading.is_paused,
            is_stalled: self.is_stalled,
        }
    }
}

#[cfg(test)]
mod tests;
