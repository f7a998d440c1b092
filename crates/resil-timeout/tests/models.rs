//! Models of settings that several threads change and read, under loom and shuttle.
//!
//! Stock loom skips interleavings of the thread that built the model, so all that races runs in spawned threads, and the first one only
//! builds, joins and asserts. Each model names the outcomes that it has to see.
#![cfg(any(loom, shuttle))]

use std::sync::Arc;
use std::time::Duration;

use resil_core::testing::models::{Action, action, explore, race};
use resil_timeout::{Config, Timeout};

/// Each of these is out of its range with a part of the other.
const SHORT: Config = seconds(2, 3);
const LONG: Config = seconds(20, 30);

const fn seconds(limit: u64, longest: u64) -> Config {
    Config::new(Duration::from_secs(limit)).max_timeout(Duration::from_secs(longest))
}

fn goes_over_to(config: Config) -> Action<Timeout, Config> {
    action(move |timeout: &Timeout| {
        timeout.reconfigure(config).expect("in range");
        config
    })
}

/// The limit that is left.
#[test]
fn whoever_changes_the_settings_last_has_changed_all_of_them() {
    explore(&[SHORT.timeout, LONG.timeout], || {
        let timeout = Arc::new(Timeout::with_config("api", Config::default()));
        race(&timeout, vec![goes_over_to(SHORT), goes_over_to(LONG)]);
        let config = timeout.config();
        assert!(config == SHORT || config == LONG, "{config:?}");
        config.timeout
    });
}

/// The limit that was read.
#[test]
fn whoever_reads_the_settings_gets_all_of_one_configuration() {
    explore(&[SHORT.timeout, LONG.timeout], || {
        let timeout = Arc::new(Timeout::with_config("api", LONG));
        let reads = action(|timeout: &Timeout| timeout.config());
        let read = race(&timeout, vec![goes_over_to(SHORT), reads])[1];
        assert!(read == SHORT || read == LONG, "{read:?}");
        read.timeout
    });
}
