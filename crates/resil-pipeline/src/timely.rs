use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use resil_core::{Clock, TimedOut, Timer};
use resil_timeout::{Timed, Timeout};

use crate::Shared;

pin_project! {
    /// A future with a time limit, or without.
    #[project = TimelyProjection]
    pub enum Timely<'a, C, T, F>
    where
        T: Timer,
    {
        Plain { #[pin] future: F },
        Timed { #[pin] future: Timed<'a, C, T, F> },
    }
}

impl<'a, C: Clock, T: Timer, F: Future> Timely<'a, C, T, F> {
    /// The future is made where it stays: to move it there would cost more than to poll it.
    #[inline]
    pub(crate) fn new(limit: Option<&'a Shared<Timeout<C>>>, timer: T, make: impl FnOnce() -> F) -> Self {
        match limit {
            Some(limit) => Self::Timed { future: limit.run_with(timer, make()) },
            None => Self::Plain { future: make() },
        }
    }
}

impl<C: Clock, T: Timer, F: Future> Future for Timely<'_, C, T, F> {
    type Output = Result<F::Output, TimedOut>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            TimelyProjection::Plain { future } => future.poll(cx).map(Ok),
            TimelyProjection::Timed { future } => future.poll(cx),
        }
    }
}
