use std::fmt;
use std::task::{Context, Poll};

use resil_core::{Clock, Error, Line, Policy, TimedOut, Timer};
use tower_layer::Layer;
use tower_service::Service;

use super::course::{Course, ResponseFuture};
use super::{AsIs, By, Cloned, Owned, Prepare, Repeat, Same, SelectPipeline, Timing};
use crate::{Assess, Errors, Outcome};

/// A tower layer that runs every request through a pipeline.
///
/// See the [module](crate::tower) for an example. `S` chooses the pipeline and `T` is the timer; `J` says what responses mean, `R` makes
/// the request of another attempt, and `H` prepares the request of each.
#[derive(Clone, Copy)]
pub struct PipelineLayer<S, T, J = Errors, R = Cloned, H = AsIs> {
    select: S,
    timing: T,
    pub(super) assess: J,
    pub(super) repeat: R,
    pub(super) prepare: H,
}

impl<S, T> PipelineLayer<S, By<T>>
where
    T: Timer + Clone,
{
    /// Runs each request through the pipeline that `select` returns for it; `timer` is any runtime's sleep.
    pub const fn select_with(timer: T, select: S) -> Self {
        Self::made(By(timer), select)
    }
}

impl<P, T> PipelineLayer<Same<P>, By<T>>
where
    P: Owned + Clone,
    T: Timer + Clone,
{
    /// Runs every request through `pipeline`; `timer` is any runtime's sleep.
    pub const fn new_with(timer: T, pipeline: P) -> Self {
        Self::made(By(timer), Same(pipeline))
    }
}

impl<S, T> PipelineLayer<S, T> {
    const fn made(timing: T, select: S) -> Self {
        Self { select, timing, assess: Errors, repeat: Cloned, prepare: AsIs }
    }
}

impl<S, T, J, R, H> PipelineLayer<S, T, J, R, H> {
    /// Judges responses by `assess` rather than by `Ok` and `Err`: for all that guard them, and for the retry.
    pub fn on<Res, E, D, F>(self, assess: F) -> PipelineLayer<S, T, F, R, H>
    where
        F: Fn(Result<&Res, &E>) -> D + Clone,
        D: Into<Outcome>,
    {
        let Self { select, timing, repeat, prepare, .. } = self;
        PipelineLayer { select, timing, assess, repeat, prepare }
    }

    /// Makes the requests of further attempts by `repeat`; without it they are clones. It answers `None` if a request can be sent once
    /// only, such as one whose body is a stream, or must not be sent twice, such as an order.
    ///
    /// It is asked when a request is about to be sent and another attempt may follow. One that was sent and cannot be sent again is not
    /// retried; one that was refused before it was sent is.
    ///
    /// ```
    /// # use resil_pipeline::{ManualClock, Pipeline};
    /// # use resil_pipeline::tower::PipelineLayer;
    /// # #[derive(Clone)] struct Request { is_order: bool }
    /// # let layer = PipelineLayer::new_with(ManualClock::new(), Pipeline::with_clock("api".into(), ManualClock::new()));
    /// let layer = layer.repeat(|request: &Request| (!request.is_order).then(|| request.clone()));
    /// # let _ = (layer, Request { is_order: true });
    /// ```
    pub fn repeat<Req, F>(self, repeat: F) -> PipelineLayer<S, T, J, F, H>
    where
        F: Fn(&Req) -> Option<Req> + Clone,
    {
        let Self { select, timing, assess, prepare, .. } = self;
        PipelineLayer { select, timing, assess, repeat, prepare }
    }

    /// Prepares the request of each attempt by `prepare`, once it is admitted: the [current deadline](crate::Deadline::current) is then
    /// the attempt's, so that a header can tell it to the other side.
    ///
    /// Where `prepare` says that too little time is left, nothing is sent: the policies ignore the attempt, and the caller gets
    /// [`Error::TimedOut`].
    ///
    /// ```
    /// # use resil_pipeline::{ManualClock, Pipeline};
    /// # use resil_pipeline::tower::PipelineLayer;
    /// # #[derive(Clone)] struct Request { headers: Vec<(&'static str, String)> }
    /// use resil_pipeline::Deadline;
    /// use resil_pipeline::timeout::headers::{GRPC_TIMEOUT, grpc_timeout};
    /// use std::time::Duration;
    ///
    /// const NETWORK: Duration = Duration::from_millis(20);
    ///
    /// # let layer = PipelineLayer::new_with(ManualClock::new(), Pipeline::with_clock("api".into(), ManualClock::new()));
    /// let layer = layer.prepare(|request: &mut Request| {
    ///     if let Some(deadline) = Deadline::current() {
    ///         request.headers.push((GRPC_TIMEOUT, grpc_timeout(deadline, NETWORK)?.to_string()));
    ///     }
    ///     Ok(())
    /// });
    /// # let _ = (layer, Request { headers: Vec::new() });
    /// ```
    pub fn prepare<Req, F>(self, prepare: F) -> PipelineLayer<S, T, J, R, F>
    where
        F: Fn(&mut Req) -> Result<(), TimedOut> + Clone,
    {
        let Self { select, timing, assess, repeat, .. } = self;
        PipelineLayer { select, timing, assess, repeat, prepare }
    }
}

impl<S, T, J, R, H> fmt::Debug for PipelineLayer<S, T, J, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineLayer").finish_non_exhaustive()
    }
}

impl<Inner, S, T, J, R, H> Layer<Inner> for PipelineLayer<S, T, J, R, H>
where
    Self: Clone,
{
    type Service = PipelineService<Inner, S, T, J, R, H>;

    fn layer(&self, inner: Inner) -> Self::Service {
        PipelineService { inner, layer: self.clone() }
    }
}

/// The service that [`PipelineLayer`] makes. Clones share the pipeline.
#[derive(Clone, Copy, Debug)]
pub struct PipelineService<Inner, S, T, J = Errors, R = Cloned, H = AsIs> {
    inner: Inner,
    layer: PipelineLayer<S, T, J, R, H>,
}

impl<Req, Inner, S, T, J, R, H, L, C> Service<Req> for PipelineService<Inner, S, T, J, R, H>
where
    Req: Send + 'static,
    Inner: Service<Req, Response: Send, Error: fmt::Debug + Send, Future: Send> + Clone + Send + 'static,
    S: SelectPipeline<Req, Pipeline: Owned<Line = L, Clock = C> + Send + Sync + 'static>,
    T: Timing<C>,
    L: Line<Policy: Policy<Permit: Send> + Send + Sync> + Send + Sync + 'static,
    L::Wait<T::Timer>: Send,
    C: Clock + 'static,
    J: Assess<Inner::Response, Inner::Error> + Clone + Send + Sync + 'static,
    R: Repeat<Req> + Clone + Send + Sync + 'static,
    H: Prepare<Req> + Clone + Send + Sync + 'static,
{
    type Response = Inner::Response;
    type Error = Error<Inner::Error>;
    type Future = ResponseFuture<Inner::Response, Inner::Error>;

    /// Is always ready: the service inside is asked in each attempt.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let pipeline = self.layer.select.select(&request);
        let timer = self.layer.timing.timer(&pipeline.pipeline().clock);
        let PipelineLayer { assess, repeat, prepare, .. } = &self.layer;
        let course = Course {
            service: self.inner.clone(),
            timer,
            assess: assess.clone(),
            repeat: repeat.clone(),
            prepare: prepare.clone(),
        };
        ResponseFuture::new(async move { course.run(pipeline.pipeline(), request).await })
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::PipelineLayer;
    use crate::tower::{OnTokio, Owned, Same};

    /// By tokio's timer: requests have to be polled inside a tokio runtime that has its timer enabled.
    impl<P: Owned + Clone> PipelineLayer<Same<P>, OnTokio> {
        /// Runs every request through `pipeline`.
        pub const fn new(pipeline: P) -> Self {
            Self::made(OnTokio, Same(pipeline))
        }
    }

    /// By tokio's timer: requests have to be polled inside a tokio runtime that has its timer enabled.
    impl<S> PipelineLayer<S, OnTokio> {
        /// Runs each request through the pipeline that `select` returns for it.
        pub const fn select(select: S) -> Self {
            Self::made(OnTokio, select)
        }
    }
}
