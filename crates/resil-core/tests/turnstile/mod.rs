//! A policy that can be waited for, and a service that takes its time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use resil_core::testing::{Spy, Told};
use resil_core::tower::Wait;
use resil_core::{Policy, Rejected, Verdict};
use tower_service::Service;

use crate::steps::Steps;

/// Admits and refuses as its spy does, at once or after [`STEPS`] polls in line. Clones are the same turnstile.
#[derive(Clone, Debug)]
pub(crate) struct Turnstile {
    spy: Arc<Spy>,
    line: Arc<AtomicUsize>,
}

impl Turnstile {
    pub(crate) fn new(spy: Spy) -> Self {
        Self { spy: Arc::new(spy), line: Arc::default() }
    }

    /// How many wait in line.
    pub(crate) fn line(&self) -> usize {
        self.line.load(Relaxed)
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.spy.told()
    }
}

impl Policy for Turnstile {
    type Permit = ();

    fn admit(&self) -> Result<(), Rejected> {
        self.spy.admit()
    }
    fn settle(&self, (): (), verdict: Verdict) {
        self.spy.settle((), verdict);
    }
    fn release(&self, (): ()) {
        self.spy.release(());
    }
}

impl Wait for Turnstile {
    type Waiting = Place;

    fn wait(&self) -> Place {
        self.line.fetch_add(1, Relaxed);
        Place { turnstile: self.clone(), steps: Steps::to(()) }
    }
}

/// A place in line.
pub(crate) struct Place {
    turnstile: Turnstile,
    steps: Steps<()>,
}

impl Future for Place {
    type Output = Result<(), Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(Pin::new(&mut self.steps).poll(cx));
        Poll::Ready(self.turnstile.admit())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.turnstile.line.fetch_sub(1, Relaxed);
    }
}

/// Answers a request with itself, after [`STEPS`] polls; odd requests are errors. Must be polled ready before each call, like any
/// service; a clone is not ready.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Echo {
    /// How many requests this service and its clones have taken.
    pub(crate) fn calls(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.calls)
    }
}

impl Clone for Echo {
    fn clone(&self) -> Self {
        Self { ready: false, calls: self.calls() }
    }
}

impl Service<u32> for Echo {
    type Response = u32;
    type Error = String;
    type Future = Steps<Result<u32, String>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been polled ready");
        assert!(request != u32::MAX, "the service panics");
        self.calls.fetch_add(1, Relaxed);
        Steps::to(if request.is_multiple_of(2) { Ok(request) } else { Err(format!("{request} is odd")) })
    }
}
