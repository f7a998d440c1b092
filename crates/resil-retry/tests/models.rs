//! Models of a budget that several threads share, and of settings that several threads change, under loom and shuttle.
//!
//! Stock loom skips interleavings of the thread that built the model, so all that races runs in spawned threads, and the first one only
//! builds, joins and asserts. Each model names the outcomes that it has to see.
#![cfg(any(loom, shuttle))]

use std::sync::Arc;

use resil_retry::testing::models::{Action, action, explore, race};
use resil_retry::{Attempt, Config, ManualClock, Moment, Retry, RetryBudget, Token};

/// Withdraws a token and spends it; whether there was one.
fn spends() -> Action<RetryBudget, bool> {
    action(|budget: &RetryBudget| budget.withdraw(Moment::ZERO).map(Token::spend).is_some())
}

/// Withdraws a token and lets it go; whether there was one.
fn lets_go() -> Action<RetryBudget, bool> {
    action(|budget: &RetryBudget| budget.withdraw(Moment::ZERO).is_some())
}

/// Makes a call that fails: deposits, and tries again if it may.
fn fails() -> Action<RetryBudget, bool> {
    action(|budget: &RetryBudget| {
        budget.deposit();
        budget.withdraw(Moment::ZERO).map(Token::spend).is_some()
    })
}

fn count(granted: &[bool]) -> usize {
    granted.iter().filter(|granted| **granted).count()
}

/// T5. Who got it.
#[test]
fn the_last_banked_token_goes_to_one_of_all_who_ask_at_once() {
    explore(&[vec![true, false], vec![false, true]], || {
        let budget = Arc::new(RetryBudget::new(100).floor(0));
        budget.deposit();
        let granted = race(&budget, vec![spends(), spends()]);
        assert_eq!(count(&granted), 1);
        assert_eq!((budget.stats().withdrawn, budget.stats().refused, budget.stats().balance), (1, 1, 0));
        granted
    });
}

/// T5. Who got it.
#[test]
fn the_last_token_of_the_floor_goes_to_one_of_all_who_ask_at_once() {
    explore(&[vec![true, false], vec![false, true]], || {
        let budget = Arc::new(RetryBudget::new(0).floor(1));
        let granted = race(&budget, vec![spends(), spends()]);
        assert_eq!(count(&granted), 1);
        granted
    });
}

/// T5. Each call pays half a token, so that the two together may try again once: whoever comes second, or nobody, if each saw the budget
/// before the other had paid, which the next one finds.
#[test]
fn calls_that_fail_at_once_try_again_as_often_as_they_have_paid_for() {
    explore(&[vec![true, false], vec![false, true]], || {
        let budget = Arc::new(RetryBudget::new(50).floor(0));
        let granted = race(&budget, vec![fails(), fails()]);
        assert!(count(&granted) <= 1);
        let left = budget.withdraw(Moment::ZERO).map(Token::spend).is_some();
        assert_eq!(count(&granted) + usize::from(left), 1);
        granted
    });
}

/// T5, C5. Whether the other one got it.
#[test]
fn a_token_that_comes_back_is_there_for_the_next() {
    explore(&[true, false], || {
        let budget = Arc::new(RetryBudget::new(100).floor(0));
        budget.deposit();
        let granted = race(&budget, vec![lets_go(), spends()]);
        let left = budget.withdraw(Moment::ZERO).map(Token::spend).is_some();
        assert_eq!(usize::from(granted[1]) + usize::from(left), 1, "a token that is lost or made");
        granted[1]
    });
}

/// T5, C5. How many tokens are banked then: one if it went from hand to hand, or also that of the floor.
#[test]
fn tokens_that_come_back_at_once_are_all_there() {
    explore(&[1, 2], || {
        let budget = Arc::new(RetryBudget::new(100).floor(1));
        budget.deposit();
        assert_eq!(count(&race(&budget, vec![lets_go(), lets_go()])), 2);
        let banked = budget.stats().balance;
        let left = std::iter::from_fn(|| budget.withdraw(Moment::ZERO).map(Token::spend)).count();
        assert_eq!(left, 2, "tokens that are lost or made");
        banked
    });
}

/// T5. How many the one who only asks got; two deposits, two tokens.
#[test]
fn who_sees_an_old_count_of_deposits_gets_nothing_for_it() {
    explore(&[0, 1], || {
        let budget = Arc::new(RetryBudget::new(100).floor(0));
        budget.deposit();
        let fails_and_goes_on = action(|budget: &RetryBudget| {
            budget.deposit();
            (0..2).filter(|_| budget.withdraw(Moment::ZERO).map(Token::spend).is_some()).count()
        });
        let asks = action(|budget: &RetryBudget| {
            usize::from(budget.withdraw(Moment::ZERO).map(Token::spend).is_some())
        });
        let granted = race(&budget, vec![fails_and_goes_on, asks]);
        assert!(granted.iter().sum::<usize>() <= 2, "{granted:?}");
        granted[1]
    });
}

/// Whether a call may make but one attempt then. Its first attempt goes by a word, and the later ones by the rest.
#[test]
fn whoever_changes_the_settings_last_has_changed_all_of_them() {
    explore(&[true, false], || {
        let retry = Arc::new(Retry::with_clock("api".into(), Config::new(), ManualClock::new()));
        let goes_over_to = |max_attempts| {
            action(move |retry: &Retry<ManualClock>| {
                retry.reconfigure(Config::new().max_attempts(max_attempts)).expect("in range");
            })
        };
        race(&retry, vec![goes_over_to(1), goes_over_to(5)]);
        let is_last = retry.call(|attempt: Attempt| Ok::<_, ()>(attempt.is_last())).expect("it succeeds");
        assert_eq!(is_last, retry.config().max_attempts == 1);
        is_last
    });
}
