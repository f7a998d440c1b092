use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use crate::sync::{Mutex, lock};

/// Calls a loop to its next round ahead of time. Clones are the same bell.
///
/// It does not count: who rings twice before the loop has heard it calls it once.
///
/// ```
/// use resil_core::MonotonicClock;
/// use resil_core::background::{Bell, Next, Rounds};
///
/// let (bell, mut rounds) = (Bell::new(), 0);
/// let ringing = bell.clone(); // for anybody, on any thread
/// Rounds::new(MonotonicClock, bell, |_| {
///     rounds += 1;
///     ringing.ring();
///     if rounds < 3 { Next::WhenRung } else { Next::Never }
/// })
/// .run();
/// assert_eq!(rounds, 3);
/// ```
#[derive(Clone, Default)]
pub struct Bell(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    has_rung: bool,
    /// Wakes the loop.
    waker: Option<Waker>,
}

impl Bell {
    /// One that nobody has rung.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls the loop to a round now, or as soon as it has done the present one.
    pub fn ring(&self) {
        let mut state = lock(&self.0);
        state.has_rung = true;
        let waker = state.waker.clone();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether it has rung since the last time; from now on it wakes `waker`.
    pub(super) fn has_rung(&self, waker: &Waker) -> bool {
        // Wakers are foreign code: cloned before the lock is taken, and dropped after.
        let waker = waker.clone();
        let mut state = lock(&self.0);
        let replaced = state.waker.replace(waker);
        let heard = std::mem::take(&mut state.has_rung);
        drop(state);
        drop(replaced);
        heard
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").finish_non_exhaustive()
    }
}
