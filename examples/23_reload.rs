//! A file that is edited while the program runs: the open breaker stays open, what was taken from the limiter stays taken, and a
//! file that is bad changes nothing.
//!
//! `cargo run -p resil-examples --example 23_reload`

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use resil::config::{Config, Event};
use resil::{ManualClock, PolicyExt, Reloader};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("resil-example-reload-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let path = folder.join("app.yaml");
    edit(&path, 2, "30s", 10)?;

    // Time stands still, so that this prints the same each time. In a program it is `build()`.
    let clock = ManualClock::new();
    let resilience = Config::from_file(&path)?.build_on(clock.clone());
    let (sender, events) = mpsc::channel();
    resilience.observe(move |event| _ = sender.send(event.clone())).forget();
    let reloader = Reloader::watch(&path, &resilience)?; // as long as it lives

    let breaker = resilience.circuit_breaker("payments")?;
    let limiter = resilience.rate_limiter("payments")?;
    for _ in 0..2 {
        _ = breaker.call(|| Err::<(), _>("connection refused"));
    }
    limiter.try_acquire_n(4)?;
    println!("The breaker is {}, and {} of 10 permits are left.", breaker.state(), limiter.available());

    clock.advance(Duration::from_secs(10));
    limiter.try_acquire_n(4)?;
    println!("\nSomebody edits the file, and mistypes a word:");
    fs::write(folder.join("new"), "resilience: { circuit_breaker: { reset_timout: 5s } }")?;
    fs::rename(folder.join("new"), &path)?;
    tell(&events, &path)?;

    println!("\nAnd corrects it:");
    edit(&path, 5, "60s", 100)?;
    tell(&events, &path)?;
    let refusal = breaker.call(|| Ok::<_, &str>("paid"));
    println!("The breaker is still {}: {refusal:?}", breaker.state());
    println!("{} of 100 permits are left.", limiter.available());

    clock.advance(Duration::from_secs(20));
    println!("\n20 s later it is {}: {:?}", breaker.state(), breaker.call(|| Ok::<_, &str>("paid")));

    reloader.stop();
    fs::remove_dir_all(folder)?;
    Ok(())
}

/// Puts another file in the place of the one that is there, as editors do.
fn edit(path: &Path, threshold: u32, reset: &str, rate: u32) -> std::io::Result<()> {
    let new = path.with_file_name("new");
    let text = format!(
        "resilience:
  circuit_breaker:
    instances: {{ payments: {{ failure_threshold: {threshold}, reset_timeout: {reset} }} }}
  rate_limiter:
    instances: {{ payments: {{ rate: {rate}, per: 3600s }} }}
"
    );
    fs::write(&new, text)?;
    fs::rename(new, path)
}

/// Waits for what the reloader has to tell.
fn tell(events: &mpsc::Receiver<Event>, path: &Path) -> Result<(), mpsc::RecvTimeoutError> {
    let event = events.recv_timeout(Duration::from_secs(60))?;
    // Not where it is, which is another place each time.
    println!("{}", event.to_string().replace(&path.display().to_string(), "app.yaml"));
    Ok(())
}
