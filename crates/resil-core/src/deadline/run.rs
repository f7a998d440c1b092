use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Deadline, Limited};
use crate::{MonotonicClock, Name, TimedOut, Timer};

pin_project! {
    /// A future that is cut off at a deadline; see [`Deadline::run_with`].
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Run<F, T> where T: Timer {
        #[pin]
        limited: Limited<F, T>,
    }
}

impl<F, T: Timer> Run<F, T> {
    pub(super) fn new(deadline: Deadline, timer: T, future: F) -> Self {
        Self { limited: Limited::until(deadline, timer, future) }
    }
}

impl<F: Future, T: Timer> Future for Run<F, T> {
    type Output = Result<F::Output, TimedOut>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Its end and its name are known: this name is not used, and this clock never read.
        self.project().limited.poll_on(cx, Name::UNNAMED, &MonotonicClock).map_err(TimedOut::from)
    }
}

impl<F, T: Timer> fmt::Debug for Run<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Run");
        if let Some(deadline) = self.limited.deadline() {
            debug.field("deadline", &deadline);
        }
        debug.finish_non_exhaustive()
    }
}
