use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use resil_core::{ByResult, CallInLine, Clock, Error, Judge, Line, LineExt, Nested, Timer};
use resil_retry::{Attempt, Operation};

use crate::assess::{Assess, AssessedResult, ByOutcome, assessed};
use crate::timely::Timely;
use crate::{Assessed, Pipeline};

/// Makes the attempts of a call, each from the line to its time limit; no user names it.
pub struct Attempts<'p, A, C: 'static, T, Op, J, N> {
    pub(crate) pipeline: &'p Pipeline<A, C>,
    pub(crate) timer: T,
    pub(crate) operation: Op,
    pub(crate) assess: J,
    pub(crate) form: PhantomData<fn() -> N>,
}

impl<A, C, T, Op, J, N> fmt::Debug for Attempts<'_, A, C, T, Op, J, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").finish_non_exhaustive()
    }
}

/// One attempt: the wait in line, the question to what guards it, and the call under its limit.
pub type AttemptAsync<'p, A, C, T, F, J, N> =
    CallInLine<&'p A, T, AssessAsync<'p, C, T, F, J, N>, Nested<ByOutcome>>;

impl<'p, A, C, T, Op, J, N, M, V, E> Operation<fn(M) -> (V, E)> for Attempts<'p, A, C, T, Op, J, N>
where
    A: Line,
    C: Clock,
    T: Timer + Clone,
    Op: Operation<M>,
    Op::Output: Future,
    N: Judge<<Op::Output as Future>::Output, Output = Result<V, Error<E>>>,
    J: Assess<V, E> + Clone,
{
    type Output = AttemptAsync<'p, A, C, T, Op::Output, J, N>;

    #[inline]
    fn attempt(&mut self, attempt: Attempt) -> Self::Output {
        self.pipeline.attempt_async(&self.timer, self.assess.clone(), || self.operation.attempt(attempt))
    }
}

impl<A: Line, C: Clock> Pipeline<A, C> {
    /// Makes one attempt: all that stands inside of the retry.
    #[inline]
    pub(crate) fn attempt_async<T, F, N, J, V, E>(
        &self,
        timer: &T,
        assess: J,
        operation: impl FnOnce() -> F,
    ) -> AttemptAsync<'_, A, C, T, F, J, N>
    where
        T: Timer + Clone,
        F: Future,
        N: Judge<F::Output, Output = Result<V, Error<E>>>,
        J: Assess<V, E>,
    {
        let future = Timely::new(self.attempt.as_ref(), timer.clone(), operation);
        let call = AssessAsync { future, assess, form: PhantomData };
        // By reference, so that no handle is cloned.
        let line = &self.admission;
        LineExt::call_async_judged(&line, timer.clone(), Nested(ByOutcome), call)
    }
}

/// Makes one attempt on this thread.
#[inline]
pub(crate) fn attempt_blocking<A, C, M, Op, N, J, V, E>(
    pipeline: &Pipeline<A, C>,
    operation: &mut Op,
    attempt: Attempt,
    assess: &J,
) -> AssessedResult<V, E>
where
    A: Line,
    C: Clock,
    Op: Operation<M>,
    N: Judge<Op::Output, Output = Result<V, Error<E>>>,
    J: Assess<V, E>,
{
    pipeline.admission.call_judged(Nested(ByOutcome), || {
        let result = match &pipeline.attempt {
            Some(limit) => limit.run_blocking(|| operation.attempt(attempt)),
            None => Ok(operation.attempt(attempt)),
        };
        assessed(assess, result.map(N::ran))
    })
}

pin_project! {
    /// The call itself, its limit around it, and what is thought of its result.
    pub struct AssessAsync<'a, C, T, F, J, N>
    where
        T: Timer,
    {
        #[pin]
        future: Timely<'a, C, T, F>,
        assess: J,
        form: PhantomData<fn() -> N>,
    }
}

impl<C, T, F, J, N, V, E> Future for AssessAsync<'_, C, T, F, J, N>
where
    C: Clock,
    T: Timer,
    F: Future,
    N: Judge<F::Output, Output = Result<V, Error<E>>>,
    J: Assess<V, E>,
{
    type Output = Result<Assessed<V>, Error<Assessed<E>>>;

    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.future.poll(cx));
        Poll::Ready(assessed(this.assess, result.map(N::ran)))
    }
}

/// The form of an operation that knows nothing of policies.
pub(crate) type Flat = resil_core::Flat<ByResult>;

/// The form of an operation that is guarded already.
pub(crate) type Guarded = Nested<ByResult>;
