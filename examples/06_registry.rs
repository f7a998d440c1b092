//! One breaker for each key: a provider that is down is passed over, and the next one answers.
//!
//! `cargo run -p resil-examples --example 06_registry`

use resil::breaker::{Config, Event, KeyedNews};
use resil::{CircuitBreakers, Error, PolicyExt};

const PROVIDERS: [&str; 3] = ["ember", "willow", "quartz"];

fn main() {
    let providers = CircuitBreakers::<String>::new("providers", Config::new().failure_threshold(2))
        .with_labels(|name| vec![("region", if name == "ember" { "eu" } else { "us" }.into())]);

    // Covers the keys that come later, too.
    let _subscription = providers.observe(|event| {
        if let KeyedNews::Event(Event::Transition(change)) = event.news {
            println!("  {} {:?}: {} -> {}", event.key, event.labels, change.from, change.to);
        }
    });

    for prompt in 1..=4 {
        match ask_any(&providers, prompt) {
            Some(answer) => println!("prompt {prompt}: {answer}"),
            None => println!("prompt {prompt}: no provider answers"),
        }
    }

    let mut reports = providers.report();
    reports.sort_by(|a, b| a.key.cmp(&b.key));
    for report in reports {
        let stats = report.stats;
        println!("{:<6} {:<6} {} ok, {} failed", report.key, stats.state, stats.successes, stats.failures);
    }
}

/// The first provider that answers. An open one costs no time: its breaker refuses at once.
fn ask_any(providers: &CircuitBreakers<String>, prompt: u32) -> Option<String> {
    PROVIDERS.into_iter().find_map(|name| {
        // A full registry gives no breaker. That is a refusal like any other: the `Result` is a policy.
        match providers.get(name).call(|| ask(name, prompt)) {
            Ok(answer) => Some(answer),
            Err(Error::Rejected(_) | Error::TimedOut(_)) => None,
            Err(Error::Inner(trouble)) => {
                println!("  {name}: {trouble}");
                None
            }
        }
    })
}

fn ask(name: &str, prompt: u32) -> Result<String, &'static str> {
    match (name, prompt) {
        ("ember", _) => Err("overloaded"),
        ("willow", 3) => Err("timeout"),
        _ => Ok(format!("{name} says {}", prompt * 2)),
    }
}
