//! One deadline for a whole piece of work: each call has a limit of its own, and none gets more than is left.
//!
//! `cargo run -p resil-examples --example 17_deadline`

use std::time::Duration;

use resil::timeout::{Config, headers};
use resil::{Clock, ManualClock, Name, Timer};

const SECOND: Duration = Duration::from_secs(1);
type Timeout = resil::Timeout<ManualClock>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    // The clock is the timer, too. In a program `timeout.call_async(..)` sleeps by tokio's (feature `tokio`).
    let clock = ManualClock::new();
    let timeout =
        |name, seconds| Timeout::with_clock(Name::new(name), Config::new(seconds * SECOND), clock.clone());
    let (stock, payments) = (timeout("stock", 3), timeout("payments", 3));

    // A request comes in: 5 s, and half a second of them for the network.
    let checkout = headers::deadline_on(&clock, "5S", SECOND / 2)?;
    let work = checkout.scope(async {
        let left = || println!("at {}: left {:?}", clock.now(), checkout.remaining_on(&clock));
        left();
        let counted = stock.call_async_with(clock.clone(), answer_after(&clock, 2)).await;
        println!("stock: {counted:?}");
        left();
        // To the next service goes what is left, less the same half second.
        let header = headers::grpc_timeout_on(&clock, checkout, SECOND / 2)?;
        println!("{}: {header}", headers::GRPC_TIMEOUT);
        let charged = payments.call_async_with(clock.clone(), answer_after(&clock, 9)).await;
        println!("{}", charged.expect_err("it takes longer"));
        left();
        // Nothing is sent for which there is no time.
        let again = payments.call_async_with(clock.clone(), answer_after(&clock, 1)).await;
        println!("{}", again.expect_err("there is no time"));
        Ok::<_, resil::TimedOut>(())
    });
    let time = async {
        for _ in 0..20 {
            clock.advance(SECOND / 2);
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(work, time).0?;
    println!("payments: {} timed out, {} not started", payments.stats().timed_out, payments.stats().expired);
    Ok(())
}

/// The other side.
async fn answer_after(clock: &ManualClock, seconds: u32) -> Result<u32, String> {
    clock.sleep_until(clock.now().saturating_add(seconds * SECOND)).await;
    Ok(42)
}
