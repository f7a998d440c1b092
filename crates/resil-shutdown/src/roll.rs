use std::collections::{BTreeMap, btree_map};
use std::{iter, option};

/// Entries in the order in which they came, each at a place where it can be found again. A single one costs no allocation: that is
/// what most tokens have.
pub(crate) struct Roll<T> {
    next: u64,
    /// The oldest, if it came when there was no other.
    first: Option<(u64, T)>,
    others: BTreeMap<u64, T>,
}

/// All entries of a [`Roll`], in their order.
pub(crate) type Entries<T> = iter::Chain<option::IntoIter<T>, btree_map::IntoValues<u64, T>>;

impl<T> Roll<T> {
    /// Adds `entry` and gives its place.
    pub(crate) fn add(&mut self, entry: T) -> u64 {
        let place = self.next;
        self.next += 1;
        if self.first.is_none() && self.others.is_empty() {
            self.first = Some((place, entry));
        } else {
            self.others.insert(place, entry);
        }
        place
    }

    /// Puts `entry` in the place of what is there; gives that back, or `entry` if nothing is there.
    pub(crate) fn replace(&mut self, place: u64, entry: T) -> T {
        let there = match &mut self.first {
            Some((known, first)) if *known == place => Some(first),
            _ => self.others.get_mut(&place),
        };
        match there {
            Some(there) => std::mem::replace(there, entry),
            None => entry,
        }
    }

    pub(crate) fn remove(&mut self, place: u64) -> Option<T> {
        match self.first.take_if(|(known, _)| *known == place) {
            Some((_, first)) => Some(first),
            None => self.others.remove(&place),
        }
    }

    /// Takes all of them.
    pub(crate) fn take(&mut self) -> Entries<T> {
        let first = self.first.take().map(|(_, first)| first);
        first.into_iter().chain(std::mem::take(&mut self.others).into_values())
    }
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        Self { next: 0, first: None, others: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_out_in_the_order_in_which_they_came() {
        let mut roll = Roll::default();
        let places: Vec<_> = ["a", "b", "c"].map(|entry| roll.add(entry)).into();
        assert_eq!((roll.remove(places[0]), roll.remove(places[0])), (Some("a"), None));
        let d = roll.add("d");
        assert_eq!(
            (roll.replace(places[1], "B"), roll.replace(d, "D"), roll.replace(places[0], "A")),
            ("b", "d", "A")
        );
        assert_eq!(roll.take().collect::<Vec<_>>(), ["B", "c", "D"]);
        let e = roll.add("e");
        assert_eq!((roll.replace(e, "E"), roll.remove(d), roll.take().count()), ("e", None, 1));
    }
}
