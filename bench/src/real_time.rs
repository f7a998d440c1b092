//! What measurements of tasks in real time share: their runtime, and the processor time of the process.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};

/// The threads of the runtimes on which tasks are measured.
pub const THREADS: [usize; 2] = [1, 2];

/// A runtime with timers: that of the thread which blocks on it, or one of several threads.
///
/// # Errors
/// When there is none to be had.
pub fn runtime(threads: usize) -> Result<Runtime, String> {
    let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_time().build().map_err(|error| format!("no runtime: {error}"))
}

/// The processor time of this process so far. What a thread that runs at this moment has used is in it only if it
/// is the one that asks.
///
/// # Errors
/// When the kernel does not count.
pub fn processor_time() -> Result<Duration, String> {
    let spent = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    spent.map(Duration::from).map_err(|error| format!("the processor's clock: {error}"))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn processor_time_grows_with_work() {
        let (started, before) = (Instant::now(), processor_time().expect("the kernel counts"));
        while processor_time().expect("the kernel counts") < before + Duration::from_millis(1) {
            assert!(started.elapsed() < Duration::from_secs(20), "no time was counted");
        }
    }
}
