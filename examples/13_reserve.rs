//! A budget of tokens whose cost is known only afterwards, and two quotas of one contract decided together.
//!
//! `cargo run -p resil-examples --example 13_reserve`

use std::time::Duration;

use resil::ratelimit::RateLimits;
use resil::{ManualClock, Quota, Rejected};

/// Requests and tokens per minute, as providers of language models count.
const QUOTAS: [Quota; 2] = [Quota::per_minute(60).burst(2), Quota::per_minute(6_000)];

fn main() -> Result<(), Rejected> {
    let clock = ManualClock::new();
    let model = RateLimits::with_clock("model".into(), QUOTAS, clock.clone());

    for prompt in ["short", "long", "short"] {
        // One request, and as many tokens as the answer may have.
        match model.reserve([1, 3_000]) {
            Ok(reservation) => {
                let used = ask(prompt);
                reservation.commit([1, used]); // the rest comes back
                println!("{prompt}: {used} tokens, left {:?}", model.available());
            }
            // Neither quota was charged.
            Err(refusal) => println!("{prompt}: {refusal}, left {:?}", model.available()),
        }
    }
    clock.advance(Duration::from_secs(1));
    model.try_acquire_each([1, 100])?;
    println!("a second later: left {:?}", model.available());
    Ok(())
}

fn ask(prompt: &str) -> u32 {
    if prompt == "long" { 2_700 } else { 400 }
}
