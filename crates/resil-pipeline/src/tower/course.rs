use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use resil_core::{Clock, Error, Line, Name, Reason, Rejected, TimedOut, Timer};
use resil_retry::{Attempt, Config, Rule, Ruling, StopReason};
use tower_service::Service;

use super::{Prepare, Repeat};
use crate::assess::{AssessedResult, ByOutcome, assessed};
use crate::attempt::Guarded;
use crate::timely::Timely;
use crate::{Assess, Pipeline};

/// The future of a [`PipelineService`](super::PipelineService): one allocation, see the [module](crate::tower).
///
/// Cancel-safe: dropped before its end, a request that waits gives up its place in line, and one that is under way is dropped, and settles
/// as cancelled.
#[must_use = "futures do nothing unless they are awaited"]
pub struct ResponseFuture<Res, E>(Pin<Box<dyn Future<Output = Result<Res, Error<E>>> + Send>>);

impl<Res, E> ResponseFuture<Res, E> {
    pub(super) fn new(future: impl Future<Output = Result<Res, Error<E>>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<Res, E> Future for ResponseFuture<Res, E> {
    type Output = Result<Res, Error<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<Res, E> fmt::Debug for ResponseFuture<Res, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// How a request takes its course.
pub(super) struct Course<S, T, J, R, H> {
    pub(super) service: S,
    pub(super) timer: T,
    pub(super) assess: J,
    pub(super) repeat: R,
    pub(super) prepare: H,
}

impl<S, T, J, R, H> Course<S, T, J, R, H> {
    pub(super) async fn run<Req, A, C>(
        self,
        pipeline: &Pipeline<A, C>,
        request: Req,
    ) -> Result<S::Response, Error<S::Error>>
    where
        S: Service<Req, Error: fmt::Debug> + Clone,
        T: Timer + Clone,
        J: Assess<S::Response, S::Error> + Clone,
        R: Repeat<Req>,
        H: Prepare<Req>,
        A: Line,
        C: Clock,
    {
        let stock = Stock::of(request);
        let Self { service, timer, assess, repeat, prepare } = self;
        // All that an attempt needs goes into it, so that services and timers need not be `Sync`.
        let (stock, repeat, prepare) = (&stock, &repeat, &prepare);
        let sleeper = timer.clone();
        let attempts = move |attempt: Attempt| {
            // A clone for each: a service that has been polled ready is used up by its call.
            let (mut service, timer, assess) = (service.clone(), sleeper.clone(), assess.clone());
            async move {
                if let Err(error) = poll_fn(|cx| service.poll_ready(cx)).await {
                    return assessed(&assess, Ok(Err(Error::Inner(error))));
                }
                let send = async {
                    let request = stock.take(attempt, repeat, prepare)?;
                    service.call(request).await.map_err(Error::Inner)
                };
                stock.reason(pipeline.attempt_async::<_, _, Guarded, _, _, _>(&timer, assess, || send).await)
            }
        };
        let retried = || pipeline.retry.call_async_by(timer.clone(), InStock(stock), attempts);
        Timely::new(pipeline.deadline.as_ref(), timer.clone(), retried)
            .await
            .unwrap_or_else(|cut| Err(Error::TimedOut(cut)))
    }
}

/// What is left of a request. One task uses it, so nobody ever waits for the lock; without it the future could not go to another thread.
struct Stock<Req>(Mutex<Left<Req>>);

struct Left<Req> {
    request: Option<Req>,
    /// It is sent, or was about to be, and cannot be sent again.
    is_spent: bool,
    /// Why it was not sent, if there was too little time.
    cut: Option<TimedOut>,
}

/// What the policies get to see of a request that was not sent for want of time: nothing that speaks against the other side.
const NOT_SENT: Rejected = Rejected::new(Name::UNNAMED, Reason::Other("too little time is left"));

impl<Req> Stock<Req> {
    const fn of(request: Req) -> Self {
        Self(Mutex::new(Left { request: Some(request), is_spent: false, cut: None }))
    }

    fn left(&self) -> MutexGuard<'_, Left<Req>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(
        &self,
        attempt: Attempt,
        repeat: &impl Repeat<Req>,
        prepare: &impl Prepare<Req>,
    ) -> Result<Req, Rejected> {
        let mut left = self.left();
        let Some(mut request) = left.request.take() else {
            unreachable!("no attempt follows one that has spent the request, or the last one")
        };
        if !attempt.is_last() {
            left.request = repeat.repeat(&request);
            left.is_spent = left.request.is_none();
        }
        prepare.prepare(&mut request).map_err(|cut| {
            left.cut = Some(cut);
            NOT_SENT
        })?;
        Ok(request)
    }

    /// The same result, and if too little time was left, that.
    fn reason<V, E>(&self, result: AssessedResult<V, E>) -> AssessedResult<V, E> {
        self.left().cut.take().map_or(result, |cut| Err(Error::TimedOut(cut)))
    }

    fn is_spent(&self) -> bool {
        self.left().is_spent
    }
}

/// The rule of the retry as everywhere, as long as there is a request to send.
struct InStock<'a, Req>(&'a Stock<Req>);

impl<Req, V, E: fmt::Debug> Rule<AssessedResult<V, E>> for InStock<'_, Req> {
    type Output = Result<V, Error<E>>;

    fn rule(&self, result: &AssessedResult<V, E>, config: impl FnOnce() -> Config) -> Ruling {
        match ByOutcome.rule(result, config) {
            Ruling::Again(_) if self.0.is_spent() => Ruling::Stop(StopReason::NotRetryable),
            ruling => ruling,
        }
    }

    fn text(result: &AssessedResult<V, E>) -> Option<String> {
        <ByOutcome as Rule<AssessedResult<V, E>>>::text(result)
    }

    fn ran(result: AssessedResult<V, E>) -> Self::Output {
        <ByOutcome as Rule<AssessedResult<V, E>>>::ran(result)
    }

    fn cut(cut: TimedOut) -> Self::Output {
        <ByOutcome as Rule<AssessedResult<V, E>>>::cut(cut)
    }
}
