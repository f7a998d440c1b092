//! Retries: which errors are worth another attempt, when the other side wants it, and for how long there is hope.
//!
//! `cargo run -p resil-examples --example 16_retry`

use std::time::Duration;

use resil::retry::{Attempt, Backoff, Config, http_status};
use resil::{Deadline, ManualClock, Retry, RetryBudget};

#[derive(Debug)]
struct Failed {
    status: u16,
}

static BUDGET: RetryBudget = RetryBudget::new(10).floor(2);

fn main() {
    // Waits take no time on this clock. A program has `static PAYMENTS: Retry = Retry::new("payments", CONFIG);`
    let clock = ManualClock::leaping();
    let config = Config::new().max_attempts(4).backoff(Backoff::exponential(Duration::from_millis(200)));
    let payments = Retry::with_clock("payments".into(), config, clock.clone());
    payments.observe(|event| println!("  {event}")).forget();
    let transient = payments.when(|failed: &Failed| http_status(failed.status));

    println!("a busy service that recovers");
    let mut answers = [Err(Failed { status: 503 }), Err(Failed { status: 429 }), Ok("paid")].into_iter();
    let receipt = transient.call(|| answers.next().unwrap_or(Ok("paid")));
    println!("{receipt:?}");

    println!("a card that is declined");
    let declined = transient.call(|| Err::<(), _>(Failed { status: 402 }));
    println!("{declined:?}");

    println!("a service that says when to come again, to somebody who cannot wait as long");
    let polite = transient.after(|_: &Failed| Some(Duration::from_secs(30)));
    let in_time = Deadline::after_on(&clock, Duration::from_secs(5));
    let busy = in_time.scope_blocking(|| polite.call(|| Err::<(), _>(Failed { status: 503 })));
    println!("{busy:?}");

    println!("an outage, for a hundred callers at once");
    let at_once = config.backoff(Backoff::fixed(Duration::ZERO));
    let orders = Retry::with_clock("orders".into(), at_once, ManualClock::new()).budget(&BUDGET);
    let mut attempts = 0;
    for _ in 0..100 {
        let _ = orders.call(|attempt: Attempt| {
            attempts += 1;
            Err::<(), _>(attempt.number())
        });
    }
    println!("100 calls, {attempts} attempts, {} without a token", orders.stats().stopped.budget_exhausted);
}
