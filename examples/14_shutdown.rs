//! The end of a process without a runtime: callbacks in their order, one that fails, one that hangs, and the report.
//!
//! `cargo run -p resil-examples --example 14_shutdown`

use std::time::Duration;

use resil::shutdown::{Config, ShutdownError};
use resil::{GracefulShutdown, ManualClock};

fn main() -> Result<(), ShutdownError> {
    let clock = ManualClock::new();
    let config = Config::new().timeout(Duration::from_secs(10));
    let shutdown = GracefulShutdown::with_clock(config, clock.clone()).named("shop");

    // Lower priorities run first. Each has the smaller of its own limit and what is left of the 10 s.
    shutdown.register("close database").priority(30).run(|| Err::<(), _>("connection lost"))?;
    shutdown
        .register("push metrics")
        .priority(20)
        .within(Duration::from_secs(2))
        .run(move || hang(&clock))?;
    shutdown.register("flush orders").priority(10).run_async(|| async { println!("2 orders flushed") })?;
    shutdown.register("remove lock file").priority(40).run(|| println!("lock file removed"))?;

    for callback in shutdown.callbacks() {
        println!("will run {} at {}", callback.name, callback.priority);
    }
    let report = shutdown.run_blocking(|| {
        println!("serving");
        shutdown.trigger(); // or SIGTERM, or Ctrl-C
        shutdown.token().wait();
    });
    println!("{report}");
    println!("exit code {}", report.exit_code());
    Ok(())
}

/// Whoever should take the metrics does not answer; 2 s go by.
fn hang(clock: &ManualClock) {
    clock.advance(Duration::from_secs(2));
    loop {
        std::thread::park();
    }
}
