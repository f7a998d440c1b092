use std::fmt;
use std::future::Future;
use std::sync::Arc;

use arc_swap::ArcSwap;
use resil_core::{Clock, Error, MonotonicClock, Name, Timer};
use resil_pipeline::{BoxLine, Operation, Stats};

/// A pipeline of the file: it makes each call with the parts that the file names by then.
///
/// Its parts are those that have names, so their statistics and events are found there, and what is reloaded there holds here. Where a
/// reload adds parts, takes some away or puts others in their place, the calls that begin after it go by that, and those under way
/// end as they began.
///
/// To follow costs a call about 20 ns: [`now`](Self::now), which every call begins with, takes no lock.
///
/// ```
/// # #[cfg(all(feature = "breaker", feature = "ratelimit"))] {
/// use resil_config::Config;
///
/// let config = Config::from_yaml("
/// resilience:
///   circuit_breaker: { instances: { payments: { failure_threshold: 3 } } }
///   pipelines: { payments: { deadline: 5s, retry: {}, circuit_breaker: payments, timeout: 2s } }
/// ")?;
/// let resilience = config.build();
///
/// # fn charge() -> Result<u32, std::io::Error> { Ok(42) }
/// let payments = resilience.pipeline("payments").unwrap();
/// let receipt = payments.call(|| charge());
/// assert_eq!(receipt.unwrap(), 42);
/// assert_eq!(resilience.circuit_breaker("payments").unwrap().stats().successes, 1);
/// # }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
pub struct Pipeline<C: 'static = MonotonicClock> {
    name: Name,
    shape: ArcSwap<Shape<C>>,
}

/// A pipeline as it was made by one reload.
pub(crate) type Shape<C> = resil_pipeline::Pipeline<BoxLine, C>;

impl<C: Clock> Pipeline<C> {
    pub(crate) fn new(shape: Shape<C>) -> Self {
        Self { name: shape.name(), shape: ArcSwap::from_pointee(shape) }
    }

    /// Calls that begin from now on go by `shape`.
    pub(crate) fn follow(&self, shape: Shape<C>) {
        self.shape.store(Arc::new(shape));
    }

    /// Its name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The pipeline as it is now, which no longer follows: for what only [`resil_pipeline::Pipeline`] does, as calls by what answers
    /// mean.
    ///
    /// ```
    /// # use resil_config::Config;
    /// # let config = Config::from_yaml("resilience: { pipelines: { api: { retry: {} } } }")?;
    /// use resil_pipeline::Outcome;
    ///
    /// let api = config.build().pipeline("api").unwrap();
    /// let by_status = |answer: Result<&u16, &()>| Outcome::of_http(*answer.unwrap(), None);
    /// assert_eq!(api.now().on(by_status).call(|| Ok(404)), Ok(404)); // not tried again
    /// # Ok::<_, resil_config::LoadError>(())
    /// ```
    pub fn now(&self) -> Arc<resil_pipeline::Pipeline<BoxLine, C>> {
        self.shape.load_full()
    }

    /// The statistics of the parts that are the pipeline's own as it is now; limiters and breakers have theirs.
    pub fn stats(&self) -> Stats {
        self.now().stats()
    }

    /// Runs `operation` with all that stands in the pipeline around it, on this thread; see
    /// [`resil_pipeline::Pipeline::call`].
    ///
    /// # Errors
    /// As there.
    pub fn call<M, Op, V, E>(&self, operation: Op) -> Result<V, Error<E>>
    where
        Op: Operation<M, Output = Result<V, E>>,
        E: fmt::Debug,
    {
        self.now().call(operation)
    }

    /// Runs `operation`, which is guarded by other policies already, on this thread; see
    /// [`resil_pipeline::Pipeline::call_nested`].
    ///
    /// # Errors
    /// As there.
    pub fn call_nested<M, Op, V, E>(&self, operation: Op) -> Result<V, Error<E>>
    where
        Op: Operation<M, Output = Result<V, Error<E>>>,
        E: fmt::Debug,
    {
        self.now().call_nested(operation)
    }

    /// Runs the futures that `operation` makes by any runtime's `timer`; see
    /// [`resil_pipeline::Pipeline::call_async_with`]. The future owns what it needs of the pipeline.
    ///
    /// Cancel-safe if the futures are.
    pub fn call_async_with<M, Op, F, V, E, T>(
        &self,
        timer: T,
        operation: Op,
    ) -> impl Future<Output = Result<V, Error<E>>> + use<M, Op, F, V, E, T, C>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, E>>,
        T: Timer + Clone,
        E: fmt::Debug,
    {
        let shape = self.now();
        async move { shape.call_async_with(timer, operation).await }
    }

    /// Runs the futures that `operation` makes, which are guarded already, by any runtime's `timer`; see
    /// [`resil_pipeline::Pipeline::call_async_nested_with`]. The future owns what it needs of the pipeline.
    ///
    /// Cancel-safe if the futures are.
    pub fn call_async_nested_with<M, Op, F, V, E, T>(
        &self,
        timer: T,
        operation: Op,
    ) -> impl Future<Output = Result<V, Error<E>>> + use<M, Op, F, V, E, T, C>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, Error<E>>>,
        T: Timer + Clone,
        E: fmt::Debug,
    {
        let shape = self.now();
        async move { shape.call_async_nested_with(timer, operation).await }
    }
}

/// By tokio's timer. To be polled inside a tokio runtime that has its timer enabled.
#[cfg(feature = "tokio")]
impl<C: Clock> Pipeline<C> {
    /// [`call_async_with`](Self::call_async_with) tokio's timer.
    pub fn call_async<M, Op, F, V, E>(
        &self,
        operation: Op,
    ) -> impl Future<Output = Result<V, Error<E>>> + use<M, Op, F, V, E, C>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, E>>,
        E: fmt::Debug,
    {
        let shape = self.now();
        async move { shape.call_async(operation).await }
    }

    /// [`call_async_nested_with`](Self::call_async_nested_with) tokio's timer.
    pub fn call_async_nested<M, Op, F, V, E>(
        &self,
        operation: Op,
    ) -> impl Future<Output = Result<V, Error<E>>> + use<M, Op, F, V, E, C>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<V, Error<E>>>,
        E: fmt::Debug,
    {
        let shape = self.now();
        async move { shape.call_async_nested(operation).await }
    }
}

impl<C: Clock> fmt::Debug for Pipeline<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.now().fmt(f)
    }
}
