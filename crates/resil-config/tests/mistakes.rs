//! K1: everything that is wrong is told at once, each with its place, path, value, range, and what was probably meant.
#![cfg(feature = "breaker")]

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
    insta::assert_snapshot!(error, @"");
    let has_place = |source: &Source| matches!(source, Source::File { line: 1.., column: 1.., .. });
    assert!(error.problems().iter().all(|problem| has_place(problem.source())));
}

/// A setting that instances inherit is told once, where it was said.
#[test]
fn an_inherited_mistake_is_told_once() {
    let text = "resilience: { circuit_breaker: { cooldown: 0, instances: { a: {}, b: {}, c: { cooldown: 0 } } } }";
    insta::assert_snapshot!(complaints(text), @"");
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
    insta::assert_snapshot!(complaints(text), @"");
}

/// What a section says for its instances need not make sense for itself.
#[test]
fn a_section_may_say_half_of_what_its_instances_need() {
    let text = "resilience: { circuit_breaker: { window: 30s, instances: { a: { failure_rate: 50% }, b: {} } } }";
    let config = Config::from_yaml(text).unwrap();
    assert_eq!(config.explain().get("circuit_breaker.a.window").unwrap().value(), "30s");
    let alone = complaints("resilience: { circuit_breaker: { window: 30s } }");
    insta::assert_snapshot!(alone, @"");
}

#[test]
fn a_missing_space_is_seen() {
    insta::assert_snapshot!(complaints("resilience:\n  circuit_breaker:\n    max_failures:5\n"), @"");
    insta::assert_snapshot!(complaints("resilience: { circuit_breaker: { max_failures:5 } }"), @"");
    insta::assert_snapshot!(complaints("resilience:\n  circuit_breaker:\n    max_failures:5\n    window: 5\n"), @"");
    insta::assert_snapshot!(complaints("resilience:\n  preset:production"), @"");
}

fn warnings(text: &str) -> String {
    let config = Config::from_yaml(text).unwrap();
    config.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// K0
#[test]
fn near_misses_of_our_own_key_are_warnings() {
    insta::assert_snapshot!(warnings("resilence: {}\nResilience: {}\nlogging: {}\nresilience:\n"), @"");
    insta::assert_snapshot!(warnings("circuit_breaker: {}\nlogging: {}"), @"");
    assert_eq!(warnings("logging: { resilence: 1 }\nretry: 5\nresilience: {}"), "");
}

/// K4
#[test]
fn misleading_words_and_doubtful_numbers_are_warnings() {
    let instance = "instances: { a: { success_threshold: 1 } }";
    let text = format!("resilience: {{ circuit_breaker: {{ timeout: 5, half_open_max_calls: 3, {instance} }} }}");
    insta::assert_snapshot!(warnings(&text), @"");
}

/// K4
#[test]
fn the_narrow_ranges_of_kstlib_hold_where_they_are_wanted() {
    let wide = "circuit_breaker: { max_failures: 101, cooldown: 2h, half_open_max_calls: 11, success_threshold: 1 }";
    assert!(Config::from_yaml(format!("resilience: {{ {wide} }}")).is_ok());
    insta::assert_snapshot!(complaints(&format!("resilience: {{ limits: kstlib, {wide} }}")), @"");
    for inside in ["max_failures: 1, cooldown: 1, half_open_max_calls: 1", "max_failures: 100, cooldown: 3600"] {
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
    insta::assert_snapshot!(complaints(text), @"");
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
