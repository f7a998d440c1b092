//! A client behind a pipeline: a breaker and a limiter for each host, answers judged by status, the deadline told in a header.
//!
//! `cargo run -p resil-examples --example 18_http_client`

use std::{sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};
use axum::{Router, routing::get};
use hyper::{Request, Response, body::Incoming};
use hyper_util::{client::legacy, rt::TokioExecutor};
use resil::ratelimit::{KeyedRateLimiter, OwnedKeyed};
use resil::timeout::headers::{GRPC_TIMEOUT, grpc_timeout};
use resil::{CircuitBreakers, Deadline, MonotonicClock, Pipeline, Quota, Rejected, Retry, TimedOut, Timeout};
use resil::{breaker, pipeline::Outcome, pipeline::tower::PipelineLayer, retry, retry::headers::retry_after};
use tower::{Layer, ServiceExt};

fn judge(answer: Result<&Response<Incoming>, &legacy::Error>) -> Outcome {
    let Ok(answer) = answer else { return Outcome::failure() }; // no connection
    let wait = answer.headers().get(RETRY_AFTER).and_then(|when| retry_after(when, &MonotonicClock));
    Outcome::of_http(answer.status().as_u16(), wait) // 5xx fail, 4xx are ignored, 429 and 503 are tried again
}

fn tell_deadline(request: &mut Request<String>) -> Result<(), TimedOut> {
    let Some(deadline) = Deadline::current() else { return Ok(()) };
    let left = HeaderValue::try_from(grpc_timeout(deadline, Duration::from_millis(20))?.to_string());
    let _ = left.map(|left| request.headers_mut().insert(GRPC_TIMEOUT, left));
    Ok(())
}

async fn busy(headers: HeaderMap) -> (StatusCode, [(&'static str, &'static str); 1]) {
    println!("asked, with a deadline: {}", headers.contains_key(GRPC_TIMEOUT));
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")])
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = Pipeline::new("http")
        .deadline(Timeout::new(Duration::from_secs(30)))
        .retry(Retry::new("http", retry::Config::new().max_attempts(2)))
        .attempt_timeout(Timeout::new(Duration::from_secs(5)));
    let breakers = CircuitBreakers::new("hosts", breaker::Config::new().failure_threshold(4));
    let all = Arc::new((breakers, Arc::new(KeyedRateLimiter::new("hosts", Quota::per_second(10)))));
    let by_host = move |request: &Request<String>| {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let turn = OwnedKeyed::new(Arc::clone(&all.1), host.clone()).waiting(Duration::from_secs(1));
        base.clone().limit(turn).guard(all.0.get(&host))
    };
    let client = legacy::Client::builder(TokioExecutor::new()).build_http::<String>();
    let client = PipelineLayer::select(by_host).on(judge).prepare(tell_deadline).layer(client);
    let shop = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?; // closed at once
    let address = shop.local_addr()?;
    tokio::spawn(axum::serve(shop, Router::new().route("/busy", get(busy))).into_future());
    for (host, path) in [(address, "busy"), (address, "none"), (nobody, "a"), (nobody, "b"), (nobody, "c")] {
        let request = Request::get(format!("http://{host}/{path}")).body(String::new())?;
        let answer = client.clone().oneshot(request).await.map(|answer| answer.status());
        println!("{path}: {:?}", answer.map_err(|error| error.rejected().map(Rejected::reason)));
    }
    Ok(())
}
