//! K1: everything that is wrong is told at once, each with its place, path, value, range, and what was probably meant.
#![cfg(feature = "breaker")]
#![expect(clippy::unwrap_used, reason = "a test")]

use resil_config::{Config, Source};

fn complaints(text: &str) -> String {
    Config::from_yaml(text).unwrap_err().to_string()
}

#[test]
fn many_mistakes_in_one_file_give_as_many_messages() {
    let error = Config::from_yaml(
        "resilience:
  preset: prodution
  circuit_braker: {}
  health_check: {}
  circuit_breaker:
    failure_treshold: 3
    max_failures: 0
    failure_threshold: 4
    reset_timeout: soon
    failure_rate: 150%
    half_open_max_calls: 5000
    success_threshold: 0
    on_cancel: failur
    ramp_up: { secs: 1, nano: 3 }
    probe_timeout:
    counters: 'yes'
    striped: true
    striped: true
    instances:
      default: {}
      payments: { min_calls: [1], window: 30s, slow_call_rate: 50, retry: 1 }
",
    )
    .unwrap_err();
    insta::assert_snapshot!(error, @r#"
    <yaml>:2:11: preset: `prodution` is none of the words for it; did you mean `production`?
    <yaml>:3:3: circuit_braker: is not a section; did you mean `circuit_breaker`?
    <yaml>:4:3: health_check: is reserved for health checks, which have no settings yet
    <yaml>:6:5: circuit_breaker.failure_treshold: is not a setting; did you mean `failure_threshold`?
    <yaml>:7:19: circuit_breaker.max_failures: 0 is out of range, allowed is 1 or more
    <yaml>:8:5: circuit_breaker.failure_threshold: is a second word for the same setting: `max_failures` and `failure_threshold`
    <yaml>:9:20: circuit_breaker.reset_timeout: "soon" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    <yaml>:10:19: circuit_breaker.failure_rate: 150% is more than the whole: write a share from 0% to 100%, or from 0.0 to 1.0
    <yaml>:11:26: circuit_breaker.half_open_max_calls: 5000 is out of range, allowed is 1 to 1,000
    <yaml>:12:24: circuit_breaker.success_threshold: 0 is out of range, allowed is 1 or more
    <yaml>:13:16: circuit_breaker.on_cancel: `failur` is none of the words for it; did you mean `failure`?
    <yaml>:14:25: circuit_breaker.ramp_up: `nano` is not a part of it; did you mean `nanos`?
    <yaml>:15:5: circuit_breaker.probe_timeout: has no value
    <yaml>:16:15: circuit_breaker.counters: `yes` does not fit, wanted is true or false
    <yaml>:18:5: circuit_breaker.striped: is there twice, first in line 17
    <yaml>:20:7: circuit_breaker.instances.default: is the name of `circuit_breaker` itself; write these settings there
    <yaml>:21:30: circuit_breaker.instances.payments.min_calls: a list does not fit, wanted is a whole number from 0 to 4294967295
    <yaml>:21:64: circuit_breaker.instances.payments.slow_call_rate: 50 is more than the whole: write 50% or 0.5
    <yaml>:21:68: circuit_breaker.instances.payments.retry: is not a setting; no word that is known is like it
    "#);
    let has_place = |source: &Source| matches!(source, Source::File { line: 1.., column: 1.., .. });
    assert!(error.problems().iter().all(|problem| has_place(problem.source())));
}

/// A setting that instances inherit is told once, where it was said.
#[test]
fn an_inherited_mistake_is_told_once() {
    let text =
        "resilience: { circuit_breaker: { cooldown: 0, instances: { a: {}, b: {}, c: { cooldown: 0 } } } }";
    insta::assert_snapshot!(complaints(text), @r"
    <yaml>:1:44: circuit_breaker.cooldown: 0ns is out of range, allowed is 1ns to 100 years
    <yaml>:1:89: circuit_breaker.instances.c.cooldown: 0ns is out of range, allowed is 1ns to 100 years
    ");
}

#[test]
fn settings_that_make_no_sense_together_are_told_where_they_meet() {
    let text = "
resilience:
  circuit_breaker:
    min_calls: 200
    instances:
      a: { failure_rate: 50%, window: 100 }
      b: { failure_rate: 50%, window: 200 }
      c: { window: 5 }
      d: { slow_call_rate: 1% }
";
    insta::assert_snapshot!(complaints(text), @r"
    <yaml>:4:16: circuit_breaker.min_calls: 200 is out of range, allowed is 1 to the number of calls in the window, in circuit_breaker.instances.a
    <yaml>:8:20: circuit_breaker.instances.c.window: needs failure_rate or slow_call
    <yaml>:9:28: circuit_breaker.instances.d.slow_call_rate: needs slow_call
    ");
}

/// What a section says for its instances need not make sense for itself.
#[test]
fn a_section_may_say_half_of_what_its_instances_need() {
    let text =
        "resilience: { circuit_breaker: { window: 30s, instances: { a: { failure_rate: 50% }, b: {} } } }";
    let config = Config::from_yaml(text).unwrap();
    assert_eq!(config.explain().get("circuit_breaker.a.window").unwrap().value(), "30s");
    let alone = complaints("resilience: { circuit_breaker: { window: 30s } }");
    insta::assert_snapshot!(alone, @"<yaml>:1:42: circuit_breaker.window: needs failure_rate or slow_call");
}

#[test]
fn a_missing_space_is_seen() {
    insta::assert_snapshot!(complaints("resilience:\n  circuit_breaker:\n    max_failures:5\n"), @"<yaml>:3:5: circuit_breaker: `max_failures:5` does not fit, wanted is a mapping; a space is missing after the colon: `max_failures: 5`");
    insta::assert_snapshot!(complaints("resilience: { circuit_breaker: { max_failures:5 } }"), @"<yaml>:1:34: circuit_breaker.max_failures:5: is not a setting; a space is missing after the colon: `max_failures: 5`");
    insta::assert_snapshot!(complaints("resilience:\n  circuit_breaker:\n    max_failures:5\n    window: 5\n"), @"<yaml>:4:11: is not YAML: mapping values are not allowed in this context; a space is missing after the colon: `max_failures: 5`");
    insta::assert_snapshot!(complaints("resilience:\n  preset:production"), @"<yaml>:2:3: `preset:production` does not fit, wanted is a mapping; a space is missing after the colon: `preset: production`");
}

fn warnings(text: &str) -> String {
    let config = Config::from_yaml(text).unwrap();
    config.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// K0
#[test]
fn near_misses_of_our_own_key_are_warnings() {
    insta::assert_snapshot!(warnings("resilence: {}\nResilience: {}\nlogging: {}\nresilience:\n"), @r"
    <yaml>:1:1: `resilence` is passed over; did you mean `resilience`?
    <yaml>:2:1: `Resilience` is passed over; did you mean `resilience`?
    ");
    insta::assert_snapshot!(warnings("circuit_breaker: {}\nlogging: {}"), @"<yaml>:1:1: `circuit_breaker` is passed over; settings are read below `resilience` only");
    assert_eq!(warnings("logging: { resilence: 1 }\nretry: 5\nresilience: {}"), "");
}

/// K4
#[test]
fn misleading_words_and_doubtful_numbers_are_warnings() {
    let instance = "instances: { a: { success_threshold: 1 } }";
    let text =
        format!("resilience: {{ circuit_breaker: {{ timeout: 5, half_open_max_calls: 3, {instance} }} }}");
    insta::assert_snapshot!(warnings(&text), @r"
    <yaml>:1:34: circuit_breaker.timeout: is read as `reset_timeout`, which is the clearer word
    <yaml>:1:67: circuit_breaker.half_open_max_calls: 3 without `success_threshold` means that 3 successes close the circuit; say how many it shall be
    ");
}

/// K4
#[test]
fn the_narrow_ranges_of_kstlib_hold_where_they_are_wanted() {
    let wide =
        "circuit_breaker: { max_failures: 101, cooldown: 2h, half_open_max_calls: 11, success_threshold: 1 }";
    assert!(Config::from_yaml(format!("resilience: {{ {wide} }}")).is_ok());
    insta::assert_snapshot!(complaints(&format!("resilience: {{ limits: kstlib, {wide} }}")), @r"
    <yaml>:1:64: circuit_breaker.max_failures: 101 is out of range, with `limits: kstlib` allowed is 1 to 100
    <yaml>:1:79: circuit_breaker.cooldown: 2h is out of range, with `limits: kstlib` allowed is 1s to 1h
    <yaml>:1:104: circuit_breaker.half_open_max_calls: 11 is out of range, with `limits: kstlib` allowed is 1 to 10
    ");
    for inside in
        ["max_failures: 1, cooldown: 1, half_open_max_calls: 1", "max_failures: 100, cooldown: 3600"]
    {
        let text = format!("resilience: {{ limits: kstlib, circuit_breaker: {{ {inside} }} }}");
        assert!(Config::from_yaml(text).is_ok(), "{inside}");
    }
}

/// K4
#[cfg(all(feature = "heartbeat", feature = "shutdown", feature = "watchdog"))]
#[test]
fn the_narrow_ranges_of_kstlib_are_those_of_processes_too() {
    let text = "
resilience:
  limits: kstlib
  shutdown: { timeout: 4 }
  heartbeat: { interval: 301 }
  watchdog: { timeout: 2h }
";
    insta::assert_snapshot!(complaints(text), @r"
    <yaml>:4:24: shutdown.timeout: 4s is out of range, with `limits: kstlib` allowed is 5s to 5m
    <yaml>:5:26: heartbeat.interval: 5m 1s is out of range, with `limits: kstlib` allowed is 1s to 5m
    <yaml>:6:24: watchdog.timeout: 2h is out of range, with `limits: kstlib` allowed is 1s to 1h
    ");
    let limits = ["shutdown: { timeout: 300 }", "heartbeat: { interval: 1 }", "watchdog: { timeout: 1h }"];
    for inside in limits {
        assert!(Config::from_yaml(format!("resilience: {{ limits: kstlib, {inside} }}")).is_ok(), "{inside}");
    }
}

#[cfg(not(feature = "watchdog"))]
#[test]
fn a_section_that_is_not_compiled_in_is_a_warning() {
    let expected = "<yaml>:1:15: watchdog: is passed over: feature `watchdog` of resil-config is off";
    assert_eq!(warnings("resilience: { watchdog: { anything: 1 } }"), expected);
}
