//! T5: the arithmetic of the budget against one that keeps a list.

use proptest::prelude::*;

use super::*;

/// Written on its own: tokens in a pile, and the instants at which tokens of the floor were taken.
struct Naive {
    share: u32,
    cap: u32,
    per_second: u32,
    parts: u64,
    floor_taken: Vec<u64>,
}

impl Naive {
    fn withdraw(&mut self, now: u64) -> bool {
        self.parts = self.parts.min(u64::from(self.cap) * 100);
        if self.parts >= 100 {
            self.parts -= 100;
            return true;
        }
        // A bucket of `per_second` tokens that leaks one each interval, played from the start.
        if self.per_second == 0 {
            return false;
        }
        let interval = 1_000_000_000_u64.div_ceil(u64::from(self.per_second));
        let mut level = 0_u64;
        let mut at = 0;
        for taken in &self.floor_taken {
            level = level.saturating_sub(taken - at) + interval;
            at = *taken;
        }
        level = level.saturating_sub(now - at);
        let is_granted = level + interval <= interval * u64::from(self.per_second);
        if is_granted {
            self.floor_taken.push(now);
        }
        is_granted
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Deposit(u8),
    Withdraw,
    GiveBack,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => (1_u8..20).prop_map(Step::Deposit),
        4 => Just(Step::Withdraw),
        1 => Just(Step::GiveBack),
        1 => prop_oneof![0_u64..1_000_000_000, Just(1_000_000_000)].prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn the_budget_agrees_with_one_that_keeps_a_list(
        (share, cap, per_second) in (0_u8..=100, 1_u32..6, 0_u32..5),
        steps in steps(),
    ) {
        let mut naive = Naive { share: share.into(), cap, per_second, parts: 0, floor_taken: Vec::new() };
        let (mut deposits, mut taken, mut full_at, mut now) = (0_u64, 0_u64, Moment::ZERO, 0_u64);
        let (mut granted, mut returned) = (0_u64, 0_u64);
        for step in steps {
            match step {
                Step::Deposit(times) => {
                    deposits += u64::from(times);
                    naive.parts += u64::from(naive.share) * u64::from(times);
                }
                Step::Withdraw => {
                    let moment = Moment::from_nanos(now);
                    let is_granted = if let Some(after) = withdrawn(share, cap, deposits, taken) {
                        taken = after;
                        true
                    } else if let Some(at) = from_floor(per_second, full_at, moment) {
                        full_at = at;
                        true
                    } else {
                        false
                    };
                    prop_assert_eq!(is_granted, naive.withdraw(now));
                    granted += u64::from(is_granted);
                }
                Step::GiveBack if returned < granted => {
                    returned += 1;
                    taken = taken.wrapping_sub(TOKEN);
                    naive.parts += 100;
                }
                Step::GiveBack => {}
                Step::Wait(nanos) => now += nanos,
            }
            prop_assert_eq!(banked(share, cap, deposits, taken), naive.parts.min(u64::from(cap) * 100));
            // Never more than the share of the calls, the floor, and one more for each second.
            let seconds = now / 1_000_000_000 + 1;
            let most = deposits * u64::from(share) / 100 + u64::from(per_second) * (seconds + 1);
            prop_assert!(granted - returned <= most);
        }
    }
}

#[test]
fn a_floor_gives_its_tokens_at_once_and_then_one_each_interval() {
    let mut full_at = Moment::ZERO;
    let mut take =
        |now| from_floor(3, full_at, Moment::from_nanos(now)).inspect(|at| full_at = *at).is_some();
    assert_eq!([0; 5].map(&mut take), [true, true, true, false, false]);
    // A third of a second, rounded up.
    assert_eq!([333_333_333, 333_333_334, 333_333_334].map(&mut take), [false, true, false]);
    assert_eq!([5_000_000_000; 4].map(&mut take), [true, true, true, false]);
    assert_eq!(from_floor(0, Moment::ZERO, Moment::ZERO), None);
    assert_eq!(from_floor(1, Moment::MAX, Moment::ZERO), None);
    assert_eq!(from_floor(1_000_000, Moment::ZERO, Moment::MAX), None);
}

#[test]
fn an_old_count_of_deposits_banks_nothing_that_is_not_there() {
    // A token was taken of five deposits, and somebody still sees four.
    assert_eq!((banked(20, 10, 4, 100), withdrawn(20, 10, 4, 100)), (0, None));
    assert_eq!(withdrawn(20, 10, 5, 0), Some(100));
    // What is above the cap is forgotten.
    assert_eq!((banked(100, 2, 7, 0), withdrawn(100, 2, 7, 0)), (200, Some(600)));
    // A token of the floor that came back.
    assert_eq!(
        (banked(0, 1, 0, 0_u64.wrapping_sub(100)), withdrawn(0, 1, 9, 0_u64.wrapping_sub(100))),
        (100, Some(0))
    );
}
