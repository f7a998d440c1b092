//! Waiting for permits: in the order of arrival, heavy or light, and never in vain.
//!
//! `cargo run -p resil-examples --example 11_waiting`

use std::cell::RefCell;
use std::time::Duration;

use resil::{Clock, ManualClock, Quota, RateLimiter, Rejected};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(run())?;
    Ok(())
}

async fn run() -> Result<(), Rejected> {
    // The clock is the timer, too. In a program `limiter.acquire().await` waits by tokio's (feature `tokio`).
    let clock = ManualClock::new();
    let mail = RateLimiter::with_clock("mail".into(), Quota::per_second(1).burst(5), clock.clone());
    mail.try_acquire_n(5)?;

    let served = RefCell::new(Vec::new());
    let wait = |who, permits| {
        let (timer, served, clock, mail) = (clock.clone(), &served, &clock, &mail);
        async move {
            mail.acquire_with(timer).permits(permits).await?;
            served.borrow_mut().push((who, clock.now().as_nanos() / 1_000_000_000));
            Ok::<_, Rejected>(())
        }
    };
    let time = async {
        for _ in 0..10 {
            clock.advance(Duration::from_secs(1));
            // Whoever is woken runs before the next second, wherever `join!` begins.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
    };
    // The newsletter needs five permits at once, and nobody behind it is faster.
    let (first, second, third, ()) =
        tokio::join!(wait("ann", 1), wait("newsletter", 5), wait("bob", 1), time);
    first.and(second).and(third)?;
    for (who, second) in served.into_inner() {
        println!("{second:>2} s: {who}");
    }

    mail.try_acquire_n(mail.available())?;
    let in_vain = mail.acquire_with(clock.clone()).within(Duration::from_millis(300)).await;
    println!("{}", in_vain.expect_err("it takes longer"));
    Ok(())
}
