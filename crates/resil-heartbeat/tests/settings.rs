//! Settings that are out of their range say so.
#![cfg(not(any(loom, shuttle)))]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use resil_heartbeat::{Config, Heartbeat, HeartbeatError};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);
/// A nanosecond less than a millisecond.
const TOO_SHORT: Duration = Duration::from_nanos(999_999);
const MICRO: Duration = Duration::from_micros(1);
const NANO: Duration = Duration::from_nanos(1);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

fn error(config: Config) -> String {
    let error = config.check().expect_err("out of range");
    match Heartbeat::builder().config(config).start() {
        Err(HeartbeatError::OutOfRange(told)) => assert_eq!(told, error),
        other => panic!("{other:?}"),
    }
    error.to_string()
}

#[test]
fn each_setting_out_of_its_range_is_named_with_its_value_and_the_range() {
    let new = Config::new;
    let texts = [
        error(new().interval(Duration::ZERO)),
        error(new().interval(TOO_SHORT)),
        error(new().interval(CENTURY + NANO)),
        error(new().interval(Duration::MAX)),
        error(new().progress_limit(999 * MICRO)),
        error(new().progress_limit(CENTURY + NANO)),
        error(new().target_repeat(TOO_SHORT, SECOND)),
        error(new().target_repeat(SECOND + NANO, SECOND)),
        error(new().target_repeat(SECOND, CENTURY + NANO)),
        error(new().target_repeat(Duration::ZERO, Duration::ZERO)),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    interval: 0ns is out of range, allowed is 1ms to 100 years
    interval: 999.999µs is out of range, allowed is 1ms to 100 years
    interval: 3153600000.000000001s is out of range, allowed is 1ms to 100 years
    interval: 18446744073709551615.999999999s is out of range, allowed is 1ms to 100 years
    progress_limit: 999µs is out of range, allowed is 1ms to 100 years
    progress_limit: 3153600000.000000001s is out of range, allowed is 1ms to 100 years
    target_repeat: 999.999µs is out of range, allowed is 1ms to the longest pause
    target_repeat: 1.000000001s is out of range, allowed is 1ms to the longest pause
    target_repeat_longest: 3153600000.000000001s is out of range, allowed is 1ms to 100 years
    target_repeat_longest: 0ns is out of range, allowed is 1ms to 100 years
    ");
}

#[test]
fn the_extremes_of_each_setting_work() {
    for config in [
        Config::new().interval(MILLI).progress_limit(MILLI).target_repeat(MILLI, MILLI),
        Config::new().interval(CENTURY).progress_limit(CENTURY).target_repeat(MILLI, CENTURY),
        Config::new().interval(CENTURY).fsync(true).ready_later(true),
        Config::default(),
    ] {
        let heartbeat = Heartbeat::builder().config(config).target(|| true).start().unwrap();
        assert_eq!(heartbeat.config(), config);
        let tickets = [heartbeat.progress("default"), heartbeat.progress_within("long", CENTURY).unwrap()];
        heartbeat.beat_now().unwrap();
        drop(tickets);
        heartbeat.stop().unwrap();
    }
}

#[test]
fn settings_one_by_one_are_those_of_the_whole() {
    let heartbeat = Heartbeat::builder()
        .interval(3 * SECOND)
        .fsync(true)
        .ready_later(true)
        .progress_limit(4 * SECOND)
        .target_repeat(SECOND, 5 * SECOND)
        .start()
        .unwrap();
    let config = Config::new().interval(3 * SECOND).fsync(true).ready_later(true).progress_limit(4 * SECOND);
    assert_eq!(heartbeat.config(), config.target_repeat(SECOND, 5 * SECOND));
    assert_eq!(Config::new().interval, Config::DEFAULT_INTERVAL);
    assert_eq!(Config::DEFAULT_INTERVAL, 10 * SECOND);
}

#[test]
fn a_ticket_with_a_limit_out_of_range_is_refused() {
    let heartbeat = Heartbeat::builder().start().unwrap();
    for limit in [Duration::ZERO, TOO_SHORT, CENTURY + NANO] {
        let error = heartbeat.progress_within("indexer", limit).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("progress_limit: {limit:?} is out of range, allowed is 1ms to 100 years")
        );
    }
    assert_eq!(heartbeat.stats().workers, 0);
}

/// What each error says.
#[test]
fn errors_read_as_sentences() {
    let error = || Arc::new(io::Error::other("no space left on device"));
    let errors = [
        Config::new().interval(Duration::ZERO).check().unwrap_err().into(),
        HeartbeatError::Metadata { key: "version".into(), why: "key must be a string".into() },
        HeartbeatError::File { path: "run/app.heartbeat".into(), error: error() },
        HeartbeatError::Sink(error()),
        HeartbeatError::Systemd(error()),
        HeartbeatError::WatchdogTooShort { interval: 10 * SECOND, watchdog: 10 * SECOND },
        HeartbeatError::NoRuntime,
        HeartbeatError::Thread(error()),
        HeartbeatError::Stopped,
        HeartbeatError::WithinABeat,
    ];
    let text = |error: HeartbeatError| match std::error::Error::source(&error) {
        Some(source) => format!("{error} <- {source}"),
        None => error.to_string(),
    };
    insta::assert_snapshot!(errors.map(text).join("\n"), @r#"
    interval: 0ns is out of range, allowed is 1ms to 100 years
    metadata "version": key must be a string
    run/app.heartbeat: the beat could not be written <- no space left on device
    a sink did not take the beat <- no space left on device
    systemd could not be told of the beat <- no space left on device
    interval: 10s is too long for systemd's watchdog of 10s
    there are async callbacks, and no runtime to run them with
    no thread could be started to beat on <- no space left on device
    the heartbeat was stopped
    a sink asked for a beat in the middle of one
    "#);
}
