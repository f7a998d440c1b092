use std::sync::Arc;

use resil_core::{Clock, Line};

use crate::Pipeline;

/// A pipeline that is owned: as it is, in an `Arc`, or as a `&'static`.
///
/// ```
/// use resil_pipeline::Pipeline;
/// use resil_pipeline::tower::Owned;
/// use std::sync::Arc;
///
/// assert_eq!(Arc::new(Pipeline::new("orders")).pipeline().name().as_str(), "orders");
/// ```
pub trait Owned {
    /// What admits its attempts.
    type Line: Line;

    /// Its clock.
    type Clock: Clock + 'static;

    /// The pipeline.
    fn pipeline(&self) -> &Pipeline<Self::Line, Self::Clock>;
}

impl<A: Line, C: Clock> Owned for Pipeline<A, C> {
    type Line = A;
    type Clock = C;

    fn pipeline(&self) -> &Self {
        self
    }
}

impl<P: Owned> Owned for Arc<P> {
    type Line = P::Line;
    type Clock = P::Clock;

    fn pipeline(&self) -> &Pipeline<P::Line, P::Clock> {
        (**self).pipeline()
    }
}

impl<P: Owned> Owned for &'static P {
    type Line = P::Line;
    type Clock = P::Clock;

    fn pipeline(&self) -> &Pipeline<P::Line, P::Clock> {
        (**self).pipeline()
    }
}

/// Chooses the pipeline of a request: the same one for all, or one by key through a closure.
///
/// ```
/// use resil_pipeline::tower::{Owned, SelectPipeline};
/// use resil_pipeline::{Pipeline, Retry, retry};
///
/// /// One retry for all hosts; a breaker and a limiter for each would follow here.
/// fn by_host() -> impl SelectPipeline<String, Pipeline: Owned> {
///     let base = Pipeline::new("hosts").retry(Retry::new("hosts", retry::Config::new()));
///     move |_host: &String| base.clone()
/// }
/// # by_host();
/// ```
pub trait SelectPipeline<Req> {
    /// The pipeline, as something that is owned.
    type Pipeline: Owned;

    /// The pipeline for `request`.
    fn select(&self, request: &Req) -> Self::Pipeline;
}

impl<Req, P: Owned, F: Fn(&Req) -> P> SelectPipeline<Req> for F {
    type Pipeline = P;

    fn select(&self, request: &Req) -> P {
        self(request)
    }
}

/// Takes the same pipeline for every request.
#[derive(Clone, Copy, Debug)]
pub struct Same<P>(pub(super) P);

impl<Req, P: Owned + Clone> SelectPipeline<Req> for Same<P> {
    type Pipeline = P;

    fn select(&self, _: &Req) -> P {
        self.0.clone()
    }
}
