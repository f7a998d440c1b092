//! Polls futures without a runtime: the guard is measured, not its executor.

use std::hint::spin_loop;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tower_service::Service;

use crate::contender::Caller;
use crate::work::{Refused, Seen, Work};

/// The output of a future that is ready at its first poll, or, where two threads meet in an async lock, as soon as
/// it is ready: polling again at once is the kindest executor that such a lock can have.
#[inline(always)]
pub fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        spin_loop();
    }
}

/// One call through a tower service, readiness included.
#[inline(always)]
pub fn call_service<S: Service<Work>>(service: &mut S, work: Work) -> Result<S::Response, S::Error> {
    match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => ready(service.call(work)),
        Poll::Ready(Err(error)) => Err(error),
        Poll::Pending => panic!("a contender's service was not ready"),
    }
}

/// The service that the tower layers wrap.
#[derive(Debug, Clone, Copy)]
pub struct Upstream;

impl Service<Work> for Upstream {
    type Response = u64;
    type Error = Refused;
    type Future = std::future::Ready<Result<u64, Refused>>;

    #[inline(always)]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    #[inline(always)]
    fn call(&mut self, work: Work) -> Self::Future {
        std::future::ready(work.perform())
    }
}

/// Makes calls through a service.
#[derive(Debug)]
pub struct Serving<S, F> {
    /// The service.
    pub service: S,
    /// What its answer means.
    pub seen: F,
}

impl<S, F> Caller for Serving<S, F>
where
    S: Service<Work>,
    F: Fn(Result<S::Response, S::Error>) -> Seen,
{
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        (self.seen)(call_service(&mut self.service, work))
    }
}
