//! An open circuit outlives a restart: its state is saved as JSON and taken up by the next process, for the rest of its time.
//!
//! `cargo run -p resil-examples --example 09_restart`

use std::error::Error;
use std::time::Duration;

use resil::breaker::{Config, Snapshot};
use resil::{CircuitBreaker, ManualClock, PolicyExt};

const CONFIG: Config = Config::new().failure_threshold(1).reset_timeout(Duration::from_secs(300));

fn main() -> Result<(), Box<dyn Error>> {
    let clock = ManualClock::new();

    let before = CircuitBreaker::with_clock("billing".into(), CONFIG, clock.clone());
    let _ = before.call(|| Err::<(), _>("no route to host"));
    println!("before: {}, {:?} left", before.state(), before.stats().open_remaining);
    let saved = serde_json::to_string(&before.snapshot())?;
    drop(before);

    // The restart takes 100 s by the wall clock.
    clock.advance(Duration::from_secs(100));

    let after = CircuitBreaker::with_clock("billing".into(), CONFIG, clock.clone());
    let snapshot: Snapshot = serde_json::from_str(&saved)?;
    after.restore(&snapshot)?;
    println!("after: {}, {:?} left", after.state(), after.stats().open_remaining);

    // What was damaged is refused, and the breaker stays as it was: a new one is closed.
    let damaged: Snapshot = serde_json::from_str(&saved.replace("\"open\"", "\"disabled\""))?;
    let fresh = CircuitBreaker::with_clock("billing".into(), CONFIG, clock.clone());
    match fresh.restore(&damaged) {
        Ok(()) => println!("restored"),
        Err(error) => println!("{error}, so it is {}", fresh.state()),
    }

    // So is what is too old to tell anything about the other side.
    clock.advance(Duration::from_secs(48 * 3_600));
    match fresh.restore(&snapshot) {
        Ok(()) => println!("restored"),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
