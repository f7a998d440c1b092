//! Stacks as contenders: each of their parts is made to show itself at the end.

use std::sync::Arc;
use std::time::Duration;

use resil_core::Deadline;

use crate::contender::{Caller as _, Contender, Guarded};
use crate::poll::{IDLE_RUNTIME, TIMED_RUNTIME};
use crate::stack::operation::{Operation, Spec};
use crate::trouble::{attempts_of, hanging};
use crate::work::{Load, Seen, Work};

/// Calls after which a part that has not shown itself is none.
const PATIENCE: u32 = 10_000;

impl Contender {
    /// The stack built by `build`, around calls that succeed at once.
    pub fn standing<G: Guarded>(
        name: &str,
        operation: Operation,
        build: impl Fn(Spec) -> G + Send + Sync + 'static,
    ) -> Self {
        let guard = Arc::new(build(Spec::QUIET));
        let proof = move || {
            let _entered = TIMED_RUNTIME.enter();
            // The retry of a permit would wait for it; there is no time for that.
            Deadline::after(Duration::from_secs(1)).scope_blocking(|| limits(&build(Spec::SCARCE)))?;
            retries_and_breaks(&build(Spec::HASTY))?;
            if operation == Operation::Async { cuts_off(&build(Spec::SHORT)) } else { Ok(()) }
        };
        // tokio's timers want a runtime when they are made.
        Self::around(name, Load::Success, guard, proof).inside(|batch| {
            let _entered = IDLE_RUNTIME.enter();
            batch();
        })
    }
}

/// Whether the limiter grants its burst and then refuses.
fn limits(guard: &impl Guarded) -> Result<(), String> {
    let mut caller = guard.caller();
    let granted = (0..PATIENCE).find(|_| caller.call(Work::SUCCEEDS) == Seen::Rejected);
    match (granted, Spec::SCARCE.quota.burst) {
        (Some(granted), burst) if granted == burst => Ok(()),
        (Some(granted), burst) => Err(format!("granted {granted} permits of a burst of {burst}")),
        (None, _) => Err(format!("still lets calls through after {PATIENCE}")),
    }
}

/// Whether the retry makes all its attempts, and the breaker opens when none succeeds.
fn retries_and_breaks(guard: &impl Guarded) -> Result<(), String> {
    let mut caller = guard.caller();
    match caller.call(Work::FAILS) {
        Seen::Success => {}
        seen => return Err(format!("{seen:?} where the second attempt succeeds")),
    }
    match attempts_of(|| caller.call(Work::FAILS)) {
        (attempts, Seen::Failure) if attempts == Spec::HASTY.attempts.attempts => {}
        (attempts, seen) => return Err(format!("gave up with {seen:?} after {attempts} attempts")),
    }
    let (_, opened) = attempts_of(|| (0..PATIENCE).any(|_| caller.call(Work::FAILS) == Seen::Rejected));
    if opened { Ok(()) } else { Err(format!("still closed after {PATIENCE} failures")) }
}

/// Whether an attempt that never ends is cut off.
fn cuts_off(guard: &impl Guarded) -> Result<(), String> {
    let mut caller = guard.caller();
    match hanging(|| caller.call(Work::FAILS)) {
        // By the limit, as neither the limiter nor the breaker has had reason to refuse so far.
        Seen::Rejected => Ok(()),
        seen => Err(format!("{seen:?} of work that never ends")),
    }
}
