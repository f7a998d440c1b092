//! A policy of your own is three methods. In a tuple with a breaker it guards the same call, and errors stay one layer deep.
//!
//! `cargo run -p resil-examples --example 08_own_policy`

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use resil::breaker::Config;
use resil::{CircuitBreaker, Error, Name, Policy, PolicyExt, Reason, Rejected, Verdict};

/// At most so many calls at once.
struct AtOnce {
    limit: u32,
    running: AtomicU32,
}

impl Policy for AtOnce {
    /// What an admitted call holds: a start time, a slot's number. Here nothing.
    type Permit = ();

    fn admit(&self) -> Result<(), Rejected> {
        let another = |running| (running < self.limit).then_some(running + 1);
        match self.running.fetch_update(Relaxed, Relaxed, another) {
            Ok(_) => Ok(()),
            Err(_) => Err(Rejected::new(Name::new("slots"), Reason::Other("all taken"))),
        }
    }

    /// The call ran, and this is what became of it.
    fn settle(&self, permit: (), _: Verdict) {
        self.release(permit);
    }

    /// The call never started, because a later policy refused it.
    fn release(&self, (): ()) {
        self.running.fetch_sub(1, Relaxed);
    }
}

fn main() {
    let slots = AtOnce { limit: 1, running: AtomicU32::new(0) };
    let disk = CircuitBreaker::new("disk", Config::new().failure_threshold(1));
    let both = (&slots, &disk); // asked from left to right, settled from right to left

    tell("a call", both.call(|| Ok("written")));
    let failed = both.call(|| {
        tell("a call within a call", both.call(|| Ok("written")));
        Err("disk full")
    });
    tell("a failing call", failed);
    tell("a call after it", both.call(|| Ok("written")));
    println!("slots taken: {}", slots.running.load(Relaxed)); // what the breaker refused gave its slot back
}

fn tell(what: &str, result: Result<&str, Error<&str>>) {
    match result {
        Ok(done) => println!("{what}: {done}"),
        Err(Error::Rejected(r)) => println!("{what}: refused by {}, {}", r.name(), r.reason()),
        Err(error) => println!("{what}: {error}"),
    }
}
