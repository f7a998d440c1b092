//! Where tokio's clock begins: alone in its process, because it is about the first reading.
#![cfg(not(any(loom, shuttle)))]

use std::time::Duration;

use resil_core::{Clock, TokioClock};
use tokio::runtime::{Builder, Runtime};

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
}

#[test]
fn a_first_reading_far_ahead_does_not_stop_the_clocks_of_other_runtimes() {
    const MONTH: Duration = Duration::from_secs(30 * 24 * 3_600);
    let earlier = paused();
    let far_ahead = paused().block_on(async {
        tokio::time::advance(MONTH).await;
        TokioClock.now()
    });
    for runtime in [earlier, paused()] {
        runtime.block_on(async {
            let before = TokioClock.now();
            assert!(before < far_ahead);
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(TokioClock.now().saturating_duration_since(before), Duration::from_secs(1));
        });
    }
}
