//! The keys of a shard with their TATs, in one array with linear probing (Knuth, The Art of Computer Programming, vol. 3, 6.4).
//!
//! It is at most three quarters full and at least three fifths while it grows, and has no tombstones: what follows a removed entry
//! moves up. So a `u64` key with its TAT takes up 21 to 27 bytes, and a lookup mostly touches one line of memory.

use std::num::NonZeroU64;

/// A part of a key's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(u32);

impl Tag {
    /// From the low half of `hash`.
    #[inline]
    pub(super) const fn of(hash: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "half of the bits are wanted")]
        Self(hash as u32)
    }
}

/// A TAT, never zero in memory, so that an empty slot needs no room besides. The last tick of time, which nobody is given, reads as the
/// one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tat(NonZeroU64);

impl Tat {
    #[inline]
    pub(super) const fn new(tat: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(tat))
    }

    #[inline]
    pub(super) const fn get(self) -> u64 {
        self.0.get() - 1
    }
}

#[derive(Debug)]
pub(super) struct Entry<K> {
    pub(super) tat: Tat,
    pub(super) key: K,
}

#[derive(Debug)]
pub(super) struct Table<K> {
    slots: Box<[Option<Entry<K>>]>,
    /// For each slot a number of its owner's; empty while all are 0.
    classes: Box<[u32]>,
    len: usize,
}

impl<K> Table<K> {
    pub(super) fn new() -> Self {
        Self { slots: Box::default(), classes: Box::default(), len: 0 }
    }

    /// How many places there are.
    pub(super) const fn places(&self) -> usize {
        self.slots.len()
    }

    /// The entry at `place`, if there is one.
    #[inline]
    pub(super) fn get(&self, place: usize) -> Option<&Entry<K>> {
        self.slots[place].as_ref()
    }

    /// The TAT at `place`.
    #[inline]
    pub(super) fn tat_mut(&mut self, place: usize) -> Option<&mut Tat> {
        self.slots[place].as_mut().map(|entry| &mut entry.tat)
    }

    /// The class at `place`.
    #[inline]
    pub(super) fn class(&self, place: usize) -> u32 {
        self.classes.get(place).copied().unwrap_or(0)
    }

    pub(super) fn set_class(&mut self, place: usize, class: u32) {
        if self.classes.is_empty() && class != 0 {
            self.classes = vec![0; self.slots.len()].into_boxed_slice();
        }
        if let Some(known) = self.classes.get_mut(place) {
            *known = class;
        }
    }

    /// The place of the key that `is_it`.
    #[inline]
    pub(super) fn find(&self, tag: Tag, is_it: impl Fn(&K) -> bool) -> Option<usize> {
        let mut at = self.home(tag);
        while let Some(entry) = self.slots.get(at)? {
            if is_it(&entry.key) {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    /// Whether one key more would crowd the table.
    pub(super) fn is_full(&self) -> bool {
        (self.len + 1) * 4 > self.slots.len() * 3
    }

    /// Adds a key that is not there; returns its place. The table must not be full.
    pub(super) fn insert(&mut self, tag: Tag, entry: Entry<K>, class: u32) -> usize {
        let mut at = self.home(tag);
        while self.slots[at].is_some() {
            at = self.after(at);
        }
        self.slots[at] = Some(entry);
        self.set_class(at, class);
        self.len += 1;
        at
    }

    /// Takes out the entry at `place`, and its class. What follows moves up, and `moved` is told where to.
    ///
    /// `tag_of` is foreign code, which may panic: so the entry travels to the end of those that follow it, and all can be found at any
    /// time.
    pub(super) fn remove(
        &mut self,
        place: usize,
        tag_of: impl Fn(&K) -> Tag,
        mut moved: impl FnMut(&Self, usize),
    ) -> Option<(Entry<K>, u32)> {
        self.slots[place].as_ref()?;
        let mut gap = place;
        let mut at = self.after(gap);
        while let Some(entry) = &self.slots[at] {
            let home = self.home(tag_of(&entry.key));
            // Unless it would come before where it belongs.
            if self.distance(home, at) >= self.distance(gap, at) {
                self.slots.swap(gap, at);
                if !self.classes.is_empty() {
                    self.classes.swap(gap, at);
                }
                moved(self, gap);
                gap = at;
            }
            at = self.after(at);
        }
        self.len -= 1;
        let class = self.class(gap);
        self.set_class(gap, 0);
        self.slots[gap].take().map(|entry| (entry, class))
    }

    /// Makes room for a further key, a quarter more than there is.
    pub(super) fn grow(&mut self, tag_of: impl Fn(&K) -> Tag) {
        self.resize(self.slots.len() + self.slots.len() / 4 + 4, tag_of);
    }

    /// Gives back the room that is not needed.
    pub(super) fn shrink(&mut self, tag_of: impl Fn(&K) -> Tag) {
        self.resize((self.len * 4).div_ceil(3), tag_of);
    }

    fn resize(&mut self, slots: usize, tag_of: impl Fn(&K) -> Tag) {
        // Foreign code, so before anything is changed.
        let tags: Vec<_> = self.slots.iter().flatten().map(|entry| tag_of(&entry.key)).collect();
        let mut resized = Self {
            slots: std::iter::repeat_with(|| None).take(slots).collect(),
            classes: vec![0; if self.classes.is_empty() { 0 } else { slots }].into_boxed_slice(),
            len: 0,
        };
        let old = std::mem::replace(self, Self::new());
        for ((entry, class), tag) in old.into_entries().zip(tags) {
            resized.insert(tag, entry, class);
        }
        *self = resized;
    }

    /// All entries with their classes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Entry<K>, u32)> {
        let entries = self.slots.iter().enumerate();
        entries.filter_map(|(place, slot)| Some((slot.as_ref()?, self.class(place))))
    }

    /// All entries with their classes.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (Entry<K>, u32)> {
        let classes = self.classes.into_iter().chain(std::iter::repeat(0));
        self.slots.into_iter().zip(classes).filter_map(|(slot, class)| Some((slot?, class)))
    }

    /// Where a key belongs: tags spread evenly over a table of any length.
    #[inline]
    pub(super) fn home(&self, tag: Tag) -> usize {
        ((u64::from(tag.0) * self.slots.len() as u64) >> 32) as usize
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    /// The steps from one place to another, around the end.
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from { to - from } else { to + self.slots.len() - from }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
