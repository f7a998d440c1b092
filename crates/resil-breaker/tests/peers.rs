//! Defects that were found in other circuit breakers, one test each that shows that this one does not have it.
#![cfg(not(any(loom, shuttle)))]

mod calls;
#[path = "peers/probes.rs"]
mod probes;
#[cfg(feature = "tower")]
#[path = "peers/services.rs"]
mod services;
#[path = "peers/states.rs"]
mod states;
#[path = "peers/windows.rs"]
mod windows;

use std::time::Duration;

use resil_breaker::Config;

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

/// Opens at the first failure, for ten seconds.
const ONE: Config = Config::new().failure_threshold(1).reset_timeout(Duration::from_secs(10));
