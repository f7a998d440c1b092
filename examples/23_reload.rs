//! A file that is edited while the program runs: the open breaker stays open, what was taken from the limiter stays taken, and a
//! file that is bad changes nothing.
//!
//! `cargo run -p resil-examples --example 23_reload`

use std::{env, error::Error, fs, path::Path, process, sync::mpsc, time::Duration};

use resil::config::{Config, Event};
use resil::{ManualClock, PolicyExt, Reloader};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("resil-example-reload-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let path = folder.join("app.yaml");
    edit(&path, "circuit_breaker: { failure_threshold: 2, reset_timeout: 30s }", 10)?;

    // Time stands still, so that this prints the same each time. In a program it is `build()`.
    let clock = ManualClock::new();
    let resilience = Config::from_file(&path)?.build_on(clock.clone());
    let (sender, events) = mpsc::channel();
    resilience.observe(move |event| _ = sender.send(event.clone())).forget();
    let reloader = Reloader::watch(&path, &resilience)?; // as long as it lives

    let (breaker, limiter) = (resilience.circuit_breaker("default")?, resilience.rate_limiter("default")?);
    for _ in 0..2 {
        _ = breaker.call(|| Err::<(), _>("connection refused"));
    }
    limiter.try_acquire_n(8)?;
    println!("The breaker is {}, and {} of 10 permits are left.", breaker.state(), limiter.available());

    clock.advance(Duration::from_secs(10));
    println!("\nSomebody edits the file, and mistypes a word:");
    edit(&path, "circuit_breaker: { reset_timout: 5s }", 10)?;
    tell(&events, &path)?;

    println!("\nAnd corrects it:");
    edit(&path, "circuit_breaker: { failure_threshold: 5, reset_timeout: 60s }", 100)?;
    tell(&events, &path)?;
    println!("The breaker is still {}: {:?}", breaker.state(), breaker.call(|| Ok::<_, &str>("paid")));
    println!("{} of 100 permits are left.", limiter.available());

    clock.advance(Duration::from_secs(20));
    println!("\n20 s later it is {}: {:?}", breaker.state(), breaker.call(|| Ok::<_, &str>("paid")));
    reloader.stop();
    Ok(fs::remove_dir_all(folder)?)
}

/// Puts another file in the place of the one that is there, as editors do.
fn edit(path: &Path, breaker: &str, rate: u32) -> std::io::Result<()> {
    let new = path.with_file_name("new");
    fs::write(&new, format!("resilience: {{ {breaker}, rate_limiter: {{ rate: {rate}, per: 3600s }} }}"))?;
    fs::rename(new, path)
}

/// Waits for what the reloader has to tell, and prints it without where the file is, which is another place each time.
fn tell(events: &mpsc::Receiver<Event>, path: &Path) -> Result<(), mpsc::RecvTimeoutError> {
    let event = events.recv_timeout(Duration::from_secs(60))?;
    println!("{}", event.to_string().replace(&path.display().to_string(), "app.yaml"));
    Ok(())
}
