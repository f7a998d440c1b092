//! A part of the keys with their TATs: a pure machine, which its owner keeps under a lock.
//!
//! To find an idle entry without looking at all of them for each new key, the places are taken in blocks, and each block knows an
//! instant before which none of its entries becomes idle: a TAT that grows leaves it as it is, one that shrinks or comes anew may lower
//! it, and a search in vain makes it exact. So a block is searched in vain again only after one of its entries has been used, replaced
//! or moved.

use resil_core::{Moment, seeded_bug};

use super::classes::Classes;
use super::line::Line;
use super::table::{Entry, Table, Tag, Tat};
use super::terms::Terms;

/// How many places share a bound.
const BLOCK: usize = 64;

#[derive(Debug)]
#[repr(C)]
pub(super) struct Shard<K> {
    // What every call touches comes first.
    table: Table<K>,
    /// The terms of the keys without their own.
    terms: Terms,
    /// Permits that were given, without those of the shared entry.
    pub(super) acquired: u64,
    /// Calls that the keys' quotas refused.
    pub(super) rejected: u64,
    moves: u64,
    epoch: u64,
    /// The terms of the keys that have their own.
    classes: Classes,
    /// The latest instant at which an idle entry was dropped. A key without an entry may have been full no earlier.
    absent_since: Moment,
    bounds: Bounds,
}

/// Where idle entries may be.
#[derive(Debug)]
struct Bounds {
    /// For each block an instant before which none of its entries becomes idle.
    blocks: Box<[Moment]>,
    /// Like these, for all blocks.
    earliest: Moment,
    /// How many places and bounds searches have looked at.
    #[cfg(test)]
    looked_at: usize,
}

impl<K> Shard<K> {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            table: Table::new(),
            terms,
            acquired: 0,
            rejected: 0,
            moves: 0,
            epoch: 0,
            classes: Classes::new(),
            absent_since: Moment::ZERO,
            bounds: Bounds {
                blocks: Box::default(),
                earliest: Moment::MAX,
                #[cfg(test)]
                looked_at: 0,
            },
        }
    }

    /// An instant before which no entry becomes idle.
    #[inline]
    pub(super) fn earliest(&self) -> Moment {
        self.bounds.earliest
    }

    /// The terms of a key with its own, or without.
    pub(super) fn terms_or(&self, own: Option<Terms>) -> Terms {
        own.unwrap_or(self.terms)
    }

    /// The place of the key that `is_it`.
    #[inline]
    pub(super) fn find(&self, tag: Tag, is_it: impl Fn(&K) -> bool) -> Option<usize> {
        self.table.find(tag, is_it)
    }

    /// The TAT and the terms of the key at `place`.
    pub(super) fn read(&self, place: usize) -> Option<(u64, Terms)> {
        self.table.get(place).map(|entry| (entry.tat.get(), self.terms_of(self.table.class(place))))
    }

    /// The line of the key at `place`. After the TAT has become smaller, [`note`](Self::note) has to be called.
    #[inline]
    pub(super) fn line(&mut self, place: usize) -> Option<Line<'_>> {
        let terms = self.terms_of(self.table.class(place));
        let tat = self.table.tat_mut(place)?;
        Some(Line { tat, terms, moves: &mut self.moves, epoch: self.epoch })
    }

    /// The line of a key that has no entry yet.
    pub(super) fn line_of_new<'a>(&'a mut self, tat: &'a mut Tat, terms: Terms) -> Line<'a> {
        Line { tat, terms, moves: &mut self.moves, epoch: self.epoch }
    }

    /// The TAT of a key without an entry.
    pub(super) fn first_tat(&self, terms: Terms, now: Moment) -> Tat {
        let now = if seeded_bug!("keyed_forget_when_dropped") { now } else { self.not_before(now) };
        Tat::new(terms.first_tat(now))
    }

    /// An instant at which no entry has been dropped later than `now`.
    pub(super) fn not_before(&self, now: Moment) -> Moment {
        now.max(self.absent_since)
    }

    /// Adds an entry for a key that has none, on its own terms if there are some.
    pub(super) fn insert(
        &mut self,
        tag: Tag,
        key: K,
        own: Option<Terms>,
        tat: Tat,
        tag_of: impl Fn(&K) -> Tag,
    ) {
        if self.table.is_full() {
            self.table.grow(tag_of);
            self.note_all();
        }
        let class = own.map_or(0, |own| self.classes.enter(own));
        let place = self.table.insert(tag, Entry { tat, key }, class);
        self.note(place);
    }

    /// Takes an entry that is idle at `now` out, if there is one, and if possible near the place of the key that comes instead: an order
    /// of another kind would make the table dense in one part and empty in another.
    pub(super) fn evict(&mut self, now: Moment, near: Tag, tag_of: impl Fn(&K) -> Tag) -> Option<K> {
        let place = self.find_idle(now, self.table.home(near))?;
        let key = self.take(place, tag_of)?;
        self.absent_since = self.not_before(now);
        Some(key)
    }

    /// Takes all entries out that are idle at `now`, and gives their memory back.
    pub(super) fn shrink(&mut self, now: Moment, tag_of: impl Fn(&K) -> Tag) -> Vec<K> {
        self.absent_since = self.not_before(now);
        let mut dropped = Vec::new();
        let mut place = 0;
        while place < self.table.places() {
            // Another one may move here, at the end of the table from its start, where all have been looked at.
            let is_idle = self.idle_at(place).is_some_and(|idle_at| idle_at <= now);
            match if is_idle { self.take(place, &tag_of) } else { None } {
                Some(key) => dropped.push(key),
                None => place += 1,
            }
        }
        self.table.shrink(tag_of);
        self.note_all();
        dropped
    }

    /// Takes out the entry at `place`, whatever its TAT. Its charges cannot come back any more.
    pub(super) fn remove(&mut self, place: usize, tag_of: impl Fn(&K) -> Tag) -> Option<K> {
        self.epoch += 1;
        self.take(place, tag_of)
    }

    /// Gives the entry at `place` another TAT, by `change`, and its own terms if there are some. Its charges cannot come back.
    pub(super) fn change(
        &mut self,
        place: usize,
        own: Option<Terms>,
        change: impl FnOnce(u64, Terms) -> u64,
    ) {
        self.epoch += 1;
        let terms = self.terms_of(self.table.class(place));
        if let Some(tat) = self.table.tat_mut(place) {
            *tat = Tat::new(change(tat.get(), terms));
        }
        if let Some(own) = own {
            self.classes.leave(self.table.class(place));
            self.table.set_class(place, self.classes.enter(own));
        }
        self.note(place);
    }

    /// Goes over to other terms, for all keys without their own. The same share stays consumed.
    pub(super) fn set_terms(&mut self, to: Terms, now: Moment) {
        self.epoch += 1;
        for place in 0..self.table.places() {
            if self.table.class(place) == 0
                && let Some(tat) = self.table.tat_mut(place)
            {
                *tat = Tat::new(self.terms.gcra().carry_over(tat.get(), now, to.gcra()));
            }
        }
        self.terms = to;
        self.note_all();
    }

    /// All keys with their TATs and terms.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, u64, Terms)> {
        self.table.iter().map(|(entry, class)| (&entry.key, entry.tat.get(), self.terms_of(class)))
    }

    /// All keys with their TATs and their own terms.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (K, Tat, Option<Terms>)> {
        let classes = self.classes;
        self.table.into_entries().map(move |(entry, class)| (entry.key, entry.tat, classes.terms(class)))
    }

    /// Takes over what another shard knows besides its keys.
    pub(super) fn succeed<T>(&mut self, other: &Shard<T>) {
        self.absent_since = self.not_before(other.absent_since);
    }

    /// Keeps the bounds true after the TAT at `place` has become smaller.
    pub(super) fn note(&mut self, place: usize) {
        if let Some(idle_at) = self.idle_at(place) {
            self.bounds.lower(place, idle_at);
        }
    }

    fn note_all(&mut self) {
        self.bounds.blocks = vec![Moment::MAX; self.table.places().div_ceil(BLOCK)].into_boxed_slice();
        self.bounds.earliest = Moment::MAX;
        (0..self.table.places()).for_each(|place| self.note(place));
    }

    #[inline]
    fn terms_of(&self, class: u32) -> Terms {
        if class == 0 { self.terms } else { self.terms_or(self.classes.terms(class)) }
    }

    /// When the entry at `place` becomes idle, if there is one.
    fn idle_at(&self, place: usize) -> Option<Moment> {
        self.read(place).map(|(tat, terms)| terms.idle_at(tat))
    }

    fn find_idle(&mut self, now: Moment, from: usize) -> Option<usize> {
        if self.bounds.earliest > now {
            return None;
        }
        let blocks = self.bounds.blocks.len();
        for block in (0..blocks).map(|n| (from / BLOCK + n) % blocks) {
            #[cfg(test)]
            self.bounds.look();
            if self.bounds.blocks[block] <= now
                && let Some(place) = self.search(block, now, from % BLOCK)
            {
                return Some(place);
            }
        }
        self.bounds.earliest = self.bounds.blocks.iter().copied().min().unwrap_or(Moment::MAX);
        None
    }

    /// Looks for an idle entry in a block; where there is none, the block's bound becomes exact.
    fn search(&mut self, block: usize, now: Moment, from: usize) -> Option<usize> {
        let start = block * BLOCK;
        let len = BLOCK.min(self.table.places() - start);
        let mut earliest = Moment::MAX;
        for place in (0..len).map(|n| start + (from + n) % len) {
            #[cfg(test)]
            self.bounds.look();
            let Some(idle_at) = self.idle_at(place) else { continue };
            if idle_at <= now || seeded_bug!("keyed_evict_busy") {
                return Some(place);
            }
            earliest = earliest.min(idle_at);
        }
        self.bounds.blocks[block] = earliest;
        None
    }

    /// Takes out the entry at `place`; others move up.
    fn take(&mut self, place: usize, tag_of: impl Fn(&K) -> Tag) -> Option<K> {
        let Self { table, classes, terms, bounds, .. } = self;
        let moved = |table: &Table<K>, to: usize| {
            if let Some(entry) = table.get(to) {
                let terms = classes.terms(table.class(to)).unwrap_or(*terms);
                bounds.lower(to, terms.idle_at(entry.tat.get()));
            }
        };
        let (entry, class) = table.remove(place, tag_of, moved)?;
        classes.leave(class);
        Some(entry.key)
    }
}

impl Bounds {
    fn lower(&mut self, place: usize, idle_at: Moment) {
        let block = &mut self.blocks[place / BLOCK];
        *block = idle_at.min(*block);
        self.earliest = idle_at.min(self.earliest);
    }

    #[cfg(test)]
    fn look(&mut self) {
        self.looked_at += 1;
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
