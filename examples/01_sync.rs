//! A circuit breaker around a function: after three failures in a row, calls are refused without being made.
//!
//! `cargo run -p resil-examples --example 01_sync`

use resil::breaker::Config;
use resil::{CircuitBreaker, Error, PolicyExt};

fn main() {
    let payments = CircuitBreaker::new("payments", Config::new().failure_threshold(3));

    for order in 1..=6 {
        match payments.call(|| charge(order)) {
            Ok(receipt) => println!("order {order}: paid, {receipt}"),
            Err(Error::Inner(declined)) => println!("order {order}: failed, {declined}"),
            Err(Error::Rejected(refusal)) => println!("order {order}: not sent, {}", refusal.reason()),
            Err(Error::TimedOut(cut)) => println!("order {order}: {cut}"),
        }
    }

    let stats = payments.stats();
    println!("{}: {} sent, {} refused", stats.state, stats.successes + stats.failures, stats.rejected);
}

/// Stands for a call over the network; it knows nothing of circuit breakers.
fn charge(order: u32) -> Result<String, String> {
    if order == 1 { Ok(format!("receipt {}", 7_000 + order)) } else { Err("connection reset".into()) }
}
