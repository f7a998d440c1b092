//! Async calls from many tasks through one breaker, on any runtime. A call whose future is dropped gives back what it held.
//!
//! `cargo run -p resil-examples --example 02_async`

use std::error::Error;
use std::future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use resil::breaker::Config;
use resil::{CircuitBreaker, PolicyExt};

fn main() -> Result<(), Box<dyn Error>> {
    // Any executor will do; one thread keeps the order of the lines.
    tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    // Not `Clone`: one breaker stands for one other side, so the tasks share it.
    let prices = Arc::new(CircuitBreaker::new("prices", Config::new().failure_threshold(2)));

    for symbols in [["ACME", "DOWN", "DOWN"], ["ACME", "ACME", "DOWN"]] {
        let tasks = symbols.map(|symbol| {
            let prices = Arc::clone(&prices);
            tokio::spawn(async move { prices.call_async(fetch(symbol)).await })
        });
        for task in tasks {
            match task.await? {
                Ok(cents) => println!("{cents} cents"),
                Err(error) if error.is_rejected() => println!("not asked"),
                Err(error) => println!("asked in vain: {error}"),
            }
        }
    }

    prices.reset();
    let never = future::pending::<Result<u32, io::Error>>();
    let given_up = tokio::time::timeout(Duration::from_millis(1), prices.call_async(never)).await;
    let stats = prices.stats();
    println!("given up: {}, counted as cancelled: {}", given_up.is_err(), stats.cancelled);
    println!("the breaker is {}", stats.state);
    Ok(())
}

async fn fetch(symbol: &str) -> Result<u32, io::Error> {
    tokio::task::yield_now().await; // stands for the network
    if symbol == "ACME" { Ok(1_999) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
}
