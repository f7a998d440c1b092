//! A breaker in a `static`: its settings are checked when the program is compiled, and every thread can reach it.
//!
//! `cargo run -p resil-examples --example 04_static`

use std::thread;
use std::time::Duration;

use resil::breaker::{Config, Reopen, Window};
use resil::{CircuitBreaker, Error, PolicyExt};

// `failure_rate(50, ..)` with 150 instead of 50 does not compile: "failure_rate is out of range, allowed is 1% to 100%".
static INVENTORY: CircuitBreaker = CircuitBreaker::new(
    "inventory",
    Config::new()
        .failure_rate(50, 8, Window::calls(20)) // half of the last 20 calls, once there are 8
        .reopen(Reopen::exponential(Duration::from_secs(60)).max(Duration::from_secs(600)))
        .half_open_max_calls(2),
);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..2).map(in_stock).collect::<Vec<_>>());
        }
    });
    let stats = INVENTORY.stats();
    println!("{}: {} of {} calls failed", stats.state, stats.failures, stats.total);

    match in_stock(0) {
        Err(Error::Rejected(refusal)) => println!("{}: {}", refusal.name(), refusal.reason()),
        other => println!("{other:?}"),
    }

    // Settings that come from outside are checked when they come. The error names the field, the value and the range.
    let from_a_file = "0".parse()?;
    match CircuitBreaker::try_new("inventory", Config::new().failure_threshold(from_a_file)) {
        Ok(breaker) => println!("{}", breaker.name()),
        Err(error) => println!("{error}"),
    }
    Ok(())
}

fn in_stock(item: u32) -> Result<u32, Error<&'static str>> {
    INVENTORY.call(|| if item == 0 { Ok(3) } else { Err("no answer") })
}
