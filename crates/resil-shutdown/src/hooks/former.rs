//! What signals did before they were hooked, so that they can do it again.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use signal_hook::flag;

use crate::{ShutdownError, Signal, Signals};

/// One signal of the process.
struct Former {
    /// How many handles hook it now.
    holders: AtomicUsize,
    /// Whether nobody does: then its default action is done, if that is what was there before.
    is_free: OnceLock<Arc<AtomicBool>>,
}

static FORMER: [Former; Signal::ALL.len()] =
    [const { Former { holders: AtomicUsize::new(0), is_free: OnceLock::new() } }; Signal::ALL.len()];

/// Keeps two handles from looking at the same signal at once.
static LOOKING: Mutex<()> = Mutex::new(());

impl Former {
    fn of(signal: Signal) -> &'static Self {
        &FORMER[signal as usize]
    }
}

/// Remembers what each of these signals does, unless it has been seen before. Handlers of other code go on being called, and an
/// ignored signal is ignored; what has to be done by hand is the default.
pub(super) fn remember(signals: Signals) -> Result<(), ShutdownError> {
    let _looking = look();
    for signal in signals.iter() {
        let former = Former::of(signal);
        if former.is_free.get().is_some() {
            continue;
        }
        // Nobody hooks it yet: until then it does what it did.
        let is_free = Arc::new(AtomicBool::new(true));
        if does_default(signal) {
            let added = flag::register_conditional_default(signal.number(), Arc::clone(&is_free));
            added.map_err(|error| ShutdownError::Signal(signal, error))?;
        }
        let _ = former.is_free.set(is_free);
    }
    Ok(())
}

/// Signals that a handle hooks, until it is dropped.
pub(super) struct Held(Signals);

/// One more handle hooks these.
pub(super) fn hold(signals: Signals) -> Held {
    let _looking = look();
    for former in signals.iter().map(Former::of) {
        former.holders.fetch_add(1, Ordering::SeqCst);
        former.set_free(false);
    }
    Held(signals)
}

impl Drop for Held {
    fn drop(&mut self) {
        let _looking = look();
        for former in self.0.iter().map(Former::of) {
            if former.holders.fetch_sub(1, Ordering::SeqCst) == 1 {
                former.set_free(true);
            }
        }
    }
}

fn look() -> MutexGuard<'static, ()> {
    LOOKING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Former {
    fn set_free(&self, on: bool) {
        if let Some(is_free) = self.is_free.get() {
            is_free.store(on, Ordering::SeqCst);
        }
    }
}

/// Whether nobody handles or ignores `signal`. Linux tells; elsewhere it is taken for granted.
fn does_default(signal: Signal) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return true };
    let bit = 1_u64 << (signal.number() - 1);
    !["SigIgn:", "SigCgt:"].into_iter().any(|field| {
        let mask = status.lines().find_map(|line| line.strip_prefix(field));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & bit != 0)
    })
}
