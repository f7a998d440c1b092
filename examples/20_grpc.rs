//! gRPC behind a pipeline, judged by codes: the client tells its deadline, and the server keeps it.
//!
//! `cargo run -p resil-examples --example 20_grpc`

#[path = "grpc/shop.rs"]
mod shop; // what it sells, and what tonic would generate

use axum::{extract, middleware, response::Response};
use resil::timeout::headers::{self, GRPC_TIMEOUT, grpc_timeout};
use resil::{CircuitBreaker, Deadline, Pipeline, Retry, breaker, pipeline::Outcome, retry};
use std::time::Duration;
use tonic::{Code, Request, Status, service::interceptor::InterceptedService, transport::Endpoint};

const BACKOFF: retry::Backoff = retry::Backoff::fixed(Duration::from_millis(50)).jitter(retry::Jitter::None);
static RETRY: Retry = Retry::new("orders", retry::Config::new().backoff(BACKOFF));
static API: CircuitBreaker = CircuitBreaker::new("orders", breaker::Config::new());

fn code(status: &Status) -> Code {
    let is_late = status.code() == Code::Cancelled; // so says tonic's channel when the time in the header is over
    if is_late { Code::DeadlineExceeded } else { status.code() }
}

fn judge(answer: Result<&String, &Status>) -> Outcome {
    let Err(status) = answer else { return Outcome::success() };
    let wait = status.metadata().get(shop::PUSHBACK).and_then(|wait| wait.to_str().ok()?.parse().ok());
    Outcome::of_grpc(code(status) as i32, wait.map(Duration::from_millis))
}

fn tell_deadline(mut request: Request<()>) -> Result<Request<()>, Status> {
    let Some(deadline) = Deadline::current() else { return Ok(request) };
    let left = grpc_timeout(deadline, Duration::from_millis(20)).map(|left| left.to_string().parse());
    let left = left.map_err(|cut| Status::aborted(cut.to_string()))?; // is not sent, and ignored
    request.metadata_mut().insert(GRPC_TIMEOUT, left.map_err(|_| Status::internal("no header"))?);
    Ok(request)
}

async fn keep_deadline(request: extract::Request, next: middleware::Next) -> Response {
    let Some(value) = request.headers().get(GRPC_TIMEOUT) else { return next.run(request).await };
    match headers::deadline(value, Duration::ZERO).map(|deadline| deadline.run(next.run(request))) {
        Ok(work) => work.await.unwrap_or_else(|cut| Status::deadline_exceeded(cut.to_string()).into_http()),
        Err(error) => Status::internal(error.to_string()).into_http(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let channel = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?.connect_lazy();
    let routes = shop::orders::routes(shop::take).layer(middleware::from_fn(keep_deadline));
    tokio::spawn(axum::serve(listener, routes).into_future());
    let client = shop::orders::Client(InterceptedService::new(channel, tell_deadline));
    let pipeline = Pipeline::new("orders").retry(&RETRY).guard(&API);
    for (order, millis) in [("apples", 60_000), ("pears", 60_000), ("plums", 500)] {
        let answer = pipeline.on(judge).call_async(|| client.clone().take(order));
        let answer = Deadline::after(Duration::from_millis(millis)).scope(answer).await;
        println!("{order}: {:?}", answer.map_err(|error| error.into_inner().as_ref().map(code)));
    }
    println!("failures: {}, ignored: {}", API.stats().failures, API.stats().ignored);
    Ok(())
}
