//! Settings that are out of their range say so; the extremes of each work.
#![cfg(not(any(loom, shuttle)))]

use std::time::Duration;

use resil_retry::{Backoff, BudgetConfig, Config, Jitter, ManualClock, Name, Retry, RetryBudget};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

fn error(config: Config) -> String {
    let error = config.check().expect_err("out of range");
    let refused = Retry::try_with_clock(Name::new("payments"), config, ManualClock::new());
    assert_eq!(refused.expect_err("out of range").to_string(), error.to_string());
    assert!(Retry::try_new("payments", config).is_err());
    error.to_string()
}

/// C2
#[test]
fn each_setting_out_of_its_range_is_named_with_its_value_and_the_range() {
    let with = |backoff| error(Config::new().backoff(backoff));
    let exponential = Backoff::exponential(SECOND);
    let texts = [
        error(Config::new().max_attempts(0)),
        error(Config::new().max_elapsed(Duration::ZERO)),
        error(Config::new().max_elapsed(CENTURY + NANO)),
        with(Backoff::fixed(CENTURY + NANO)),
        with(Backoff::linear(Duration::MAX)),
        with(Backoff::fibonacci(Duration::MAX)),
        with(Backoff::decorrelated(Duration::MAX)),
        with(Backoff::exponential(Duration::MAX)),
        with(exponential.factor(0.9)),
        with(exponential.factor(1_000.1)),
        with(exponential.factor(f64::NAN)),
        with(exponential.max(Duration::from_nanos(999_999_999))),
        with(exponential.max(CENTURY + NANO)),
        with(Backoff::by(|_| Duration::MAX).max(Duration::MAX)),
        with(exponential.jitter(Jitter::Fraction(-0.1))),
        with(exponential.jitter(Jitter::Fraction(1.1))),
        with(exponential.jitter(Jitter::Fraction(f64::NAN))),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    max_attempts: 0 is out of range, allowed is 1 or more
    max_elapsed: 0ns is out of range, allowed is 1ns to 100 years
    max_elapsed: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    backoff.base: 3153600000.000000001s is out of range, allowed is 0 to 100 years
    backoff.base: 18446744073709551615.999999999s is out of range, allowed is 0 to 100 years
    backoff.base: 18446744073709551615.999999999s is out of range, allowed is 0 to 100 years
    backoff.base: 18446744073709551615.999999999s is out of range, allowed is 0 to 100 years
    backoff.base: 18446744073709551615.999999999s is out of range, allowed is 0 to 100 years
    backoff.factor: 0.9 is out of range, allowed is 1.0 to 1,000.0
    backoff.factor: 1000.1 is out of range, allowed is 1.0 to 1,000.0
    backoff.factor: NaN is out of range, allowed is 1.0 to 1,000.0
    backoff.max: 999.999999ms is out of range, allowed is the base to 100 years
    backoff.max: 3153600000.000000001s is out of range, allowed is the base to 100 years
    backoff.max: 18446744073709551615.999999999s is out of range, allowed is the base to 100 years
    backoff.jitter: -0.1 is out of range, allowed is 0.0 to 1.0
    backoff.jitter: 1.1 is out of range, allowed is 0.0 to 1.0
    backoff.jitter: NaN is out of range, allowed is 0.0 to 1.0
    ");
}

/// C2
#[test]
fn each_setting_of_a_budget_out_of_its_range_is_named_too() {
    let error = |config: BudgetConfig| {
        assert!(config.check().is_err());
        RetryBudget::try_new(config).unwrap_err().to_string()
    };
    let texts = [
        error(BudgetConfig::new(101)),
        error(BudgetConfig::new(20).floor(1_000_001)),
        error(BudgetConfig::new(20).cap(0)),
        error(BudgetConfig::new(20).cap(1_000_001)),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    budget.share: 101% is out of range, allowed is 0% to 100%
    budget.floor: 1000001 is out of range, allowed is 0 to 1,000,000 per second
    budget.cap: 0 is out of range, allowed is 1 to 1,000,000 tokens
    budget.cap: 1000001 is out of range, allowed is 1 to 1,000,000 tokens
    ");
}

#[test]
fn the_extremes_of_each_setting_work() {
    let extremes = [
        Config::new().max_attempts(1).max_elapsed(NANO),
        Config::new().max_attempts(2).max_elapsed(CENTURY),
        Config::new().max_attempts(u32::MAX).max_elapsed(SECOND),
        Config::new().backoff(Backoff::fixed(Duration::ZERO)),
        Config::new().backoff(Backoff::fixed(CENTURY)),
        Config::new().backoff(Backoff::exponential(Duration::ZERO).factor(1_000.0).max(Duration::ZERO)),
        Config::new().backoff(Backoff::exponential(CENTURY).factor(1_000.0)),
        Config::new().backoff(Backoff::exponential(SECOND).factor(1.0).jitter(Jitter::Fraction(0.0))),
        Config::new().backoff(Backoff::fibonacci(CENTURY).max(CENTURY).jitter(Jitter::Fraction(1.0))),
        Config::new().backoff(Backoff::decorrelated(Duration::ZERO)),
        Config::new().backoff(Backoff::by(|_| Duration::MAX)),
    ];
    for config in extremes {
        assert_eq!(config.check(), Ok(()));
        let retry = Retry::try_with_clock(Name::UNNAMED, config, ManualClock::leaping()).unwrap();
        let limited = config.max_attempts > 10;
        let clock = ManualClock::leaping();
        let mut calls = 0;
        let judged = retry.on(|_: Result<&(), &()>| true);
        assert!(
            judged
                .call(|| {
                    calls += 1;
                    clock.advance(SECOND);
                    Err(())
                })
                .is_err()
        );
        assert!(calls >= 1 && (limited || calls <= config.max_attempts));
    }
    for config in
        [BudgetConfig::new(0).floor(0).cap(1), BudgetConfig::new(100).floor(1_000_000).cap(1_000_000)]
    {
        let budget = RetryBudget::try_new(config).unwrap();
        budget.deposit();
        assert_eq!(budget.withdraw(resil_retry::Moment::ZERO).is_some(), config.share_percent == 100);
        assert_eq!(budget.config(), config);
    }
}

/// T2
#[test]
fn the_defaults_are_three_attempts_and_full_jitter_up_to_ten_seconds() {
    let config = Config::default();
    assert_eq!((config.max_attempts, config.max_elapsed, config.retry_open_circuit), (3, None, false));
    let expected =
        Backoff::exponential(Duration::from_millis(100)).factor(2.0).max(10 * SECOND).jitter(Jitter::Full);
    assert_eq!(config.backoff, expected);
    let budget = RetryBudget::new(20).config();
    assert_eq!((budget.share_percent, budget.floor_per_second, budget.cap), (20, 10, 100));
}

#[test]
fn plans_are_equal_if_all_of_them_is() {
    fn at_once(_: u32) -> Duration {
        Duration::ZERO
    }
    fn by_attempt(attempt: u32) -> Duration {
        Duration::from_secs(attempt.into())
    }
    let exponential = Backoff::exponential(SECOND);
    let plans = [
        Backoff::fixed(SECOND),
        Backoff::fixed(2 * SECOND),
        Backoff::linear(SECOND),
        Backoff::fibonacci(SECOND),
        Backoff::decorrelated(SECOND),
        exponential,
        exponential.factor(3.0),
        exponential.max(SECOND),
        exponential.jitter(Jitter::Full),
        Backoff::by(at_once),
        Backoff::by(by_attempt),
    ];
    for (a, plan) in plans.iter().enumerate() {
        for (b, other) in plans.iter().enumerate() {
            assert_eq!(plan == other, a == b, "{plan:?} and {other:?}");
        }
    }
    assert_eq!(Backoff::fixed(SECOND).factor(3.0), Backoff::fixed(SECOND));
}
