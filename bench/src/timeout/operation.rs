//! What is measured: a limit around work that is ready at once or later.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_service::Service;

use crate::trouble::Attempt;
use crate::work::{Refused, Work};

/// How the call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A plain function call.
    Sync,
    /// A future, ready at its first poll; of a tower service, too.
    Ready,
    /// A future, ready at its second poll.
    Pending,
}

impl Operation {
    /// A limit that nothing comes near.
    pub const LIMIT: Duration = Duration::from_secs(3_600);
}

/// The limited work as a future.
pub trait Task: Future<Output = Result<u64, Refused>> + Send + 'static {
    /// The future of one call.
    fn of(work: Work) -> Self;
}

impl Task for Attempt {
    #[inline(always)]
    fn of(work: Work) -> Self {
        Self(work)
    }
}

/// Work that is not ready at its first poll.
#[derive(Debug)]
pub struct Later {
    attempt: Attempt,
    is_asked: bool,
}

impl Task for Later {
    #[inline(always)]
    fn of(work: Work) -> Self {
        Self { attempt: Attempt(work), is_asked: false }
    }
}

impl Future for Later {
    type Output = Result<u64, Refused>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.is_asked {
            self.is_asked = true;
            return Poll::Pending;
        }
        Pin::new(&mut self.attempt).poll(cx)
    }
}

/// The service that the tower layers wrap.
pub struct Tasks<T>(PhantomData<fn() -> T>);

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Tasks<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T: Task> Service<Work> for Tasks<T> {
    type Response = u64;
    type Error = Refused;
    type Future = T;

    #[inline(always)]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    #[inline(always)]
    fn call(&mut self, work: Work) -> T {
        T::of(work)
    }
}
