//! One file for everything: named breakers, limiters and retries, the pipelines that are made of them, and where each setting comes from.
//!
//! `cargo run -p resil-examples --example 22_config`

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};

use resil::config::Config;

const FILE: &str = "
resilience:
  preset: production
  circuit_breaker:                 # what all of them have, and then each of its own
    failure_threshold: 5
    instances: { payments: { failure_threshold: 3, reset_timeout: 10s } }
  rate_limiter:
    instances: { payments: { rate: 100, per: 1s, burst: 20, max_wait: 250ms } }
  pipelines:
    payments:
      { deadline: 5s, retry: { initial_delay: 1ms }, rate_limiter: payments, circuit_breaker: payments, timeout: 2s }
";

const MISTAKES: &str = "
resilience:
  circuit_breaker:
    failure_treshold: 5
    reset_timeout: soon
    instances: { payments: { half_open_max_calls: 0, max_failures: 3, failure_threshold: 4 } }
  rate_limiter: { rate: 100, burst: 0 }
";

fn main() -> Result<(), Box<dyn Error>> {
    // In a program it is `Config::load()?`: the file that RESIL_CONFIG names, or ./resil.yaml, and the environment over it.
    let variables = [("RESIL_CIRCUIT_BREAKER__PAYMENTS__RESET_TIMEOUT", "20s")];
    let config = Config::loader().yaml(FILE).environment(variables).load()?;
    println!("The breaker of payments:");
    for setting in config.explain().iter().filter(|it| it.path().starts_with("circuit_breaker.payments.")) {
        println!("  {setting}");
    }

    let resilience = config.build();
    let breaker = resilience.circuit_breaker_with("payments", |config| config.failure_threshold(2))?;
    println!("In code: failure_threshold = {:?}", breaker.config().settings().failure_threshold);

    let attempts = AtomicU32::new(0);
    let receipt = resilience.pipeline("payments")?.call(|| match attempts.fetch_add(1, Ordering::Relaxed) {
        0 => Err("connection reset"),
        _ => Ok("paid"),
    });
    println!("\nThe call: {receipt:?} after {} attempts", attempts.into_inner());
    let seen = breaker.stats();
    println!("The breaker has seen {} failure and {} success", seen.failures, seen.successes);

    println!("\n{}", resilience.circuit_breaker("payment").expect_err("one letter is missing"));
    println!("\nA file with mistakes:\n{}", Config::from_yaml(MISTAKES).expect_err("there are five"));
    Ok(())
}
