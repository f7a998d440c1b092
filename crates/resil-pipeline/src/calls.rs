use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use resil_core::{Clock, Error, Judge, Line, MonotonicClock, Timer};
use resil_retry::{Attempt, Operation};

use crate::assess::{Assess, ByOutcome, Errors};
use crate::attempt::{Attempts, Flat, Guarded, attempt_blocking};
use crate::timely::Timely;
use crate::{Pipeline, PipelineCall};

/// A [`Pipeline`] together with what its results mean; made by [`Pipeline::on`].
///
/// ```
/// use resil_pipeline::{Outcome, Pipeline, Retry, retry};
/// use resil_breaker::{CircuitBreaker, Config};
///
/// static API: CircuitBreaker = CircuitBreaker::new("api", Config::new());
///
/// let pipeline = Pipeline::new("api").retry(Retry::new("api", retry::Config::new())).guard(&API);
/// let by_status = pipeline.on(|answer: Result<&u16, &&str>| match answer {
///     Ok(status) => Outcome::of_http(*status, None),
///     Err(_) => Outcome::failure(),
/// });
/// assert_eq!(by_status.call(|| Ok(404)), Ok(404)); // at once, and the breaker does not mind
/// assert_eq!((API.stats().ignored, pipeline.stats().retry.retries), (1, 0));
/// ```
#[must_use = "it makes the calls"]
pub struct Assessing<'p, A, C: 'static = MonotonicClock, J = Errors> {
    pipeline: &'p Pipeline<A, C>,
    assess: J,
}

impl<A, C, J: Clone> Clone for Assessing<'_, A, C, J> {
    fn clone(&self) -> Self {
        Self { pipeline: self.pipeline, assess: self.assess.clone() }
    }
}

impl<A, C, J: Copy> Copy for Assessing<'_, A, C, J> {}

impl<A: fmt::Debug, C: Clock, J> fmt::Debug for Assessing<'_, A, C, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assessing").field("pipeline", self.pipeline).finish_non_exhaustive()
    }
}

/// The future of a call; `N` is its form.
type Call<'p, A, C, T, Op, M, F, J, N, V, E> = PipelineCall<'p, A, C, T, Op, M, F, J, N, V, E>;

impl<'p, A: Line, C: Clock, J> Assessing<'p, A, C, J> {
    /// Runs `operation` with all that stands in the pipeline around it, on this thread.
    ///
    /// # Errors
    /// The last refusal or error; [`Error::TimedOut`] if no time was left before the first attempt.
    ///
    /// # Panics
    /// A panic of `operation` settles as one and goes on unwinding.
    #[inline]
    pub fn call<M, Op, V, E>(self, operation: Op) -> Result<V, Error<E>>
    where
        Op: Operation<M, Output = Result<V, E>>,
        J: Assess<V, E>,
        E: fmt::Debug,
    {
        self.run::<_, _, Flat, _, _>(operation)
    }

    /// Runs `operation`, which is guarded by other policies already, on this thread; see [`call`](Self::call).
    ///
    /// # Errors
    /// As [`call`](Self::call).
    #[inline]
    pub fn call_nested<M, Op, V, E>(self, operation: Op) -> Result<V, Error<E>>
    where
        Op: Operation<M, Output = Result<V, Error<E>>>,
        J: Assess<V, E>,
        E: fmt::Debug,
    {
        self.run::<_, _, Guarded, _, _>(operation)
    }

    #[inline]
    fn run<M, Op, N, V, E>(self, mut operation: Op) -> Result<V, Error<E>>
    where
        Op: Operation<M>,
        N: Judge<Op::Output, Output = Result<V, Error<E>>>,
        J: Assess<V, E>,
        E: fmt::Debug,
    {
        let Self { pipeline, assess } = self;
        let mut retried = || {
            pipeline.retry.call_by(&ByOutcome, |attempt: Attempt| {
                attempt_blocking::<_, _, M, Op, N, J, V, E>(pipeline, &mut operation, attempt, &assess)
            })
        };
        match &pipeline.deadline {
            Some(limit) => limit.call_nested(retried),
            None => retried(),
        }
    }

    /// Runs the futures that `operation` makes, with all that stands in the pipeline around them; `timer` is any runtime's sleep.
    ///
    /// `operation` is called for each attempt before its wait in line; what must not happen when it is refused belongs into the future.
    ///
    /// Cancel-safe if the futures are.
    #[inline]
    pub fn call_async_with<M, Op, F, V, E, T>(
        self,
        timer: T,
        operation: Op,
    ) -> Call<'p, A, C, T, Op, M, F, J, Flat, V, E>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, E>>,
        T: Timer + Clone,
        J: Assess<V, E> + Clone,
        E: fmt::Debug,
    {
        self.start(timer, operation)
    }

    /// Runs the futures that `operation` makes, which are guarded by other policies already; see
    /// [`call_async_with`](Self::call_async_with).
    ///
    /// Cancel-safe if the futures are.
    #[inline]
    pub fn call_async_nested_with<M, Op, F, V, E, T>(
        self,
        timer: T,
        operation: Op,
    ) -> Call<'p, A, C, T, Op, M, F, J, Guarded, V, E>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, Error<E>>>,
        T: Timer + Clone,
        J: Assess<V, E> + Clone,
        E: fmt::Debug,
    {
        self.start(timer, operation)
    }

    #[inline]
    fn start<M, Op, F, N, V, E, T>(self, timer: T, operation: Op) -> Call<'p, A, C, T, Op, M, F, J, N, V, E>
    where
        Op: Operation<M, Output = F>,
        F: Future,
        N: Judge<F::Output, Output = Result<V, Error<E>>>,
        T: Timer + Clone,
        J: Assess<V, E> + Clone,
        E: fmt::Debug,
    {
        let Self { pipeline, assess } = self;
        let sleeper = timer.clone();
        let retried = || {
            let attempts =
                Attempts { pipeline, timer: sleeper.clone(), operation, assess, form: PhantomData };
            pipeline.retry.call_async_by(sleeper, ByOutcome, attempts)
        };
        PipelineCall { call: Timely::new(pipeline.deadline.as_ref(), timer, retried) }
    }
}

/// Calls whose errors are failures, and are retried.
impl<A: Line, C: Clock> Pipeline<A, C> {
    /// Calls whose results mean what `assess` says: to all that guard them, and to the retry.
    ///
    /// It gets a result by reference and returns an [`Outcome`](crate::Outcome) or a [`Verdict`](crate::Verdict).
    pub const fn on<V, E, D, J>(&self, assess: J) -> Assessing<'_, A, C, J>
    where
        J: Fn(Result<&V, &E>) -> D,
        D: Into<crate::Outcome>,
    {
        Assessing { pipeline: self, assess }
    }

    /// Calls whose errors are failures: what the calls of the pipeline itself go by.
    pub const fn on_errors(&self) -> Assessing<'_, A, C> {
        Assessing { pipeline: self, assess: Errors }
    }

    /// Runs `operation` on this thread; see [`Assessing::call`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn call<M, Op, V, E>(&self, operation: Op) -> Result<V, Error<E>>
    where
        Op: Operation<M, Output = Result<V, E>>,
        E: fmt::Debug,
    {
        self.on_errors().call(operation)
    }

    /// Runs `operation`, which is guarded by other policies already, on this thread; see [`Assessing::call_nested`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn call_nested<M, Op, V, E>(&self, operation: Op) -> Result<V, Error<E>>
    where
        Op: Operation<M, Output = Result<V, Error<E>>>,
        E: fmt::Debug,
    {
        self.on_errors().call_nested(operation)
    }

    /// Runs the futures that `operation` makes by any runtime's `timer`; see [`Assessing::call_async_with`].
    ///
    /// Cancel-safe if the futures are.
    #[inline]
    pub fn call_async_with<M, Op, F, V, E, T>(
        &self,
        timer: T,
        operation: Op,
    ) -> Call<'_, A, C, T, Op, M, F, Errors, Flat, V, E>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, E>>,
        T: Timer + Clone,
        E: fmt::Debug,
    {
        self.on_errors().call_async_with(timer, operation)
    }

    /// Runs the futures that `operation` makes, which are guarded already, by any runtime's `timer`; see
    /// [`Assessing::call_async_nested_with`].
    ///
    /// Cancel-safe if the futures are.
    #[inline]
    pub fn call_async_nested_with<M, Op, F, V, E, T>(
        &self,
        timer: T,
        operation: Op,
    ) -> Call<'_, A, C, T, Op, M, F, Errors, Guarded, V, E>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, Error<E>>>,
        T: Timer + Clone,
        E: fmt::Debug,
    {
        self.on_errors().call_async_nested_with(timer, operation)
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::fmt;
    use std::future::Future;

    use resil_core::{Clock, Error, Line, TokioTimer};
    use resil_retry::Operation;

    use super::{Assessing, Call};
    use crate::Pipeline;
    use crate::assess::{Assess, Errors};
    use crate::attempt::{Flat, Guarded};

    /// A call on tokio.
    type OnTokio<'p, A, C, Op, M, F, J, N, V, E> = Call<'p, A, C, TokioTimer<&'p C>, Op, M, F, J, N, V, E>;

    /// By tokio's timer. To be polled inside a tokio runtime that has its timer enabled.
    impl<'p, A: Line, C: Clock, J> Assessing<'p, A, C, J> {
        /// [`call_async_with`](Self::call_async_with) tokio's timer.
        #[inline]
        pub fn call_async<M, Op, F, V, E>(self, operation: Op) -> OnTokio<'p, A, C, Op, M, F, J, Flat, V, E>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<V, E>>,
            J: Assess<V, E> + Clone,
            E: fmt::Debug,
        {
            let timer = TokioTimer::on(&self.pipeline.clock);
            self.call_async_with(timer, operation)
        }

        /// [`call_async_nested_with`](Self::call_async_nested_with) tokio's timer.
        #[inline]
        pub fn call_async_nested<M, Op, F, V, E>(
            self,
            operation: Op,
        ) -> OnTokio<'p, A, C, Op, M, F, J, Guarded, V, E>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<V, Error<E>>>,
            J: Assess<V, E> + Clone,
            E: fmt::Debug,
        {
            let timer = TokioTimer::on(&self.pipeline.clock);
            self.call_async_nested_with(timer, operation)
        }
    }

    /// By tokio's timer. To be polled inside a tokio runtime that has its timer enabled.
    impl<A: Line, C: Clock> Pipeline<A, C> {
        /// [`call_async_with`](Self::call_async_with) tokio's timer.
        #[inline]
        pub fn call_async<M, Op, F, V, E>(
            &self,
            operation: Op,
        ) -> OnTokio<'_, A, C, Op, M, F, Errors, Flat, V, E>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<V, E>>,
            E: fmt::Debug,
        {
            self.on_errors().call_async(operation)
        }

        /// [`call_async_nested_with`](Self::call_async_nested_with) tokio's timer.
        #[inline]
        pub fn call_async_nested<M, Op, F, V, E>(
            &self,
            operation: Op,
        ) -> OnTokio<'_, A, C, Op, M, F, Errors, Guarded, V, E>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<V, Error<E>>>,
            E: fmt::Debug,
        {
            self.on_errors().call_async_nested(operation)
        }
    }
}
