use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Deadline;
use super::current::Entered;

pin_project! {
    /// A future that runs under a current deadline; see [`Deadline::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Scoped<F> {
        #[pin]
        future: F,
        deadline: Deadline,
    }
}

impl<F> Scoped<F> {
    pub(super) const fn new(deadline: Deadline, future: F) -> Self {
        Self { future, deadline }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut entered = Entered::Apart;
        entered.enter(*this.deadline);
        this.future.poll(cx)
    }
}
