//! Polls futures without a runtime: the guard is measured, not its executor.

use std::hint::spin_loop;
use std::pin::pin;
use std::sync::{LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tick::Clock;
use tick::runtime::{ClockDriver, InactiveClock};
use tokio::runtime::{Builder, Runtime};
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

/// The output of a future that is ready at its first or second poll, between which nothing happens, or later.
#[inline(always)]
pub fn soon<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => ready(future),
    }
}

/// The output of a future that is ready at its first poll; any other one is dropped.
#[inline(always)]
pub fn once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// A runtime for timers that want one when they are made. Nothing ever runs on it.
pub static IDLE_RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime can be made"));

/// A runtime whose timers go, for proofs: its own thread looks after them.
pub static TIMED_RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime can be made")
});

/// The clock of seatbelt at its fastest. Its timers go when the driver is told to.
pub fn fast_clock() -> (Clock, ClockDriver) {
    let (clock, driver) = InactiveClock::default().activate(Waker::noop().clone());
    (clock.with_fast_instant(true), driver)
}

/// The output of a future that may wait for a timer of seatbelt's clock.
pub fn driven<F: Future>(future: F, driver: &Mutex<ClockDriver>) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Some(output) = once(future.as_mut()) {
            return output;
        }
        let mut driver = driver.lock().expect("nobody panicked with it");
        driver.advance_timers(Instant::now()).expect("the clock is there");
    }
}

/// The readiness of a tower service.
#[inline(always)]
pub fn ready_service<S: Service<Work>>(service: &mut S) -> Result<(), S::Error> {
    match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(readiness) => readiness,
        Poll::Pending => panic!("a contender's service was not ready"),
    }
}

/// One call through a tower service, readiness included.
#[inline(always)]
pub fn call_service<S: Service<Work>>(service: &mut S, work: Work) -> Result<S::Response, S::Error> {
    ready_service(service)?;
    ready(service.call(work))
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
