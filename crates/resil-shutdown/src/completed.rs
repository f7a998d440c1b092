use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use resil_core::{Clock, MonotonicClock};

use crate::shared::Shared;
use crate::{Report, Triggered};

/// The future of [`completed`](crate::GracefulShutdown::completed). Cancel-safe.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use resil_shutdown::GracefulShutdown;
///
/// let shutdown = GracefulShutdown::new();
/// let completed = shutdown.completed();
/// shutdown.trigger();
/// assert!(completed.await.is_clean());
/// # });
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Completed<C = MonotonicClock> {
    shared: Arc<Shared<C>>,
    triggered: Triggered,
}

impl<C: Clock + 'static> Completed<C> {
    pub(crate) fn new(shared: &Arc<Shared<C>>) -> Self {
        Self { shared: Arc::clone(shared), triggered: shared.completed.triggered() }
    }
}

impl<C: Clock + 'static> Future for Completed<C> {
    type Output = Report;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Report> {
        match Pin::new(&mut self.triggered).poll(cx) {
            // There is a report before the token is triggered.
            Poll::Ready(()) => self.shared.state().report.clone().map_or(Poll::Pending, Poll::Ready),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<C> fmt::Debug for Completed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completed").finish_non_exhaustive()
    }
}
