//! Tells whether the kernel took the processor away from a thread while it was timed.

use nix::sys::resource::{UsageWho, getrusage};

/// Watches the current thread from its making on.
#[derive(Debug)]
pub struct Witness {
    switches: i64,
}

impl Witness {
    /// Starts to watch.
    pub fn new() -> Self {
        Self { switches: involuntary_switches() }
    }

    /// Whether this thread was switched out against its will since.
    pub fn preempted(&self) -> bool {
        involuntary_switches() != self.switches
    }
}

impl Default for Witness {
    fn default() -> Self {
        Self::new()
    }
}

fn involuntary_switches() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).map_or(0, |usage| usage.involuntary_context_switches())
}
