//! What a breaker tells: a listener hears every change of state, in order; a clock that is moved by hand makes them happen.
//!
//! `cargo run -p resil-examples --example 05_observe`

use std::time::Duration;

use resil::breaker::{Config, Event};
use resil::{CircuitBreaker, ManualClock, PolicyExt};

fn main() {
    let clock = ManualClock::new();
    let config = Config::new().failure_threshold(2).reset_timeout(Duration::from_secs(30));
    let search = CircuitBreaker::with_clock("search".into(), config, clock.clone());

    // Dropping the subscription takes the listener away.
    let subscription = search.observe(|event| match event {
        Event::Transition(change) => {
            println!("at {}, after {} calls: {event}", change.at, change.before.total);
        }
        Event::Rejected(rejection) => println!("refused: {}", rejection.refusal),
        other => println!("{other}"), // more kinds may come
    });

    let fails = || Err::<(), _>("503");
    let works = || Ok::<_, &str>(());
    let _ = search.call(fails);
    let _ = search.call(fails); // the second opens it
    clock.advance(Duration::from_secs(10));
    let _ = search.call(works); // refused: 20 s are left
    clock.advance(Duration::from_secs(20));
    let _ = search.call(fails); // one probe, which fails
    clock.advance(Duration::from_secs(30));
    let _ = search.call(works); // another, which closes it

    search.force_open("the provider announced maintenance");
    drop(subscription);
    search.reset(); // nobody hears this
    println!("{} transitions in all", search.stats().transitions);
}
