//! A client that does what it is told, and a retry, limits and guards on a clock.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resil_breaker::CircuitBreaker;
use resil_core::testing::poll_once;
use resil_pipeline::retry::{self, Backoff, Jitter};
use resil_pipeline::{Clock, Deadline, ManualClock, Retry, Timeout, timeout};
use tower_service::Service;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// How often an answer is pending.
pub(crate) const STEPS: usize = 3;

pub(crate) type Answer = Result<u16, &'static str>;

/// What clones share.
#[derive(Debug, Default)]
struct Wire {
    answers: VecDeque<Answer>,
    sent: Vec<(String, Option<Deadline>)>,
    /// How often it is to be asked before it is ready.
    busy: usize,
    waker: Option<Waker>,
    broken: bool,
    /// Answers that are on their way.
    open: usize,
}

/// Gives the answers that were put into it, then 200; each after [`STEPS`] polls. Has to be polled ready before each call; a clone is not
/// ready.
#[derive(Debug, Default)]
pub(crate) struct Client {
    ready: bool,
    wire: Arc<Mutex<Wire>>,
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self { ready: false, wire: Arc::clone(&self.wire) }
    }
}

impl Client {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let client = Self::default();
        client.with(|wire| wire.answers.extend(answers));
        client
    }

    /// Is ready only when it is asked for the `polls`-th time after this.
    pub(crate) fn busy(&self, polls: usize) {
        self.with(|wire| {
            wire.busy = polls;
            wire.waker.take().map(Waker::wake)
        });
    }

    pub(crate) fn broken(&self) {
        self.with(|wire| wire.broken = true);
    }

    /// The requests that it has got, and the deadline under which.
    pub(crate) fn sent(&self) -> Vec<(String, Option<Deadline>)> {
        self.with(|wire| wire.sent.clone())
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.sent().into_iter().map(|(text, _)| text).collect()
    }

    /// How many answers are on their way.
    pub(crate) fn open(&self) -> usize {
        self.with(|wire| wire.open)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Wire) -> T) -> T {
        f(&mut self.wire.lock().expect("no test panics in here"))
    }
}

impl Service<String> for Client {
    type Response = u16;
    type Error = &'static str;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.ready = self.with(|wire| {
            wire.waker = Some(cx.waker().clone());
            wire.busy = wire.busy.saturating_sub(1);
            wire.busy == 0
        });
        if self.with(|wire| wire.broken) {
            return Poll::Ready(Err("broken"));
        }
        if self.ready { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn call(&mut self, request: String) -> Answering {
        assert!(std::mem::take(&mut self.ready), "called without having been polled ready");
        assert_ne!(request, "panic", "the service panics");
        let answer = self.with(|wire| {
            wire.open += 1;
            wire.sent.push((request, Deadline::current()));
            wire.answers.pop_front().unwrap_or(Ok(200))
        });
        Answering { left: STEPS, answer, client: self.clone() }
    }
}

/// An answer on its way. What it says to be "never" never comes.
#[derive(Debug)]
pub(crate) struct Answering {
    left: usize,
    answer: Answer,
    client: Client,
}

impl Future for Answering {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        if self.answer == Err("never") {
            return Poll::Pending;
        }
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.answer)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.client.with(|wire| wire.open -= 1);
    }
}

/// `attempts` of them, a second apart.
pub(crate) fn retry(clock: &ManualClock, attempts: u32) -> Retry<ManualClock> {
    let backoff = Backoff::fixed(SECOND).jitter(Jitter::None);
    let config = retry::Config::new().max_attempts(attempts).backoff(backoff);
    Retry::with_clock("api".into(), config, clock.clone())
}

pub(crate) fn limit(clock: &ManualClock, name: &'static str, limit: Duration) -> Timeout<ManualClock> {
    Timeout::with_clock(name.into(), timeout::Config::new(limit), clock.clone())
}

pub(crate) fn breaker(clock: &ManualClock, failures: u32) -> Arc<CircuitBreaker<ManualClock>> {
    let config = resil_breaker::Config::new().failure_threshold(failures);
    Arc::new(CircuitBreaker::with_clock("api".into(), config, clock.clone()))
}

/// Polls `future` to its end, with ten milliseconds between; how long that took.
pub(crate) fn finish<F: Future>(clock: &ManualClock, future: F) -> (F::Output, Duration) {
    let (mut future, start) = (std::pin::pin!(future), clock.now());
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return (output, clock.now().saturating_duration_since(start));
        }
        clock.advance(Duration::from_millis(10));
    }
}
