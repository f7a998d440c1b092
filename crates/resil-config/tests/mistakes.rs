//! What is wrong is told at once, with its place.
#![cfg(feature = "breaker")]
use resil_config::Config;

#[test]
fn scratch() {
    let text = "resilience:
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
    window:5
    on_cancel: failur
    ramp_up: { secs: 1, nano: 3 }
    probe_timeout:
    counters: 'yes'
    instances:
      default: {}
      payments: { min_calls: [1], window: 30s, slow_call_rate: 50, retry: 1 }
";
    println!("{}", Config::from_yaml(text).unwrap_err());
    println!("--");
    println!("{}", Config::from_yaml(text.replace("    window:5\n", "")).unwrap_err());
    let config = Config::loader().yaml("resilience: { preset: production, circuit_breaker: { max_failures: 7, instances: { payments: {reset_timeout: 5, half_open_max_calls: 8}, old-b: {timeout: 8}} } }")
        .environment([("RESIL_CIRCUIT_BREAKER__OLD_B__SLOW_CALL", "2s")]).set("circuit_breaker.payments.slow_call", 3).unwrap().load().unwrap();
    println!("{}", config.explain());
    println!("{:?}", config.warnings());
    println!("{}", Config::loader().yaml("resilience: {circuit_breaker: {instances: {a-b: , a_b: }}}").environment([("RESIL_CIRCUIT_BREAKER__AB__WINDOW", "1"), ("RESIL_CIRCUT_BREAKER__WINDOW", "1"), ("RESIL_CIRCUIT_BREAKER__WINDW", "1"), ("RESIL_CIRCUIT_BREAKER__WINDOW", "")]).load().unwrap_err());
}
