//! Attributes: whole functions behind a breaker, a limiter, a retry and a timeout.
//!
//! `cargo run -p resil-examples --example 24_macros`

use std::cell::Cell;

use resil::{CircuitBreaker, Error, Quota, RateLimiter, Rejected, breaker};

static QUOTA: RateLimiter = RateLimiter::new("quota", Quota::per_hour(2));
static API: CircuitBreaker = CircuitBreaker::new("api", breaker::Config::new());

/// With a breaker of its own. A boxed error is made from a refusal, and an error of one's own can be.
#[resil::circuit_breaker(max_failures = 2, reset_timeout = "1h", name = "payments")]
fn charge(card: &str) -> Result<u32, Box<dyn std::error::Error>> {
    if card == "4242" { Ok(7) } else { Err("declined".into()) }
}

/// The first attribute is asked first.
#[resil::guard((&QUOTA, &API))]
fn search(word: &str) -> Result<usize, Error<std::num::ParseIntError>> {
    word.parse().map_err(Error::Inner)
}

#[resil::retry(max_attempts = 4, delay = "1ms", never = |error| *error == "gone")]
fn fetch(attempts: &Cell<u32>) -> Result<&'static str, Error<&'static str>> {
    attempts.set(attempts.get() + 1);
    if attempts.get() == 3 { Ok("fetched") } else { Err(Error::Inner("busy")) }
}

#[resil::timeout("5ms")]
async fn slow() -> Result<(), Error<std::io::Error>> {
    std::future::pending().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for card in ["4242", "1111", "1111", "4242"] {
        let receipt = charge(card).map_err(|error| match error.downcast_ref::<Rejected>() {
            Some(refusal) => refusal.reason().to_string(),
            None => error.to_string(),
        });
        println!("{card}: {receipt:?}");
    }
    let breaker = charge_circuit_breaker();
    println!("{:?} after {} failures", breaker.state(), breaker.stats().failures);
    println!("{:?}, {:?}", search("42"), search("43"));
    println!("{}", search("44").is_err());
    println!("{:?} with {} retries", fetch(&Cell::new(0)), fetch_retry().stats().retries);
    println!("{:?}", slow().await.map_err(|error| error.to_string()));
}
