use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::size_of;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32),
    Remove(usize),
    SetTat(usize, u64),
    SetClass(usize, u32),
    Shrink,
}

/// Keys are their own tags: few of them, mostly at both ends of the table, so that they crowd and wrap around.
fn key() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0_u32..4, 3 => u32::MAX - 40..=u32::MAX, 1 => any::<u32>()]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (key(), 0_u32..3).prop_map(|(key, class)| Step::Insert(key, class)),
        4 => any::<usize>().prop_map(Step::Remove),
        1 => (any::<usize>(), any::<u64>()).prop_map(|(n, tat)| Step::SetTat(n, tat)),
        1 => (any::<usize>(), 0_u32..3).prop_map(|(n, class)| Step::SetClass(n, class)),
        1 => Just(Step::Shrink),
    ]
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "that is how a table looks at its keys")]
fn tag_of(key: &u32) -> Tag {
    Tag(*key)
}

fn insert(table: &mut Table<u32>, key: u32, class: u32) -> usize {
    if table.is_full() {
        table.grow(tag_of);
    }
    table.insert(Tag(key), Entry { tat: Tat::new(7), key }, class)
}

fn find(table: &Table<u32>, key: u32) -> Option<usize> {
    table.find(Tag(key), |known| *known == key)
}

proptest! {
    #[test]
    fn it_holds_what_a_map_holds(steps in vec(step(), 1..100)) {
        let mut table = Table::new();
        let mut known: BTreeMap<u32, (u64, u32)> = BTreeMap::new();
        let nth = |known: &BTreeMap<u32, _>, n: usize| known.keys().nth(n % known.len().max(1)).copied();
        for step in steps {
            match step {
                Step::Insert(key, class) => if find(&table, key).is_none() {
                    let place = insert(&mut table, key, class);
                    prop_assert_eq!(find(&table, key), Some(place));
                    prop_assert_eq!(known.insert(key, (7, class)), None);
                },
                Step::Remove(n) => if let Some(key) = nth(&known, n) {
                    let before: BTreeMap<u32, usize> =
                        known.keys().map(|key| (*key, find(&table, *key).unwrap())).collect();
                    let mut moved = BTreeSet::new();
                    let place = before[&key];
                    let removed = table.remove(place, tag_of, |table, to| {
                        moved.insert(table.get(to).unwrap().key);
                    });
                    let (entry, class) = removed.unwrap();
                    prop_assert_eq!((entry.key, Some((entry.tat.get(), class))), (key, known.remove(&key)));
                    for key in known.keys() {
                        let has_moved = find(&table, *key) != Some(before[key]);
                        prop_assert_eq!(has_moved, moved.contains(key), "who moves is told of");
                    }
                },
                Step::SetTat(n, tat) => if let Some(key) = nth(&known, n) {
                    let place = find(&table, key).unwrap();
                    *table.tat_mut(place).unwrap() = Tat::new(tat);
                    known.get_mut(&key).unwrap().0 = tat.min(u64::MAX - 1);
                },
                Step::SetClass(n, class) => if let Some(key) = nth(&known, n) {
                    table.set_class(find(&table, key).unwrap(), class);
                    known.get_mut(&key).unwrap().1 = class;
                },
                Step::Shrink => {
                    table.shrink(tag_of);
                    prop_assert!(table.places() * 3 < known.len() * 4 + 3);
                }
            }
            for (key, (tat, class)) in &known {
                let place = find(&table, *key).unwrap();
                prop_assert_eq!((table.get(place).unwrap().tat.get(), table.class(place)), (*tat, *class));
            }
            let listed: BTreeMap<u32, (u64, u32)> =
                table.iter().map(|(entry, class)| (entry.key, (entry.tat.get(), class))).collect();
            prop_assert_eq!(&listed, &known);
            prop_assert_eq!(table.len, known.len());
            prop_assert!(known.len() * 4 <= table.places() * 3, "there is always an empty slot to end at");
        }
        let taken: BTreeMap<u32, (u64, u32)> =
            table.into_entries().map(|(entry, class)| (entry.key, (entry.tat.get(), class))).collect();
        prop_assert_eq!(taken, known);
    }
}

#[test]
fn what_is_not_there_is_not_found_and_not_removed() {
    let mut table = Table::new();
    assert_eq!((find(&table, 7), table.places()), (None, 0), "nothing is allocated");
    let place = insert(&mut table, 7, 0);
    assert_eq!(find(&table, 8), None);
    let elsewhere = (place + 1) % table.places();
    assert!(table.remove(elsewhere, tag_of, |_, _| {}).is_none() && table.get(elsewhere).is_none());
    assert!(table.tat_mut(elsewhere).is_none());
    assert_eq!(find(&table, 7), Some(place));
}

#[test]
fn it_is_between_three_fifths_and_three_quarters_full_while_it_grows() {
    let mut table = Table::new();
    for key in 0..100_000_u32 {
        insert(&mut table, key.wrapping_mul(0x9E37_79B1), 0);
        let (hundredths, places) = ((key as usize + 1) * 100, table.places());
        assert!(hundredths <= places * 75, "more than three quarters at {key}");
        assert!(hundredths + 400 >= places * 60, "less than three fifths at {key}");
    }
}

#[test]
fn an_entry_of_a_small_key_takes_up_sixteen_bytes() {
    assert_eq!(size_of::<Option<Entry<u64>>>(), 16);
    assert_eq!(size_of::<Option<Entry<String>>>(), 32);
}

#[test]
fn a_tat_reads_as_it_was_written() {
    for tat in [0, 1, u64::MAX / 2, u64::MAX - 2, u64::MAX - 1] {
        assert_eq!(Tat::new(tat).get(), tat);
    }
    assert_eq!(Tat::new(u64::MAX).get(), u64::MAX - 1);
}

#[test]
fn classes_cost_nothing_while_there_is_only_one() {
    let mut table = Table::new();
    (0..10).for_each(|key| _ = insert(&mut table, key, 0));
    table.set_class(0, 0);
    assert!(table.classes.is_empty());
    insert(&mut table, 10, 3);
    assert_eq!((table.classes.len(), table.class(find(&table, 10).unwrap())), (table.places(), 3));
    assert_eq!(table.class(find(&table, 9).unwrap()), 0);
}

#[test]
fn a_hash_that_panics_loses_no_key() {
    for panic_at in 0..20 {
        let mut table = Table::new();
        // All in one heap, around the end of the table.
        let keys: Vec<u32> = (0..11).map(|n| u32::MAX - n * 3).collect();
        for key in &keys {
            insert(&mut table, *key, 0);
        }
        let calls = Cell::new(0);
        let panics = |key: &u32| {
            assert_ne!(calls.replace(calls.get() + 1), panic_at, "a foreign panic");
            tag_of(key)
        };
        let first = find(&table, keys[0]).unwrap();
        let removed = catch_unwind(AssertUnwindSafe(|| table.remove(first, panics, |_, _| {}).is_some()));
        let gone = removed.is_ok();
        for key in &keys {
            assert_eq!(find(&table, *key).is_none(), gone && *key == keys[0], "{key} after {panic_at}");
        }
        calls.set(0);
        let grown = catch_unwind(AssertUnwindSafe(|| table.grow(panics)));
        assert!(keys[1..].iter().all(|key| find(&table, *key).is_some()), "after {panic_at}, {grown:?}");
    }
}
