//! The watchdog of most tests.

use resil_watchdog::{Builder, Watchdog};

use crate::scene::{SECOND, Scene};

/// With a timeout of 4 s, so a tick of 1 s.
pub(crate) fn scene(describe: impl FnOnce(Builder) -> Builder) -> Scene {
    Scene::of(describe(Watchdog::new(4 * SECOND).named("jobs")))
}
