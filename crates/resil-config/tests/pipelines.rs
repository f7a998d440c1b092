//! What pipelines name and what they have in place.
#![cfg(all(feature = "breaker", feature = "pipeline", feature = "ratelimit"))]

use resil_config::{Config, LoadError};

const FILE: &str = "
resilience:
  circuit_breaker: { failure_threshold: 7, instances: { payments: { reset_timeout: 9s } } }
  rate_limiter: { instances: { payments: { rate: 100 } } }
  retry: { max_attempts: 4, instances: { 2s: { max_attempts: 2 } } }
  timeout: { default: 20s, max: 1m, instances: { quick: { default: 1s } } }
  pipelines:
    payments: { deadline: 5s, retry: {}, circuit_breaker: payments, rate_limiter: payments, timeout: 2s }
    search: { circuit_breaker: { cooldown: 3 }, rate_limiter: default, timeout: quick, retry: 2s }
    empty:
";

fn load(extra: &[(&str, &str)]) -> Result<Config, LoadError> {
    Config::loader().yaml(FILE).environment(extra.iter().copied()).load()
}

fn said(config: &Config, path: &str) -> Option<(String, String)> {
    let explained = config.explain().get(path)?;
    Some((explained.value().into(), explained.source().to_string()))
}

#[test]
fn parts_are_named_or_in_place() {
    let config = load(&[]).unwrap();
    let value = |path| said(&config, path).map(|(value, _)| value);
    assert_eq!(value("pipelines.payments.deadline").unwrap(), "5s");
    assert_eq!(value("pipelines.payments.circuit_breaker").unwrap(), "payments");
    assert_eq!(value("pipelines.payments.rate_limiter").unwrap(), "payments");
    assert_eq!(
        value("pipelines.payments.retry.max_attempts").unwrap(),
        "4",
        "an empty one is as the section"
    );
    assert_eq!(value("pipelines.payments.timeout.default").unwrap(), "2s");
    assert_eq!(value("pipelines.payments.timeout.max").unwrap(), "1m", "the rest is as the section");
    assert_eq!(value("pipelines.search.circuit_breaker.reset_timeout").unwrap(), "3s");
    assert_eq!(value("pipelines.search.circuit_breaker.failure_threshold").unwrap(), "7");
    assert_eq!(value("pipelines.search.rate_limiter").unwrap(), "default");
    assert_eq!(value("pipelines.search.timeout").unwrap(), "quick");
    assert_eq!(value("pipelines.search.retry").unwrap(), "2s", "it is an instance's name");
    let source = said(&config, "pipelines.payments.timeout.default").unwrap().1;
    assert_eq!(source, "<yaml>:8:102");
}

#[test]
fn variables_reach_into_pipelines() {
    let config = load(&[
        ("RESIL_PIPELINES__PAYMENTS__DEADLINE", "6s"),
        ("RESIL_PIPELINES__PAYMENTS__TIMEOUT", "3s"),
        ("RESIL_PIPELINES__SEARCH__TIMEOUT", "4s"),
        ("RESIL_PIPELINES__PAYMENTS__RETRY__MAX_RETRIES", "8"),
        ("RESIL_PIPELINES__SEARCH__RATE_LIMITER", "payments"),
        ("RESIL_PIPELINES__EMPTY__RETRY", "{ max_attempts: 9 }"),
    ])
    .unwrap();
    let value = |path| said(&config, path).unwrap().0;
    assert_eq!(value("pipelines.payments.deadline"), "6s");
    assert_eq!(value("pipelines.payments.timeout.default"), "3s");
    assert_eq!(value("pipelines.search.timeout.default"), "4s");
    assert_eq!(value("pipelines.payments.retry.max_attempts"), "9");
    assert_eq!(value("pipelines.search.rate_limiter"), "payments");
    assert_eq!(value("pipelines.empty.retry.max_attempts"), "9");
    let error = load(&[
        ("RESIL_PIPELINES__PAYMENTS__CIRCUIT_BREAKER__RESET_TIMEOUT", "1"),
        ("RESIL_PIPELINES__PAYMENT__DEADLINE", "1"),
        ("RESIL_PIPELINES__PAYMENTS__DEADLIN", "1"),
        ("RESIL_PIPELINES__SEARCH__CIRCUIT_BREAKER__RESET_TIMEOT", "1"),
    ])
    .unwrap_err();
    insta::assert_snapshot!(error, @r"
    RESIL_PIPELINES__PAYMENTS__CIRCUIT_BREAKER__RESET_TIMEOUT: `circuit_breaker` of this pipeline is `payments`, and not in place: set it there
    RESIL_PIPELINES__PAYMENTS__DEADLIN: pipelines.payments.deadlin: is not a part of a pipeline; did you mean `deadline`?
    RESIL_PIPELINES__PAYMENT__DEADLINE: `PAYMENT` is no pipeline; did you mean `PAYMENTS`?
    RESIL_PIPELINES__SEARCH__CIRCUIT_BREAKER__RESET_TIMEOT: pipelines.search.circuit_breaker.reset_timeot: is not a setting; did you mean `reset_timeout`?
    ");
}

#[test]
fn whatever_is_wrong_with_a_pipeline_is_told() {
    let error = Config::from_yaml(
        "
resilience:
  circuit_breaker: { instances: { payments: {} } }
  pipelines:
    a: { circuit_breaker: paymnts, retry: 3, timeout: soon, rate_limiter: [1], deadline: 0 }
    b: { deadline: never, circuit_braker: payments, retry: { max_attempts: 0 }, timeout: 0, bulkhead: 3 }
    c: payments
    d: { retry: , timeout: { default: 1, max: 0.5 } }
",
    )
    .unwrap_err();
    insta::assert_snapshot!(error, @r#"
    <yaml>:5:27: pipelines.a.circuit_breaker: `paymnts` is no instance of `circuit_breaker`; did you mean `payments`?
    <yaml>:5:43: pipelines.a.retry: `3` is no instance of `retry`; known are default
    <yaml>:5:55: pipelines.a.timeout: `soon` is neither a duration nor an instance of `timeout`; known are default
    <yaml>:5:75: pipelines.a.rate_limiter: a list does not fit, wanted is a name or a mapping
    <yaml>:5:90: pipelines.a.deadline: `0` is out of range, allowed is 1ns to 100 years
    <yaml>:6:20: pipelines.b.deadline: "never" is no duration: write a number of seconds, or for example 500ms, 30s, 5m
    <yaml>:6:27: pipelines.b.circuit_braker: is not a part of a pipeline; did you mean `circuit_breaker`?
    <yaml>:6:76: pipelines.b.retry.max_attempts: 0 is out of range, allowed is 1 or more
    <yaml>:6:90: pipelines.b.timeout.default: 0ns is out of range, allowed is 1ns to 100 years
    <yaml>:6:93: pipelines.b.bulkhead: is not a part of a pipeline; known are circuit_breaker, deadline, rate_limiter, retry, timeout
    <yaml>:7:8: pipelines.c: `payments` does not fit, wanted is a mapping
    <yaml>:8:15: pipelines.d.retry: nothing does not fit, wanted is a name or a mapping
    <yaml>:8:47: pipelines.d.timeout.max: 500ms is out of range, allowed is the timeout to 100 years
    "#);
}
