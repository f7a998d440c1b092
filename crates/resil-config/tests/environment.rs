//! Variables and arguments.
#![cfg(feature = "breaker")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use resil_config::{Config, LoadError};

const FILE: &str = "
resilience:
  circuit_breaker:
    reset_timeout: 10s
    instances:
      payments: { reset_timeout: 20s }
      api.example.com: {}
      with__two: {}
";

fn load(variables: &[(&str, &str)]) -> Result<Config, LoadError> {
    Config::loader().yaml(FILE).environment(variables.iter().copied()).load()
}

fn value(config: &Config, path: &str) -> String {
    config.explain().get(path).unwrap().value().into()
}

/// Details 25
#[test]
fn variables_name_sections_instances_and_words() {
    let config = load(&[
        ("RESIL_CIRCUIT_BREAKER__FAILURE_THRESHOLD", "3"),
        ("RESIL_CIRCUIT_BREAKER__PAYMENTS__RESET_TIMEOUT", "30s"),
        ("RESIL_CIRCUIT_BREAKER__API_EXAMPLE_COM__COOLDOWN", "1.5"),
        ("RESIL_CIRCUIT_BREAKER__WITH__TWO__SLOW_CALL", "{ secs: 2 }"),
        ("RESIL_CONFIG", "nowhere.yaml"),
        ("PATH", "/bin"),
        ("RESILIENT", "1"),
    ])
    .unwrap();
    assert_eq!(value(&config, "circuit_breaker.failure_threshold"), "3");
    assert_eq!(value(&config, "circuit_breaker.payments.reset_timeout"), "30s");
    assert_eq!(value(&config, "circuit_breaker.api.example.com.reset_timeout"), "1s 500ms");
    assert_eq!(value(&config, "circuit_breaker.with__two.slow_call"), "2s");
    let source = |path| config.explain().get(path).unwrap().source().to_string();
    assert_eq!(source("circuit_breaker.failure_threshold"), "RESIL_CIRCUIT_BREAKER__FAILURE_THRESHOLD");
}

/// The order of the sources goes before the order of sections and instances.
#[test]
fn a_variable_of_a_section_holds_for_instances_too() {
    let config = load(&[("RESIL_CIRCUIT_BREAKER__RESET_TIMEOUT", "5s")]).unwrap();
    assert_eq!(value(&config, "circuit_breaker.payments.reset_timeout"), "5s");
    let both = [
        ("RESIL_CIRCUIT_BREAKER__RESET_TIMEOUT", "5s"),
        ("RESIL_CIRCUIT_BREAKER__PAYMENTS__RESET_TIMEOUT", "6s"),
    ];
    let config = load(&both).unwrap();
    assert_eq!(value(&config, "circuit_breaker.payments.reset_timeout"), "6s");
}

#[test]
fn whatever_is_wrong_with_a_variable_is_told() {
    let error = load(&[
        ("RESIL_CIRCUT_BREAKER__WINDOW", "1"),
        ("RESIL_CIRCUIT_BREAKER", "1"),
        ("RESIL_CIRCUIT_BREAKER__RESET_TIMEOT", "1"),
        ("RESIL_CIRCUIT_BREAKER__RESET_TIMEOUT", "0"),
        ("RESIL_CIRCUIT_BREAKER__PAYMENT__RESET_TIMEOUT", "1"),
        ("RESIL_CIRCUIT_BREAKER__DEFAULT__RESET_TIMEOUT", "1"),
        ("RESIL_CIRCUIT_BREAKER__SUCCESS_THRESHOLD", ""),
        ("RESIL_CIRCUIT_BREAKER__FAILURE_THRESHOLD", "3"),
        ("RESIL_CIRCUIT_BREAKER__MAX_FAILURES", "3"),
        ("RESIL_PRESET", "prod"),
        ("RESIL_CONFG", "a"),
        ("RESIL_PIPELINES__PAYMENTS__DEADLINE", "1s"),
        ("RESIL_PIPELINES__PAYMENTS", "1s"),
    ])
    .unwrap_err();
    insta::assert_snapshot!(error, @r"
    RESIL_CIRCUIT_BREAKER: `CIRCUIT_BREAKER` is a section; which of its settings is missing
    RESIL_CIRCUIT_BREAKER__DEFAULT__RESET_TIMEOUT: `DEFAULT` is the section itself; leave it out
    RESIL_CIRCUIT_BREAKER__MAX_FAILURES: circuit_breaker.max_failures: is a second word for the same setting: `failure_threshold` and `max_failures`
    RESIL_CIRCUIT_BREAKER__PAYMENT__RESET_TIMEOUT: `PAYMENT` is no instance of `circuit_breaker`; did you mean `PAYMENTS`?
    RESIL_CIRCUIT_BREAKER__RESET_TIMEOT: circuit_breaker.reset_timeot: is not a setting; did you mean `reset_timeout`?
    RESIL_CIRCUIT_BREAKER__SUCCESS_THRESHOLD: circuit_breaker.success_threshold: has no value
    RESIL_CIRCUT_BREAKER__WINDOW: `CIRCUT_BREAKER` is not a section; did you mean `CIRCUIT_BREAKER`?
    RESIL_CONFG: `CONFG` is not a section; did you mean `CONFIG`?
    RESIL_PIPELINES__PAYMENTS: a pipeline and one of its parts are missing
    RESIL_PIPELINES__PAYMENTS__DEADLINE: `PAYMENTS` is no pipeline; there are none
    RESIL_PRESET: preset: `prod` is none of the words for it; known are development, disabled, production
    RESIL_CIRCUIT_BREAKER__RESET_TIMEOUT: circuit_breaker.reset_timeout: 0ns is out of range, allowed is 1ns to 100 years
    ");
}

/// Details 25
#[test]
fn names_that_collide_in_the_environment_are_an_error() {
    let file = "resilience: { circuit_breaker: { instances: { a-b: {}, a_b: {}, A b: {} } } }";
    let error = Config::loader().yaml(file).environment([("X", "")]).load().unwrap_err();
    insta::assert_snapshot!(error, @r"
    <yaml>:1:47: circuit_breaker.instances.a-b: cannot be told from `A b` in the environment, where both are `A_B`
    <yaml>:1:56: circuit_breaker.instances.a_b: cannot be told from `a-b` in the environment, where both are `A_B`
    ");
    assert!(Config::from_yaml(file).is_ok(), "without variables nothing collides");
}

#[test]
fn arguments_may_be_anything_that_a_file_could_say() {
    let config = Config::loader()
        .yaml(FILE)
        .set("circuit_breaker.failure_threshold", 3)
        .unwrap()
        .set("circuit_breaker.slow_call", std::time::Duration::from_millis(1_500))
        .unwrap()
        .set("circuit_breaker.instances.payments.window", "30s")
        .unwrap()
        .set("circuit_breaker.api.example.com.failure_rate", 0.25)
        .unwrap()
        .preset("production")
        .load()
        .unwrap();
    assert_eq!(value(&config, "circuit_breaker.failure_threshold"), "3");
    assert_eq!(value(&config, "circuit_breaker.slow_call"), "1s 500ms");
    assert_eq!(value(&config, "circuit_breaker.payments.window"), "30s");
    assert_eq!(value(&config, "circuit_breaker.api.example.com.failure_rate"), "25%");
    assert_eq!(value(&config, "circuit_breaker.success_threshold"), "3");
}

#[test]
fn whatever_is_wrong_with_an_argument_is_told() {
    let set = |path: &str| Config::loader().yaml(FILE).set(path, 0).unwrap().load().unwrap_err().to_string();
    let paths = [
        "circuit_breaker.failure_threshold",
        "circuit_breaker.failure_treshold",
        "circut_breaker.failure_threshold",
        "circuit_breaker.payment.failure_threshold",
        "circuit_breaker",
        "",
        "limits",
    ];
    insta::assert_snapshot!(paths.map(set).join("\n"), @r"
    argument: circuit_breaker.failure_threshold: 0 is out of range, allowed is 1 or more
    argument: circuit_breaker.failure_treshold: is not a setting; did you mean `failure_threshold`?
    argument: circut_breaker.failure_threshold: `circut_breaker` is not a section; did you mean `circuit_breaker`?
    argument: circuit_breaker.payment.failure_threshold: `payment` is no instance of `circuit_breaker`; did you mean `payments`?
    argument: circuit_breaker: `circuit_breaker` is a section; which of its settings is missing
    argument: `` is not a section; known are circuit_breaker, heartbeat, limits, pipelines, preset, rate_limiter, retry, shutdown, timeout, watchdog
    argument: limits: `0` is none of the words for it; known are kstlib
    ");
    let endless = "x".repeat(10 << 20);
    let error = Config::loader().set("circuit_breaker.window", endless).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument: circuit_breaker.window: is no value: it comes to too many values"
    );
}

#[test]
fn the_file_is_found_as_the_environment_says() {
    let folder = std::env::temp_dir().join(format!("resil-search-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("named.yaml");
    std::fs::write(&path, FILE).unwrap();
    let search = |named: &str| Config::loader().search().environment([("RESIL_CONFIG", named)]).load();
    let config = search(path.to_str().unwrap()).unwrap();
    assert_eq!(value(&config, "circuit_breaker.reset_timeout"), "10s");
    assert_eq!(value(&search("").unwrap(), "circuit_breaker.reset_timeout"), "1m");
    assert!(search("/nowhere.yaml").unwrap_err().to_string().starts_with("/nowhere.yaml: cannot be read: "));
    std::fs::remove_dir_all(folder).unwrap();
}
