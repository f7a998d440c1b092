//! What counts as a failure is a closure: an answer can be `Ok` and bad, and an error can say nothing about the other side.
//!
//! `cargo run -p resil-examples --example 03_classify`

use resil::breaker::Config;
use resil::{CircuitBreaker, PolicyExt, Verdict};

/// An HTTP answer.
struct Response {
    status: u16,
}

/// Why there is none.
#[derive(Debug)]
enum Trouble {
    /// Our own mistake: nothing was sent.
    BadAddress,
    Disconnected,
}

/// `Ok` is a success and `Err` a failure unless you say otherwise. You see the result by reference.
fn judge(result: Result<&Response, &Trouble>) -> Verdict {
    match result {
        Ok(response) if response.status >= 500 => Verdict::Failure,
        Ok(_) => Verdict::Success,
        Err(Trouble::BadAddress) => Verdict::Ignored,
        Err(Trouble::Disconnected) => Verdict::Failure,
    }
}

fn main() {
    let catalog = CircuitBreaker::new("catalog", Config::new().failure_threshold(3));

    for page in ["home", "missing", "broken", "two words", "offline", "broken", "home"] {
        match catalog.call_with(judge, || get(page)) {
            Ok(response) => print!("{page}: {}", response.status),
            Err(error) => match error.into_inner() {
                Some(trouble) => print!("{page}: {trouble:?}"),
                None => print!("{page}: refused"),
            },
        }
        println!(" (failures in a row: {})", catalog.stats().consecutive_failures);
    }
    let stats = catalog.stats();
    println!("{} successes, {} failures, {} ignored", stats.successes, stats.failures, stats.ignored);
}

fn get(page: &str) -> Result<Response, Trouble> {
    match page {
        "home" => Ok(Response { status: 200 }),
        "missing" => Ok(Response { status: 404 }),
        "broken" => Ok(Response { status: 503 }),
        "offline" => Err(Trouble::Disconnected),
        _ => Err(Trouble::BadAddress),
    }
}
