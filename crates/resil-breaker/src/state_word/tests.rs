use std::time::Duration;

use resil_core::{Moment, Name};

use super::*;
use crate::circuit::ByHand;
use crate::{Cause, Window};

fn circuit(config: Config) -> Circuit {
    Circuit::new(Name::UNNAMED, config, 1, Moment::ZERO)
}

#[test]
fn the_first_word_is_that_of_a_new_circuit() {
    let time = Window::time(Duration::from_secs(1));
    for config in [
        Config::new(),
        Config::new().counters(false).striped(false).on_cancel(OnCancel::Failure),
        Config::new().failure_rate(50, 1, Window::calls(5)),
        Config::new().failure_rate(50, 1, time),
        Config::new().slow_rate(Duration::from_secs(1), 50, 1, Window::calls(5)),
    ] {
        let word = StateWord::initial(&config);
        assert_eq!(word, StateWord::of(&circuit(config)));
        assert!(word.passes() && word.records() && !word.is_shut());
        assert_eq!((word.state(), word.epoch()), (State::Closed, 0));
    }
}

#[test]
fn each_setting_shows_in_the_word_by_itself() {
    let word = |config| StateWord::initial(&config);
    let plain = word(Config::new());
    assert!(plain.counts() && plain.may_stripe() && plain.is_quiet_but_counts() && plain.passes_untimed());
    assert!(!plain.is_quiet() && !plain.is_sliced() && !plain.times_calls() && !plain.cancel_fails());
    assert_eq!(plain.layout(), Layout::Counts);
    let uncounted = word(Config::new().counters(false));
    assert!(uncounted.is_quiet() && !uncounted.counts() && !uncounted.is_quiet_but_counts());
    assert!(!word(Config::new().striped(false)).may_stripe());
    assert!(word(Config::new().on_cancel(OnCancel::Failure)).cancel_fails());
    let by_calls = word(Config::new().failure_rate(50, 1, Window::calls(5)));
    assert!(!by_calls.is_quiet_but_counts() && !by_calls.is_sliced() && by_calls.layout() == Layout::Bits);
    let by_time = word(Config::new().failure_rate(50, 1, Window::time(Duration::from_secs(1))));
    assert!(by_time.is_sliced() && !by_time.is_quiet_but_counts() && by_time.layout() == Layout::Counts);
    let slow = word(Config::new().slow_rate(Duration::from_secs(1), 50, 1, Window::calls(5)));
    assert!(
        slow.times_calls() && !slow.passes_untimed() && slow.passes() && slow.layout() == Layout::WideBits
    );
}

#[test]
fn an_open_circuit_is_shut_and_one_that_moves_by_itself_is_asked() {
    let mut circuit = circuit(Config::new());
    let by_hand = |until| ByHand { reason: "a test".into(), until };
    circuit.set(State::Open, Cause::Forced, by_hand(Some(Moment::MAX)), Moment::ZERO);
    let word = StateWord::of(&circuit);
    assert!(word.is_shut() && !word.passes() && !word.records());
    assert_eq!((word.state(), word.epoch()), (State::Open, 1));
    circuit.set(State::Disabled, Cause::Forced, by_hand(Some(Moment::MAX)), Moment::ZERO);
    let word = StateWord::of(&circuit);
    assert!(!word.is_shut() && !word.passes(), "it ends by itself");
    circuit.set(State::Disabled, Cause::Forced, by_hand(None), Moment::ZERO);
    assert!(StateWord::of(&circuit).passes());
}

#[test]
fn a_word_in_change_differs_in_admission_only() {
    let word = StateWord::initial(&Config::new());
    let changed = word.in_change();
    assert!(!changed.passes() && !changed.is_shut());
    assert!(changed.records() && changed.counts() && changed.may_stripe());
    assert_eq!(
        (changed.state(), changed.epoch(), changed.layout()),
        (word.state(), word.epoch(), word.layout())
    );
}

#[test]
fn an_epoch_and_a_state_are_read_back() {
    let mut circuit = circuit(Config::new());
    for epoch in 1..=300 {
        circuit.set(
            State::Closed,
            Cause::Reset,
            ByHand { reason: "a test".into(), until: None },
            Moment::ZERO,
        );
        let word = StateWord::from_bits(StateWord::of(&circuit).to_bits());
        assert_eq!((word.epoch(), word.state(), circuit.epoch()), (epoch, State::Closed, epoch));
    }
}
