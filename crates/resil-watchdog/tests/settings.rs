//! Settings that are out of their range say so, and errors say what to do.

use std::error::Error;
use std::time::Duration;

use resil_watchdog::{Builder, Config, OutOfRange, Watchdog, WatchdogError};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);
const NANO: Duration = Duration::from_nanos(1);
/// Almost a millisecond.
const ALMOST: Duration = Duration::from_nanos(999_999);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

fn error(builder: Builder) -> String {
    match builder.start() {
        Err(error @ WatchdogError::OutOfRange(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn file() -> Builder {
    Watchdog::from_state_file("/nowhere", |_, _| true)
}

#[test]
fn each_setting_out_of_its_range_is_named_with_its_value_and_the_range() {
    let new = Watchdog::new;
    let texts = [
        error(new(Duration::from_nanos(3_999_999))),
        error(new(CENTURY + NANO)),
        error(new(Duration::MAX)),
        error(new(SECOND).check_interval(SECOND / 4 + NANO)),
        error(new(60 * SECOND).check_interval(SECOND + NANO)),
        error(new(SECOND).check_interval(ALMOST)),
        error(new(SECOND).startup_grace(CENTURY + NANO)),
        error(new(SECOND).repeat_every(ALMOST)),
        error(new(SECOND).repeat_every(Duration::MAX)),
        error(file().max_age(ALMOST)),
        error(file().max_age(CENTURY + NANO)),
        error(file().check_interval(ALMOST)),
        error(file().check_interval(Duration::MAX)),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    timeout: 3.999999ms is out of range, allowed is 4ms to 100 years
    timeout: 3153600000.000000001s is out of range, allowed is 4ms to 100 years
    timeout: 18446744073709551615.999999999s is out of range, allowed is 4ms to 100 years
    check_interval: 250.000001ms is out of range, allowed is 1ms to a quarter of the timeout, at most 1s
    check_interval: 1.000000001s is out of range, allowed is 1ms to a quarter of the timeout, at most 1s
    check_interval: 999.999µs is out of range, allowed is 1ms to a quarter of the timeout, at most 1s
    startup_grace: 3153600000.000000001s is out of range, allowed is 0 to 100 years
    repeat_every: 999.999µs is out of range, allowed is 1ms to 100 years
    repeat_every: 18446744073709551615.999999999s is out of range, allowed is 1ms to 100 years
    max_age: 999.999µs is out of range, allowed is 1ms to 100 years
    max_age: 3153600000.000000001s is out of range, allowed is 1ms to 100 years
    check_interval: 999.999µs is out of range, allowed is 1ms to 100 years
    check_interval: 18446744073709551615.999999999s is out of range, allowed is 1ms to 100 years
    ");
}

#[test]
fn the_extremes_of_each_setting_work() {
    for builder in [
        Watchdog::new(4 * MILLI).check_interval(MILLI).startup_grace(CENTURY).repeat_every(MILLI),
        Watchdog::new(CENTURY).check_interval(SECOND).startup_grace(CENTURY).repeat_every(CENTURY),
        file().max_age(CENTURY).check_interval(CENTURY).startup_grace(Duration::ZERO),
        file().max_age(MILLI).check_interval(MILLI),
    ] {
        let dog = builder.start().unwrap();
        assert!(dog.is_running());
        assert_eq!(dog.check(), Ok(()));
    }
}

#[test]
fn a_tick_is_a_quarter_of_the_timeout_and_at_most_a_second() {
    let tick = |builder: Builder| builder.start().unwrap().config().check_interval;
    assert_eq!(tick(Watchdog::new(SECOND)), Some(SECOND / 4));
    assert_eq!(tick(Watchdog::new(4 * SECOND)), Some(SECOND));
    assert_eq!(tick(Watchdog::new(30 * SECOND)), Some(SECOND));
    assert_eq!(tick(Watchdog::new(5 * MILLI)), Some(MILLI * 5 / 4));
}

/// W4
#[test]
fn a_file_is_looked_at_each_half_of_its_greatest_age_which_is_30_s() {
    let config = file().start().unwrap().config();
    assert_eq!((config.timeout, config.check_interval), (30 * SECOND, Some(15 * SECOND)));
    assert_eq!(config.startup_grace, Some(30 * SECOND));
    let config = file().max_age(8 * SECOND).check_interval(SECOND / 3).start().unwrap().config();
    assert_eq!((config.check_interval, config.startup_grace), (Some(SECOND / 3), Some(8 * SECOND)));
}

/// W1
#[test]
fn the_defaults_are_30_s_told_once() {
    let config = Config::default();
    assert_eq!((config.timeout, config.repeat_every, config.counted), (30 * SECOND, None, false));
    assert_eq!(config.check(), Ok(()));
    assert_eq!(config.check_for_file(), Ok(()));
    assert_eq!(Watchdog::with_config(config).start().unwrap().config().startup_grace, Some(30 * SECOND));
}

#[test]
fn errors_say_what_is_wrong() {
    let mut config = Config::new();
    config.timeout = Duration::ZERO;
    let out_of_range: OutOfRange = config.check().unwrap_err();
    let thread = WatchdogError::Thread(std::io::Error::other("no more threads"));
    assert_eq!(thread.source().unwrap().to_string(), "no more threads");
    let errors =
        [WatchdogError::from(out_of_range), WatchdogError::AlreadyRunning, WatchdogError::NoRuntime, thread];
    insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r"
    timeout: 0ns is out of range, allowed is 4ms to 100 years
    the watchdog is running already
    no runtime was given or found for the async callbacks
    no thread could be started for the monitor
    ");
}

#[test]
fn a_watchdog_that_is_not_started_shows_what_it_will_be() {
    let text = format!("{:?}", file().named("app").log().max_age(SECOND));
    assert!(text.contains("\"app\"") && text.contains("timeout: 1s") && text.contains("/nowhere"), "{text}");
}
