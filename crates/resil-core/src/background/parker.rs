use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::thread::Parked;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::{Clock, Moment, seeded_bug};

/// Lets one thread wait for anybody who has its waker; for authors of policies.
///
/// ```
/// use resil_core::MonotonicClock;
/// use resil_core::background::Parker;
///
/// assert_eq!(Parker::new().finish(async { 6 * 7 }, &MonotonicClock), 42);
/// ```
pub struct Parker(Arc<Bell>);

struct Bell {
    has_rung: AtomicBool,
    thread: Parked,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        seeded_bug!("parker_rings_to_deaf_ears" => { return });
        self.thread.unpark();
    }
}

impl Parker {
    /// For the thread that makes it, and for no other.
    #[expect(clippy::new_without_default, reason = "a default is not tied to a thread")]
    pub fn new() -> Self {
        Self(Arc::new(Bell { has_rung: AtomicBool::new(false), thread: Parked::current() }))
    }

    /// What wakes the thread, from anywhere.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    /// Waits until somebody wakes, or has woken since the last time, or until about `at`. It may come back early.
    pub fn wait(&self, clock: &impl Clock, at: Option<Moment>) {
        if self.0.has_rung.swap(false, Ordering::Acquire) {
            return;
        }
        self.0.thread.park(clock, at);
    }

    /// Runs `future` on this thread until it is ready.
    pub fn finish<F: Future>(&self, future: F, clock: &impl Clock) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Some(output) = self.run(future.as_mut(), clock, None, || false) {
                return output;
            }
        }
    }

    /// Runs `future` on this thread until it is ready, or gives it back the time `is_over` says no. It looks at that whenever it wakes.
    pub fn run<F: Future>(
        &self,
        future: F,
        clock: &impl Clock,
        until: Option<Moment>,
        is_over: impl Fn() -> bool,
    ) -> Option<F::Output> {
        let mut future = pin!(future);
        let waker = self.waker();
        let mut cx = Context::from_waker(&waker);
        loop {
            if is_over() {
                return None;
            }
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Some(output);
            }
            if until.is_some_and(|until| clock.now() >= until) {
                return None;
            }
            self.wait(clock, until);
        }
    }
}

impl fmt::Debug for Parker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parker").finish_non_exhaustive()
    }
}
