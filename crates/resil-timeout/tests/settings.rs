//! Settings that are out of their range say so, and those in force can be read back.

use std::time::Duration;

use resil_timeout::{Config, MonotonicClock, Name, Timeout};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);
/// Almost a second.
const ALMOST: Duration = Duration::from_nanos(999_999_999);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

static NAMED: Timeout = Timeout::new(SECOND).named("payments");

fn error(config: Config) -> String {
    let error = Timeout::try_with_config("payments", config).expect_err("out of range");
    assert_eq!(config.check(), Err(error));
    assert_eq!(Timeout::try_with_clock(Name::UNNAMED, config, MonotonicClock).err(), Some(error));
    assert_eq!(Timeout::new(SECOND).reconfigure(config), Err(error));
    error.to_string()
}

// C2
#[test]
fn each_setting_out_of_its_range_is_named_with_its_value_and_the_range() {
    let texts = [
        error(Config::new(Duration::ZERO)),
        error(Config::new(CENTURY + NANO)),
        error(Config::new(Duration::MAX)),
        error(Config::new(SECOND).max_timeout(ALMOST)),
        error(Config::new(SECOND).max_timeout(CENTURY + NANO)),
        Timeout::try_new(Duration::ZERO).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r#"
    timeout: 0ns is out of range, allowed is 1ns to 100 years
    timeout: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    timeout: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    max_timeout: 999.999999ms is out of range, allowed is the timeout to 100 years
    max_timeout: 3153600000.000000001s is out of range, allowed is the timeout to 100 years
    timeout: 0ns is out of range, allowed is 1ns to 100 years
    "#);
}

// C2
#[test]
#[should_panic = "timeout is out of range, allowed is 1ns to 100 years"]
fn a_constant_out_of_its_range_panics() {
    let _ = Timeout::new(Duration::ZERO);
}

// C3
#[test]
fn the_settings_in_force_can_be_read_back_at_their_extremes() {
    let timeout = Timeout::try_new(NANO).expect("in range");
    assert_eq!((timeout.config(), timeout.name()), (Config::new(NANO), Name::UNNAMED));
    for limit in [NANO, SECOND, CENTURY] {
        for max in [None, Some(limit), Some(CENTURY)] {
            for (propagates, includes) in [(true, true), (true, false), (false, true), (false, false)] {
                let mut config =
                    Config::new(limit).propagate_deadline(propagates).include_queue_time(includes);
                config.max_timeout = max;
                timeout.reconfigure(config).expect("in range");
                assert_eq!(timeout.config(), config);
                assert_eq!(
                    timeout.within(Duration::MAX).limit(),
                    max.unwrap_or(Duration::from_nanos(u64::MAX))
                );
                assert_eq!(timeout.within(NANO).limit(), NANO);
                assert_eq!(Timeout::with_config("payments", config).config(), config);
            }
        }
    }
    assert_eq!((NAMED.name().as_str(), NAMED.config()), ("payments", Config::new(SECOND)));
}

// D3
#[test]
fn the_defaults_are_those_of_the_documentation() {
    let config = Config::new(SECOND);
    assert_eq!(
        (config.max_timeout, config.propagate_deadline, config.include_queue_time),
        (None, true, false)
    );
}

#[cfg(feature = "serde")]
#[test]
fn settings_and_stats_can_be_written() {
    let timeout = Timeout::with_config("payments", Config::new(SECOND));
    let written = serde_json::to_string(&(timeout.config(), timeout.stats())).expect("plain data");
    insta::assert_snapshot!(written, @r#"[{"default":"1s","max":"none","propagate_deadline":true,"include_queue_time":false},{"name":"payments","timed_out":0,"expired":0,"cancelled":0,"events_lost":0,"listener_panics":0}]"#);
}
