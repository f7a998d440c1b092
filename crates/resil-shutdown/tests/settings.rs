//! Settings that are out of their range say so.

use std::time::Duration;

use resil_shutdown::{Config, GracefulShutdown, ShutdownError};

const SECOND: Duration = Duration::from_secs(1);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);
const NANO: Duration = Duration::from_nanos(1);

fn error(config: Config) -> String {
    let error = config.check().expect_err("out of range");
    assert_eq!(GracefulShutdown::try_with_config(config).err(), Some(error));
    error.to_string()
}

#[test]
fn each_setting_out_of_its_range_is_named_with_its_value_and_the_range() {
    let new = Config::new;
    let texts = [
        error(new().timeout(Duration::ZERO)),
        error(new().timeout(CENTURY + NANO)),
        error(new().timeout(Duration::MAX)),
        error(new().timeout(SECOND).drain_delay(SECOND)),
        error(new().timeout(SECOND).drain_timeout(SECOND + NANO)),
        error(new().progress_every(Duration::from_micros(999))),
        error(new().progress_every(Duration::MAX)),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
    timeout: 0ns is out of range, allowed is 1ns to 100 years
    timeout: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    timeout: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    drain_delay: 1s is out of range, allowed is 0 to less than the timeout
    drain_timeout: 1.000000001s is out of range, allowed is 0 to the timeout
    progress_every: 999µs is out of range, allowed is 1ms to 100 years
    progress_every: 18446744073709551615.999999999s is out of range, allowed is 1ms to 100 years
    ");
}

#[test]
fn the_extremes_of_each_setting_work() {
    for config in [
        Config::new().timeout(NANO),
        Config::new().timeout(CENTURY).drain_delay(Duration::ZERO).drain_timeout(CENTURY),
        Config::new()
            .timeout(60 * SECOND)
            .drain_timeout(Duration::ZERO)
            .progress_every(Duration::from_millis(1)),
        Config::new().signals(&[]).no_progress().force_exit_code(255),
    ] {
        let shutdown = GracefulShutdown::try_with_config(config).unwrap();
        assert_eq!(shutdown.config(), config);
        shutdown.register("a").priority(i32::MIN).run(|| ()).unwrap();
        shutdown.register("b").priority(i32::MAX).within(CENTURY).run(|| ()).unwrap();
        let report = shutdown.trigger_blocking();
        assert_eq!(report.callbacks().len(), 2);
        assert_eq!(
            (report.is_exceeded(), report.is_clean()),
            (config.timeout == NANO, config.timeout != NANO)
        );
    }
}

#[test]
#[should_panic = "timeout is out of range, allowed is 1ns to 100 years"]
fn the_constructor_for_statics_panics_with_the_field_and_the_range() {
    let _ = GracefulShutdown::with_config(Config::new().timeout(Duration::ZERO));
}

#[test]
fn a_callback_with_a_limit_out_of_range_is_refused() {
    let shutdown = GracefulShutdown::new();
    for limit in [Duration::ZERO, CENTURY + NANO] {
        let error = shutdown.register("flush").within(limit).run(|| ()).unwrap_err();
        assert!(matches!(error, ShutdownError::OutOfRange(..)));
        assert_eq!(
            error.to_string(),
            format!("flush: within: {limit:?} is out of range, allowed is 1ns to 100 years")
        );
    }
    assert!(shutdown.callbacks().is_empty());
}

#[test]
fn a_report_reads_as_a_table() {
    let shutdown = GracefulShutdown::new().named("api");
    shutdown.register("flush orders").priority(10).run(|| Err::<(), _>("disk full")).unwrap();
    shutdown.register("close database").run(|| ()).unwrap();
    let report = shutdown.run_blocking(|| Err::<(), _>("port taken"));
    let text = report.to_string();
    insta::assert_snapshot!(without_times(&text), @r"
    api: main ended, ended in T of 30s
           main: failed: port taken
       10  flush orders: failed: disk full, T
      100  close database: ok, T
           slowest: S
    ");
}

/// The text without what differs from run to run.
fn without_times(text: &str) -> String {
    let line = |line: &str| {
        let words = line.split(' ').map(|word| {
            let is_time =
                word.ends_with('s') && word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
            if is_time { "T" } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let lines = text.lines().map(line).map(|line| match line.split_once("slowest: ") {
        Some((before, _)) => format!("{before}slowest: S"),
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}
