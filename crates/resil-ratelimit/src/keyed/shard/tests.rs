use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::Quota;
use crate::charge::Charge;

const BASIC: Quota = Quota::per_second(1).burst(3);
const GOLD: Quota = Quota::per_second(7).burst(5);
const SLOW: Quota = Quota::per_minute(2).initial(0);

fn terms(quota: Quota) -> Terms {
    Terms::of(quota).expect("in range")
}

fn second(n: u64) -> Moment {
    Moment::from_nanos(n * 1_000_000_000)
}

/// Keys are spread, but for every third one, which goes to the start of the table.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "that is how a shard looks at its keys")]
fn tag_of(key: &u32) -> Tag {
    Tag::of(if key.is_multiple_of(3) { 1 } else { u64::from(key.wrapping_mul(0x9E37_79B1)) })
}

fn find(shard: &Shard<u32>, key: u32) -> Option<usize> {
    shard.find(tag_of(&key), |known| *known == key)
}

fn add(shard: &mut Shard<u32>, key: u32, own: Option<Quota>, now: Moment) {
    let own = own.map(terms);
    let mut tat = shard.first_tat(shard.terms_or(own), now);
    let _ = shard.line_of_new(&mut tat, shard.terms_or(own)).take(now, 1);
    shard.insert(tag_of(&key), key, own, tat, tag_of);
}

fn take(shard: &mut Shard<u32>, key: u32, now: Moment) -> Option<Charge> {
    let place = find(shard, key).expect("it was added");
    shard.line(place).expect("it is there").take(now, 1).ok()
}

fn put_back(shard: &mut Shard<u32>, key: u32, charge: Charge, now: Moment) -> bool {
    let place = find(shard, key).expect("it was added");
    let is_back = shard.line(place).expect("it is there").put_back(charge, now);
    shard.note(place);
    is_back
}

#[derive(Clone, Debug)]
enum Step {
    Use(u32),
    UseAndPutBack(u32),
    Add(u32, Option<Quota>),
    Evict(u32),
    Remove(u32),
    Reset(u32, Option<Quota>),
    SetTerms(Quota),
    Shrink,
    Advance(u64),
}

fn quota() -> impl Strategy<Value = Quota> {
    prop_oneof![Just(BASIC), Just(GOLD), Just(SLOW)]
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0_u32..200;
    prop_oneof![
        9 => (key.clone(), proptest::option::of(quota())).prop_map(|(key, own)| Step::Add(key, own)),
        4 => key.clone().prop_map(Step::Use),
        2 => key.clone().prop_map(Step::UseAndPutBack),
        4 => key.clone().prop_map(Step::Evict),
        1 => key.clone().prop_map(Step::Remove),
        1 => (key, proptest::option::of(quota())).prop_map(|(key, own)| Step::Reset(key, own)),
        1 => quota().prop_map(Step::SetTerms),
        1 => Just(Step::Shrink),
        4 => (0_u64..5_000).prop_map(Step::Advance),
    ]
}

/// When each key becomes idle, without any bound.
fn idle_at(shard: &Shard<u32>) -> BTreeMap<u32, Moment> {
    shard.iter().map(|(key, tat, terms)| (*key, terms.idle_at(tat))).collect()
}

proptest! {
    #[test]
    fn it_finds_an_idle_key_whenever_there_is_one_and_never_another(steps in vec(step(), 1..200)) {
        let mut shard = Shard::new(terms(BASIC));
        let mut now = second(1);
        for step in steps {
            let before = idle_at(&shard);
            let mut expected: Vec<u32> = before.keys().copied().collect();
            match step {
                Step::Add(key, own) => if find(&shard, key).is_none() {
                    add(&mut shard, key, own, now);
                    expected.push(key);
                },
                Step::Use(key) => if find(&shard, key).is_some() {
                    take(&mut shard, key, now);
                },
                Step::UseAndPutBack(key) => if find(&shard, key).is_some()
                    && let Some(charge) = take(&mut shard, key, now)
                {
                    prop_assert!(put_back(&mut shard, key, charge, now));
                },
                Step::Evict(near) => {
                    let earliest = before.values().min().copied().unwrap_or(Moment::MAX);
                    let is_worth_a_search = shard.earliest() <= now;
                    match shard.evict(now, tag_of(&near), tag_of) {
                        Some(key) => {
                            prop_assert!(before[&key] <= now, "{key} was busy");
                            expected.retain(|known| *known != key);
                        }
                        None if is_worth_a_search => prop_assert_eq!(shard.earliest(), earliest),
                        None => prop_assert!(shard.earliest() > now),
                    }
                    prop_assert_eq!(idle_at(&shard).len() < before.len(), earliest <= now);
                }
                Step::Remove(key) => if let Some(place) = find(&shard, key) {
                    prop_assert_eq!(shard.remove(place, tag_of), Some(key));
                    expected.retain(|known| *known != key);
                },
                Step::Reset(key, own) => if let Some(place) = find(&shard, key) {
                    shard.change(place, own.map(terms), |tat, terms| terms.tat_after_reset(tat, now));
                },
                Step::SetTerms(quota) => shard.set_terms(terms(quota), now),
                Step::Shrink => {
                    let mut dropped = shard.shrink(now, tag_of);
                    dropped.sort_unstable();
                    let idle = before.iter().filter(|(_, idle_at)| **idle_at <= now);
                    prop_assert_eq!(dropped, idle.map(|(key, _)| *key).collect::<Vec<_>>());
                    expected.retain(|key| before[key] > now);
                }
                Step::Advance(millis) => now = Moment::from_nanos(now.as_nanos() + millis * 1_000_000),
            }
            expected.sort_unstable();
            let after = idle_at(&shard);
            prop_assert_eq!(after.keys().copied().collect::<Vec<_>>(), expected);
            prop_assert!(after.values().all(|idle_at| shard.earliest() <= *idle_at));
            prop_assert!(after.keys().all(|key| find(&shard, *key).is_some()));
        }
    }
}

#[test]
fn a_key_with_its_own_terms_keeps_them() {
    let mut shard = Shard::new(terms(BASIC));
    (0..100).for_each(|key| add(&mut shard, key, (key % 2 == 0).then_some(GOLD), second(1)));
    shard.set_terms(terms(SLOW), second(1));
    for (key, _, own) in shard.iter() {
        assert_eq!(own, terms(if key % 2 == 0 { GOLD } else { SLOW }));
    }
    let place = find(&shard, 1).unwrap();
    shard.change(place, Some(terms(BASIC)), |tat, _| tat);
    assert_eq!(shard.read(place).map(|(_, terms)| terms), Some(terms(BASIC)));
    let all = shard.into_entries().map(|(key, _, own)| (key, own)).collect::<BTreeMap<_, _>>();
    assert_eq!((all[&0], all[&1], all[&3]), (Some(terms(GOLD)), Some(terms(BASIC)), None));
}

#[test]
fn a_charge_from_before_a_change_does_not_come_back() {
    let mut shard = Shard::new(terms(BASIC));
    add(&mut shard, 1, None, second(1));
    let changes: [fn(&mut Shard<u32>, Moment); 3] = [
        |shard, _| shard.change(find(shard, 1).unwrap(), None, |tat, _| tat),
        |shard, now| shard.set_terms(terms(GOLD), now),
        |shard, now| {
            shard.remove(find(shard, 1).unwrap(), tag_of);
            add(shard, 1, None, now);
        },
    ];
    for (change, now) in changes.into_iter().zip([second(10), second(20), second(30)]) {
        let charge = take(&mut shard, 1, now).unwrap();
        change(&mut shard, now);
        assert!(!put_back(&mut shard, 1, charge, now));
        let charge = take(&mut shard, 1, now).unwrap();
        assert!(put_back(&mut shard, 1, charge, now));
    }
}

#[test]
fn a_key_that_was_dropped_begins_no_earlier_than_that() {
    let mut shard = Shard::new(terms(BASIC));
    add(&mut shard, 1, None, second(1));
    assert_eq!(shard.evict(second(2), tag_of(&1), tag_of), Some(1));
    // Whoever read the clock before that finds what the key had then: two of three permits.
    let tat = shard.first_tat(terms(BASIC), second(1));
    assert_eq!(terms(BASIC).gcra().available(tat.get(), second(1).as_nanos()), 2);
    assert_eq!(shard.first_tat(terms(BASIC), second(3)).get(), second(3).as_nanos());

    let mut other = Shard::<u32>::new(terms(BASIC));
    other.succeed(&shard);
    assert_eq!(other.first_tat(terms(BASIC), second(1)), tat);
    assert_eq!(other.not_before(second(1)), second(2));
}

/// How much a search may look at: a block, and the bounds of all.
fn most_of_a_search(shard: &Shard<u32>) -> usize {
    BLOCK + shard.bounds.blocks.len()
}

#[test]
fn a_flood_that_finds_nothing_idle_does_not_search_again() {
    let mut shard = Shard::new(terms(BASIC));
    (0..4_000).for_each(|key| add(&mut shard, key, None, second(1)));
    assert_eq!(shard.evict(second(1), tag_of(&7), tag_of), None);
    let first = shard.bounds.looked_at;
    (0..10_000).for_each(|near| assert_eq!(shard.evict(second(1), tag_of(&near), tag_of), None));
    assert_eq!(shard.bounds.looked_at, first);
}

#[test]
fn a_flood_over_idle_keys_finds_each_in_a_few_looks() {
    let mut shard = Shard::new(terms(BASIC));
    (0..4_000).for_each(|key| add(&mut shard, key, None, second(1)));
    let mut most = 0;
    for key in 4_000..44_000 {
        // One in four is busy at any time.
        let now = Moment::from_nanos(second(3).as_nanos() + u64::from(key) * 1_000_000);
        let before = shard.bounds.looked_at;
        assert!(shard.evict(now, tag_of(&key), tag_of).is_some());
        add(&mut shard, key, None, now);
        most = most.max(shard.bounds.looked_at - before);
    }
    assert!(shard.bounds.looked_at < 40_000 * 10, "{} looks", shard.bounds.looked_at);
    assert!(most <= most_of_a_search(&shard), "{most} looks for one key");
}

#[test]
fn keys_that_are_used_just_before_they_become_idle_cost_a_block_each() {
    let mut shard = Shard::new(terms(BASIC));
    // One becomes idle after the other, a millisecond apart.
    let at = |n: u32| Moment::from_nanos(second(1).as_nanos() + u64::from(n) * 1_000_000);
    (0..1_000).for_each(|key| add(&mut shard, key, None, at(key)));
    let mut looked_at = 0;
    for n in 1_000..20_000 {
        // A flood comes at the very instant at which its victim would have been idle.
        take(&mut shard, n % 1_000, at(n - 1)).expect("less than one each second");
        let before = shard.bounds.looked_at;
        assert_eq!(shard.evict(at(n), tag_of(&n), tag_of), None);
        let looked = shard.bounds.looked_at - before;
        assert!(looked <= most_of_a_search(&shard), "{looked} for one use");
        looked_at += looked;
    }
    assert!(looked_at > 0, "it is about searches");
}
