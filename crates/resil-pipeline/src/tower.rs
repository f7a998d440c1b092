//! A pipeline around a tower service, so around any client: deadline, retry, limiter, breaker and attempt timeout for each request.
//!
//! ```
//! use resil_pipeline::tower::PipelineLayer;
//! use resil_pipeline::{ManualClock, Outcome, Pipeline, Retry, retry};
//! use tower_layer::Layer;
//!
//! # #[derive(Clone)] struct Client;
//! # impl tower_service::Service<u32> for Client { type Response = u16; type Error = &'static str;
//! #   type Future = std::future::Ready<Result<u16, &'static str>>;
//! #   fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> { Ok(()).into() }
//! #   fn call(&mut self, _: u32) -> Self::Future { std::future::ready(Ok(503)) } }
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! # use tower_service::Service;
//! let clock = ManualClock::leaping(); // as the clock and as the timer; on tokio, `PipelineLayer::new` needs neither
//! let retry = Retry::with_clock("api".into(), retry::Config::new(), clock.clone());
//! let pipeline = Pipeline::with_clock("api".into(), clock.clone()).retry(retry);
//!
//! let by_status = |answer: Result<&u16, &&str>| answer.map_or(Outcome::failure(), |status| Outcome::of_http(*status, None));
//! let mut client = PipelineLayer::new_with(clock, pipeline.clone()).on(by_status).layer(Client);
//! assert_eq!(client.call(7).await, Ok(503));
//! assert_eq!(pipeline.stats().retry.retries, 2);
//! # });
//! ```
//!
//! The pipeline is owned, by an `Arc`, a `&'static`, or as it is, since clones of a pipeline share their state. It is the same for all
//! requests, or is [chosen](PipelineLayer::select_with) by the request: a breaker and a limiter for each host.
//!
//! # Readiness
//!
//! The service is always ready, and the one inside is asked in each attempt, by a clone of its own, before the attempt waits in line. So
//! the time until it is ready is a wait like others: it counts towards the deadline, but not towards the attempt's time limit, and no
//! policy is told of it. If the service says that it is broken, the retry hears of it, and the policies do not, as with
//! [`PolicyLayer`](resil_core::tower::PolicyLayer). A request that waits in line keeps what its service has reserved for it.
//!
//! # What it costs
//!
//! One allocation for each request: its future owns the pipeline and borrows from it, which has no type that could be named without
//! `unsafe` code. Calls of the [`Pipeline`](crate::Pipeline) itself have none.

mod course;
mod layer;
mod request;
mod select;
mod timing;

pub use course::ResponseFuture;
pub use layer::{PipelineLayer, PipelineService};
pub use request::{AsIs, Cloned, Prepare, Repeat};
pub use select::{Owned, Same, SelectPipeline};
#[cfg(feature = "tokio")]
pub use timing::OnTokio;
pub use timing::{By, Timing};
