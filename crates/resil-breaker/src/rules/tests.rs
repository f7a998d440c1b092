use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Window;

fn at(nanos: u64) -> Moment {
    Moment::from_nanos(nanos)
}

fn rules(percent: u8, min_calls: u32, window: Window) -> Rules {
    let config = Config::new().failure_rate(percent, min_calls, window);
    config.check().expect("in range");
    Rules::new(&config)
}

fn play(rules: &mut Rules, failures: impl IntoIterator<Item = bool>) {
    failures.into_iter().for_each(|failed| rules.record(failed, false, at(0)));
}

proptest! {
    #[test]
    fn as_many_failures_as_the_slack_has_break_nothing_and_one_more_does(
        percent in 1_u8..=100,
        size in 1_u32..40,
        min_calls in 1_u32..40,
        successes in 0_usize..50,
        failures in 0_usize..50,
    ) {
        let min_calls = min_calls.min(size);
        let after = |failures| {
            let mut rules = rules(percent, min_calls, Window::calls(size));
            play(&mut rules, std::iter::repeat_n(false, successes));
            play(&mut rules, std::iter::repeat_n(true, failures));
            rules
        };
        // As many as break nothing: none of them surely does not.
        let mut unbroken = (0..=failures).rev().map(after).filter(|rules| rules.breach().is_none());
        let mut rules = unbroken.next().expect("no failure breaks nothing");
        let Slack { calls, failures: further, slow } = rules.slack();
        prop_assert_eq!(slow, u64::MAX, "there is no rule for slow calls");
        let held = rules.shares_at(at(0)).0.calls;
        if held < min_calls.into() {
            prop_assert_eq!((calls, further), (u64::from(min_calls) - held - 1, u64::MAX));
            for _ in 0..calls {
                play(&mut rules, [true]);
                prop_assert_eq!(rules.breach(), None);
            }
            return Ok(());
        }
        prop_assert_eq!(calls, u64::MAX);
        for _ in 0..further {
            play(&mut rules, [true]);
            prop_assert_eq!(rules.breach(), None);
        }
        play(&mut rules, [true]);
        prop_assert_eq!(rules.breach(), Some(Breach::FailureRate));
    }
}

#[test]
fn the_smaller_slack_of_two_rules_holds() {
    let config = Config::new().failure_threshold(5).failure_rate(50, 10, Window::calls(20)).slow_rate(
        Duration::from_secs(1),
        50,
        4,
        Window::calls(20),
    );
    let mut rules = Rules::new(&config);
    assert_eq!(rules.slack(), Slack { calls: 3, failures: 4, slow: u64::MAX });
    play(&mut rules, [true, false, true]);
    assert_eq!(rules.slack(), Slack { calls: 0, failures: 3, slow: u64::MAX });
}

#[test]
fn a_rule_that_is_stricter_than_what_the_window_holds_has_no_slack() {
    let config = |percent| Config::new().failure_rate(percent, 5, Window::calls(10));
    let mut rules = Rules::new(&config(80));
    play(&mut rules, [true, true, false, false, true, false]);
    rules.reconfigure(&config(50));
    assert_eq!(rules.slack(), Slack { calls: 0, failures: 0, slow: u64::MAX });
    play(&mut rules, [false]);
    assert_eq!(rules.breach(), None, "three of seven");
    assert_eq!(rules.slack(), Slack { calls: u64::MAX, failures: 0, slow: u64::MAX });
}

#[test]
fn a_slice_ends_for_both_windows_when_it_ends_for_one() {
    let window = |nanos| Window::slices(Duration::from_nanos(nanos), 10);
    let mut failures = rules(50, 1, window(10_000));
    assert_eq!(rules(50, 1, Window::calls(5)).slice_end(), None);
    play(&mut failures, [false]);
    assert_eq!(failures.slice_end(), Some(at(1_000)));
    let slow = |nanos| {
        let slow = |config: Config| config.slow_rate(Duration::from_secs(1), 50, 1, window(nanos));
        let mut rules = Rules::new(&slow(Config::new().failure_rate(50, 1, window(10_000))));
        play(&mut rules, [false]);
        rules.slice_end()
    };
    assert_eq!([slow(5_000), slow(50_000)], [Some(at(500)), Some(at(1_000))]);
}
