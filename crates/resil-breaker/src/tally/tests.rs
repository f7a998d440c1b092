use proptest::prelude::*;

use super::*;

const SLACK: Slack = Slack { calls: 9, failures: 3, slow: 2 };

fn published(layout: Layout, slack: Slack) -> Published {
    Published::next(Published::NONE, layout, slack)
}

fn outcome() -> impl Strategy<Value = (bool, bool)> {
    (prop::bool::weighted(0.2), prop::bool::weighted(0.1))
}

proptest! {
    /// All that fits is read back, in order where that matters, and what does not fit is refused.
    #[test]
    fn what_goes_in_comes_out(
        layout in prop::sample::select(vec![Layout::Counts, Layout::Bits, Layout::WideBits]),
        calls in 0_u64..40,
        failures in 0_u64..40,
        slow in 0_u64..40,
        outcomes in prop::collection::vec(outcome(), 0..60),
    ) {
        let published = published(layout, Slack { calls, failures, slow });
        let most = match layout { Layout::Counts => u64::MAX, Layout::Bits => 32, Layout::WideBits => 16 };
        let (calls, failures, slow) = (calls.min(most), failures.min(if most > 32 { most } else { 31 }), slow.min(if most > 32 { most } else { 31 }));
        let mut word = published.word(0);
        let mut taken: Vec<(bool, bool)> = Vec::new();
        for (failed, is_slow) in outcomes {
            // A layout of plain bits has none for slow calls.
            let is_slow = is_slow && layout != Layout::Bits;
            let failed_before = taken.iter().filter(|(failed, _)| *failed).count() as u64;
            let slow_before = taken.iter().filter(|(_, slow)| *slow).count() as u64;
            let fits = (taken.len() as u64) < calls
                && (!failed || failed_before < failures)
                && (!is_slow || slow_before < slow);
            let next = layout.with(word, failed, is_slow);
            prop_assert_eq!(next.is_some(), fits);
            if let Some(next) = next {
                word = next;
                taken.push((failed, is_slow));
            }
        }
        let count = u32::try_from(taken.len()).expect("few");
        let bits = |pick: fn(&(bool, bool)) -> bool| taken.iter().fold(0_u32, |bits, outcome| bits << 1 | u32::from(pick(outcome)));
        let ones = |pick: fn(&(bool, bool)) -> bool| u32::try_from(taken.iter().filter(|outcome| pick(outcome)).count()).expect("few");
        let trailing = taken.iter().rev().take_while(|(failed, _)| *failed).count();
        let expected = match layout {
            Layout::Counts => Batch::Tally {
                calls: count,
                failures: ones(|outcome| outcome.0),
                slow: ones(|outcome| outcome.1),
                trailing: u32::try_from(trailing).expect("few"),
            },
            Layout::Bits | Layout::WideBits => Batch::Bits { count, failed: bits(|outcome| outcome.0), slow: bits(|outcome| outcome.1) },
        };
        prop_assert_eq!(published.outcomes(word), expected);
    }
}

#[test]
fn a_word_knows_whether_there_is_a_streak() {
    let counts = published(Layout::Counts, SLACK);
    let word = |failed| Layout::Counts.with(counts.word(0), failed, false).expect("it fits");
    assert!(has_no_streak(counts.word(0)) && !has_no_streak(counts.word(1)) && !has_no_streak(EXHAUSTED));
    assert!(!has_no_streak(word(true)) && has_no_streak(word(false)));
    assert_eq!(counts.outcomes(EXHAUSTED), Batch::EMPTY);
    for layout in [Layout::Counts, Layout::Bits, Layout::WideBits] {
        assert_eq!(layout.with(EXHAUSTED, false, false), None);
    }
}

#[test]
fn a_layout_holds_as_much_as_it_has_room_for() {
    let room = |layout, failed, slow| {
        let published = published(layout, Slack::UNLIMITED);
        let words = std::iter::successors(Some(published.word(0)), |word| layout.with(*word, failed, slow));
        words.count() - 1
    };
    assert_eq!(
        [Layout::Counts, Layout::Bits, Layout::WideBits].map(|layout| room(layout, false, false)),
        [0xFFE, 32, 16]
    );
    assert_eq!(
        [Layout::Counts, Layout::Bits, Layout::WideBits].map(|layout| room(layout, true, false)),
        [0xFFE, 31, 16]
    );
    assert_eq!([Layout::Counts, Layout::WideBits].map(|layout| room(layout, true, true)), [0xFFE, 16]);
}

#[test]
fn no_two_tallies_in_a_row_are_of_one_generation_and_none_is_of_that_of_nothing() {
    let mut last = Published::NONE;
    let nothing = |published: Published| published.word(0) >> 48;
    for _ in 0..0x1_0005 {
        let next = Published::next(last, Layout::Counts, SLACK);
        assert_ne!(nothing(next), nothing(last));
        assert_ne!(nothing(next), EXHAUSTED >> 48);
        let none = Published::nothing(next);
        assert_eq!(nothing(none), nothing(next));
        assert_eq!(Layout::Counts.with(none.word(0), false, false), None);
        last = next;
    }
}
