//! The blocks of the documentation, word for word.
#![cfg(all(
    feature = "breaker",
    feature = "heartbeat",
    feature = "pipeline",
    feature = "ratelimit",
    feature = "shutdown",
    feature = "watchdog"
))]

use resil_config::Config;

fn load(text: &str) -> Config {
    Config::from_yaml(text).unwrap_or_else(|error| panic!("{error}"))
}

fn assert_values(config: &Config, expected: &[(&str, &str)]) {
    for (path, value) in expected {
        let explained = config.explain().get(path).unwrap_or_else(|| panic!("nothing says {path}"));
        assert_eq!(explained.value(), *value, "{path}");
        assert_ne!(explained.source().to_string(), "built-in", "{path}");
    }
}

/// The smallest block that kstlib documents.
#[test]
fn the_block_of_kstlib_loads() {
    let config = load(
        "resilience:
  circuit_breaker:
    max_failures: 5
    reset_timeout: 60
  shutdown:
    default_timeout: 30
  heartbeat:
    interval: 10
  watchdog:
    timeout: 30
",
    );
    assert_values(&config, SMALL);
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
}

const SMALL: &[(&str, &str)] = &[
    ("circuit_breaker.failure_threshold", "5"),
    ("circuit_breaker.reset_timeout", "1m"),
    ("shutdown.timeout", "30s"),
    ("heartbeat.interval", "10s"),
    ("watchdog.timeout", "30s"),
];

#[test]
fn the_same_on_a_line_each_loads() {
    let config = load(
        "resilience:
  circuit_breaker: { max_failures: 5, reset_timeout: 60 }
  shutdown: { default_timeout: 30 }
  heartbeat: { interval: 10 }
  watchdog: { timeout: 30 }
",
    );
    assert_values(&config, SMALL);
}

const FULL: &str = r#"resilience:
  preset: production                       # production | development | disabled
  circuit_breaker:                         # defaults of every breaker
    failure_threshold: 5
    reset_timeout: 60s
    instances:
      payments: { failure_rate: 50%, min_calls: 20, window: 30s, slow_call: 2s, half_open_max_calls: 3 }
  rate_limiter:
    instances: { payments: { rate: 100, per: 1s, burst: 20, max_wait: 250ms } }
  retry:    { max_attempts: 3, initial_delay: 100ms, factor: 2, max_delay: 10s, jitter: full }
  timeout:  { default: 30s, max: 5m, propagate_deadline: true, include_queue_time: true }
  shutdown: { timeout: 30s, signals: [TERM, INT], force_exit_code: 1 }
  heartbeat: { interval: 10s, file: run/app.heartbeat, metadata: { version: "1.4" } }
  watchdog:  { timeout: 30s }             # or of a file: { file: run/app.heartbeat, max_age: 30s, check_interval: 15s, startup_grace: 30s }
  pipelines:
    payments: { deadline: 5s, retry: {}, circuit_breaker: payments, rate_limiter: payments, timeout: 2s }
"#;

#[test]
fn the_full_block_loads() {
    let config = load(FULL);
    let expected = [
        ("circuit_breaker.failure_threshold", "5"),
        ("circuit_breaker.reset_timeout", "1m"),
        ("circuit_breaker.payments.failure_rate", "50%"),
        ("circuit_breaker.payments.min_calls", "20"),
        ("circuit_breaker.payments.window", "30s"),
        ("circuit_breaker.payments.slow_call", "2s"),
        ("circuit_breaker.payments.half_open_max_calls", "3"),
        ("circuit_breaker.payments.reset_timeout", "1m"),
        ("rate_limiter.payments.rate", "100"),
        ("rate_limiter.payments.per", "1s"),
        ("rate_limiter.payments.burst", "20"),
        ("rate_limiter.payments.max_wait", "250ms"),
        ("retry.max_attempts", "3"),
        ("retry.initial_delay", "100ms"),
        ("retry.factor", "2"),
        ("retry.max_delay", "10s"),
        ("retry.jitter", "full"),
        ("timeout.default", "30s"),
        ("timeout.max", "5m"),
        ("timeout.propagate_deadline", "true"),
        ("timeout.include_queue_time", "true"),
        ("shutdown.timeout", "30s"),
        ("shutdown.signals", "[TERM, INT]"),
        ("shutdown.force_exit_code", "1"),
        ("heartbeat.interval", "10s"),
        ("heartbeat.file", "run/app.heartbeat"),
        ("heartbeat.metadata", "{ version: 1.4 }"),
        ("watchdog.timeout", "30s"),
        ("pipelines.payments.deadline", "5s"),
        ("pipelines.payments.retry.max_attempts", "3"),
        ("pipelines.payments.circuit_breaker", "payments"),
        ("pipelines.payments.rate_limiter", "payments"),
        ("pipelines.payments.timeout.default", "2s"),
        ("pipelines.payments.timeout.max", "5m"),
    ];
    assert_values(&config, &expected);
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
}

#[test]
fn the_watchdog_of_a_file_loads() {
    let file = "{ file: run/app.heartbeat, max_age: 30s, check_interval: 15s, startup_grace: 30s }";
    let config = load(&FULL.replace("{ timeout: 30s }             # or of a file: ", ""));
    assert_values(&config, &[("watchdog.file", "run/app.heartbeat"), ("watchdog.check_interval", "15s")]);
    assert!(FULL.contains(file));
}
