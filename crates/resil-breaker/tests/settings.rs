//! Settings beyond the ends of their ranges: each is an error that names field, value and range, wherever it is passed in.
#![cfg(not(any(loom, shuttle)))]

use std::time::Duration;

use resil_breaker::{
    CircuitBreaker, CircuitBreakers, Config, ConfigError, ManualClock, Name, Reopen, Window,
};

const NANO: Duration = Duration::from_nanos(1);
const MICRO: Duration = Duration::from_micros(1);
const SECOND: Duration = Duration::from_secs(1);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);
const BEYOND: Duration = CENTURY.saturating_add(NANO);

/// The text of the error, which every way to make or change a breaker has to return.
fn complaint(wrong: Config) -> String {
    let error = wrong.check().expect_err("out of range");
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::unnamed(Config::new());
    let told = [
        CircuitBreaker::try_new("payments", wrong).expect_err("out of range"),
        CircuitBreaker::try_with_clock(Name::UNNAMED, wrong, clock.clone()).expect_err("out of range"),
        CircuitBreakers::<u8, _>::try_with_clock(Name::UNNAMED, wrong, clock).expect_err("out of range"),
        breaker.reconfigure(wrong).expect_err("out of range"),
    ];
    // As texts: a value that is no number does not equal itself.
    assert_eq!(told.map(|error| error.to_string()), [(); 4].map(|()| error.to_string()));
    assert_eq!(breaker.config(), Config::new(), "a refused configuration changes nothing");
    assert!(error.to_string().starts_with(error.field()) && error.to_string().ends_with(error.allowed()));
    error.to_string()
}

fn complaints(wrong: impl IntoIterator<Item = Config>) -> String {
    wrong.into_iter().map(complaint).collect::<Vec<_>>().join("\n")
}

#[test]
fn wrong_counts_are_refused() {
    let config = Config::new();
    insta::assert_snapshot!(complaints([
        config.failure_threshold(0),
        config.half_open_max_calls(0),
        config.half_open_max_calls(1_001),
        config.half_open_max_calls(u32::MAX),
        config.success_threshold(0),
    ]), @r"
    failure_threshold: 0 is out of range, allowed is 1 or more
    half_open_max_calls: 0 is out of range, allowed is 1 to 1,000
    half_open_max_calls: 1001 is out of range, allowed is 1 to 1,000
    half_open_max_calls: 4294967295 is out of range, allowed is 1 to 1,000
    success_threshold: 0 is out of range, allowed is 1 or more
    ");
}

#[test]
fn wrong_shares_are_refused() {
    let (config, window) = (Config::new(), Window::calls(10));
    insta::assert_snapshot!(complaints([
        config.failure_rate(0, 1, window),
        config.failure_rate(101, 1, window),
        config.failure_rate(u8::MAX, 1, window),
        config.slow_rate(SECOND, 0, 1, window),
        config.slow_rate(SECOND, 101, 1, window),
        config.half_open_failure_rate(0),
        config.half_open_failure_rate(101),
    ]), @r"
    failure_rate: 0% is out of range, allowed is 1% to 100%
    failure_rate: 101% is out of range, allowed is 1% to 100%
    failure_rate: 255% is out of range, allowed is 1% to 100%
    slow_call_rate: 0% is out of range, allowed is 1% to 100%
    slow_call_rate: 101% is out of range, allowed is 1% to 100%
    half_open_failure_rate: 0% is out of range, allowed is 1% to 100%
    half_open_failure_rate: 101% is out of range, allowed is 1% to 100%
    ");
}

#[test]
fn windows_that_cannot_be_are_refused() {
    let rate = |window| Config::new().failure_rate(50, 1, window);
    let slow = |window| Config::new().slow_rate(SECOND, 50, 1, window);
    insta::assert_snapshot!(complaints([
        rate(Window::calls(0)),
        rate(Window::calls(1_000_001)),
        rate(Window::calls(u32::MAX)),
        rate(Window::time(Duration::ZERO)),
        rate(Window::time(MICRO.saturating_sub(NANO))),
        rate(Window::time(BEYOND)),
        rate(Window::time(Duration::MAX)),
        rate(Window::slices(SECOND, 0)),
        rate(Window::slices(SECOND, 1_001)),
        rate(Window::slices(SECOND, u32::MAX)),
        rate(Window::slices(Duration::ZERO, 0)),
        slow(Window::calls(0)),
        slow(Window::time(MICRO.saturating_sub(NANO))),
        slow(Window::slices(Duration::MAX, 1_000)),
        rate(Window::Time { span: SECOND, slices: 0 }),
    ]), @r"
    window: 0 is out of range, allowed is 1 to 1,000,000 calls
    window: 1000001 is out of range, allowed is 1 to 1,000,000 calls
    window: 4294967295 is out of range, allowed is 1 to 1,000,000 calls
    window: 0ns is out of range, allowed is 1us to 100 years
    window: 999ns is out of range, allowed is 1us to 100 years
    window: 3153600000.000000001s is out of range, allowed is 1us to 100 years
    window: 18446744073709551615.999999999s is out of range, allowed is 1us to 100 years
    window_slices: 0 is out of range, allowed is 1 to 1,000
    window_slices: 1001 is out of range, allowed is 1 to 1,000
    window_slices: 4294967295 is out of range, allowed is 1 to 1,000
    window_slices: 0 is out of range, allowed is 1 to 1,000
    window: 0 is out of range, allowed is 1 to 1,000,000 calls
    window: 999ns is out of range, allowed is 1us to 100 years
    window: 18446744073709551615.999999999s is out of range, allowed is 1us to 100 years
    window_slices: 0 is out of range, allowed is 1 to 1,000
    ");
}

#[test]
fn a_minimum_of_calls_that_no_window_can_hold_is_refused() {
    let rate = |min_calls, window| Config::new().failure_rate(50, min_calls, window);
    let slow = |min_calls, window| Config::new().slow_rate(SECOND, 50, min_calls, window);
    insta::assert_snapshot!(complaints([
        rate(0, Window::calls(10)),
        rate(0, Window::time(SECOND)),
        rate(11, Window::calls(10)),
        rate(u32::MAX, Window::calls(1_000_000)),
        slow(0, Window::time(SECOND)),
        slow(2, Window::calls(1)),
    ]), @r"
    min_calls: 0 is out of range, allowed is 1 or more
    min_calls: 0 is out of range, allowed is 1 or more
    min_calls: 11 is out of range, allowed is 1 to the number of calls in the window
    min_calls: 4294967295 is out of range, allowed is 1 to the number of calls in the window
    min_calls: 0 is out of range, allowed is 1 or more
    min_calls: 2 is out of range, allowed is 1 to the number of calls in the window
    ");
    assert_eq!(rate(10, Window::calls(10)).check(), Ok(()));
    assert_eq!(rate(u32::MAX, Window::time(SECOND)).check(), Ok(()));
}

#[test]
fn wrong_times_are_refused() {
    let config = Config::new();
    let setters: [fn(Config, Duration) -> Config; 5] = [
        |config, span| config.reset_timeout(span),
        |config, span| config.probe_timeout(span),
        |config, span| config.max_half_open(span),
        |config, span| config.ramp_up(span),
        |config, span| config.slow_rate(span, 50, 1, Window::calls(1)),
    ];
    let wrong = [Duration::ZERO, BEYOND, Duration::MAX];
    let all = setters.into_iter().flat_map(|set| wrong.map(|span| set(config, span)));
    insta::assert_snapshot!(complaints(all), @r"
    reset_timeout: 0ns is out of range, allowed is 1ns to 100 years
    reset_timeout: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    reset_timeout: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    probe_timeout: 0ns is out of range, allowed is 1ns to 100 years
    probe_timeout: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    probe_timeout: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    max_half_open: 0ns is out of range, allowed is 1ns to 100 years
    max_half_open: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    max_half_open: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    ramp_up: 0ns is out of range, allowed is 1ns to 100 years
    ramp_up: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    ramp_up: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    slow_call: 0ns is out of range, allowed is 1ns to 100 years
    slow_call: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    slow_call: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    ");
    for set in setters {
        assert_eq!(set(config, NANO).check(), Ok(()));
        assert_eq!(set(config, CENTURY).check(), Ok(()));
    }
}

#[test]
fn wrong_growth_is_refused() {
    let growth = Reopen::exponential(SECOND);
    insta::assert_snapshot!(complaints([
        growth.factor(0.999),
        growth.factor(0.0),
        growth.factor(-2.0),
        growth.factor(1_000.1),
        growth.factor(f64::NAN),
        growth.factor(f64::INFINITY),
        growth.factor(f64::NEG_INFINITY),
        growth.factor(f64::MAX),
        growth.jitter(-0.1),
        growth.jitter(-f64::MIN_POSITIVE),
        growth.jitter(1.1),
        growth.jitter(f64::NAN),
        growth.jitter(f64::INFINITY),
        growth.max(SECOND.saturating_sub(NANO)),
        growth.max(Duration::ZERO),
        growth.max(BEYOND),
        growth.max(Duration::MAX),
        Reopen::exponential(Duration::ZERO),
        Reopen::exponential(BEYOND),
        Reopen::exponential(Duration::MAX),
        Reopen::exponential(Duration::MAX).factor(f64::NAN),
        Reopen::fixed(Duration::ZERO),
        Reopen::fixed(Duration::MAX),
    ].map(|reopen| Config::new().reopen(reopen))), @r"
    reopen_factor: 0.999 is out of range, allowed is 1.0 to 1,000.0
    reopen_factor: 0.0 is out of range, allowed is 1.0 to 1,000.0
    reopen_factor: -2.0 is out of range, allowed is 1.0 to 1,000.0
    reopen_factor: 1000.1 is out of range, allowed is 1.0 to 1,000.0
    reopen_factor: NaN is out of range, allowed is 1.0 to 1,000.0
    reopen_factor: inf is out of range, allowed is 1.0 to 1,000.0
    reopen_factor: -inf is out of range, allowed is 1.0 to 1,000.0
    reopen_factor: 1.7976931348623157e308 is out of range, allowed is 1.0 to 1,000.0
    reopen_jitter: -0.1 is out of range, allowed is 0.0 to 1.0
    reopen_jitter: -2.2250738585072014e-308 is out of range, allowed is 0.0 to 1.0
    reopen_jitter: 1.1 is out of range, allowed is 0.0 to 1.0
    reopen_jitter: NaN is out of range, allowed is 0.0 to 1.0
    reopen_jitter: inf is out of range, allowed is 0.0 to 1.0
    reopen_max: 999.999999ms is out of range, allowed is the first timeout to 100 years
    reopen_max: 0ns is out of range, allowed is the first timeout to 100 years
    reopen_max: 3153600000.000000001s is out of range, allowed is the first timeout to 100 years
    reopen_max: 18446744073709551615.999999999s is out of range, allowed is the first timeout to 100 years
    reset_timeout: 0ns is out of range, allowed is 1ns to 100 years
    reset_timeout: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    reset_timeout: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    reopen_factor: NaN is out of range, allowed is 1.0 to 1,000.0
    reset_timeout: 0ns is out of range, allowed is 1ns to 100 years
    reset_timeout: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    ");
    for reopen in [growth.factor(1.0), growth.factor(1_000.0), growth.jitter(0.0), growth.jitter(1.0)] {
        assert_eq!(Config::new().reopen(reopen).check(), Ok(()));
    }
    for reopen in [growth.max(SECOND), growth.max(CENTURY), Reopen::exponential(CENTURY)] {
        assert_eq!(Config::new().reopen(reopen).check(), Ok(()));
    }
}

#[test]
fn wrong_capacities_are_refused() {
    let with = |capacity| CircuitBreakers::<u64>::new("tenants", Config::new()).with_capacity(capacity);
    let text = |capacity| with(capacity).expect_err("out of range").to_string();
    insta::assert_snapshot!([0, (1 << 24) + 1, usize::MAX].map(text).join("\n"), @r"
    capacity: 0 is out of range, allowed is 1 to 16,777,216 keys
    capacity: 16777217 is out of range, allowed is 1 to 16,777,216 keys
    capacity: 18446744073709551615 is out of range, allowed is 1 to 16,777,216 keys
    ");
    assert_eq!(with(1).map(|registry| registry.capacity()), Ok(1));
    assert_eq!(with(1 << 24).map(|registry| registry.capacity()), Ok(1 << 24));
}

#[test]
fn the_first_wrong_setting_is_told_and_no_later_one_mends_it() {
    let wrong = Config::new().failure_threshold(0).half_open_max_calls(0).failure_threshold(5);
    let told: ConfigError = wrong.check().unwrap_err();
    assert_eq!(told.to_string(), "failure_threshold: 0 is out of range, allowed is 1 or more");
}

#[test]
fn a_registry_with_a_wrong_setting_panics_with_field_value_and_range() {
    let wrong = || CircuitBreakers::<u8>::new("tenants", Config::new().ramp_up(Duration::ZERO));
    let panic = std::panic::catch_unwind(wrong).unwrap_err();
    let text = panic.downcast_ref::<String>().expect("a text");
    assert_eq!(text, "ramp_up: 0ns is out of range, allowed is 1ns to 100 years");
}
