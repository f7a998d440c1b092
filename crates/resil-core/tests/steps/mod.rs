//! A future that takes its time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How often each wait and each answer is pending.
pub(crate) const STEPS: usize = 3;

/// Pending [`STEPS`] times, then ready.
#[derive(Debug)]
pub(crate) struct Steps<T> {
    left: usize,
    output: Option<T>,
}

impl<T> Steps<T> {
    pub(crate) fn to(output: T) -> Self {
        Self { left: STEPS, output: Some(output) }
    }
}

impl<T: Unpin> Future for Steps<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.output.take().expect("not polled after it had ended"))
    }
}
