//! A limiter before calls to somebody else's API: a burst at once, then the rate, and who must wait is told how long.
//!
//! `cargo run -p resil-examples --example 10_limit`

use std::time::Duration;

use resil::{Error, ManualClock, PolicyExt, Quota, RateLimiter};

fn main() {
    // In a program: `static SEARCH: RateLimiter = RateLimiter::new("search", Quota::per_second(10).burst(3));`
    let clock = ManualClock::new();
    let search = RateLimiter::with_clock("search".into(), Quota::per_second(10).burst(3), clock.clone());

    for page in 1..=8 {
        match search.call(|| fetch(page)) {
            Ok(hits) => println!("page {page}: {hits} hits"),
            Err(Error::Rejected(refusal)) => println!("page {page}: {refusal}"),
            Err(Error::TimedOut(cut)) => println!("page {page}: {cut}"),
            Err(Error::Inner(trouble)) => println!("page {page}: {trouble}"),
        }
        clock.advance(Duration::from_millis(40));
    }
    let stats = search.stats();
    println!("{} sent, {} held back, {} permits left", stats.acquired, stats.rejected, stats.available);
}

fn fetch(page: u32) -> Result<u32, &'static str> {
    if page == 2 { Err("no such page") } else { Ok(page * 7) }
}
