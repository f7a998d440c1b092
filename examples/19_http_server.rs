//! A server that keeps the deadlines of its callers: handlers are cut off with them, and their own calls tell what is left.
//!
//! `cargo run -p resil-examples --example 19_http_server`

use std::{future::pending, net::SocketAddr, time::Duration};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::{Router, middleware, response::Response, routing::get};
use http_body_util::BodyExt;
use hyper_util::{client::legacy, rt::TokioExecutor};
use resil::Deadline;
use resil::timeout::headers::{self, GRPC_TIMEOUT, GrpcTimeoutError, grpc_timeout};

type Fault = Box<dyn std::error::Error + Send + Sync>;
const NETWORK: Duration = Duration::from_millis(20); // what a request and its answer spend on their way

async fn keep_deadline(request: Request, next: middleware::Next) -> Result<Response, (StatusCode, String)> {
    let Some(value) = request.headers().get(GRPC_TIMEOUT) else { return Ok(next.run(request).await) };
    let bad = |error: GrpcTimeoutError| (StatusCode::BAD_REQUEST, error.to_string());
    let work = headers::deadline(value, Duration::ZERO).map_err(bad)?.run(next.run(request));
    work.await.map_err(|cut| (StatusCode::GATEWAY_TIMEOUT, cut.to_string()))
}

/// Asks for `path`, within what is left of the current deadline.
async fn ask(server: SocketAddr, path: u32) -> Result<String, Fault> {
    let mut request = Request::get(format!("http://{server}/{path}")).body(String::new())?;
    if let Some(deadline) = Deadline::current() {
        let left = HeaderValue::try_from(grpc_timeout(deadline, NETWORK)?.to_string())?;
        request.headers_mut().insert(GRPC_TIMEOUT, left);
    }
    let client = legacy::Client::builder(TokioExecutor::new()).build_http::<String>();
    let body = client.request(request).await?.into_body().collect().await?;
    Ok(String::from_utf8(body.to_bytes().into())?)
}

/// How many milliseconds this service and those behind it have. Number 0 takes forever.
async fn serve(State(own): State<SocketAddr>, Path(behind): Path<u32>) -> Result<String, String> {
    let Some(behind) = behind.checked_sub(1) else { return pending().await };
    let left = Deadline::current().map_or(0, |deadline| deadline.remaining().as_millis());
    let theirs = if behind == 0 { Ok(String::new()) } else { ask(own, behind).await };
    theirs.map(|theirs| format!("{left} {theirs}")).map_err(|error| error.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let own = listener.local_addr()?;
    let app = Router::new().route("/{behind}", get(serve)).with_state(own);
    tokio::spawn(axum::serve(listener, app.layer(middleware::from_fn(keep_deadline))).into_future());

    let chain = Deadline::after(Duration::from_secs(10)).scope(ask(own, 3)).await?;
    let left: Vec<u128> = chain.split_whitespace().flat_map(str::parse).collect();
    let is_less = |pair: &[u128]| pair[0] >= pair[1] + NETWORK.as_millis();
    println!("{} services, each with less than its caller: {}", left.len(), left.windows(2).all(is_less));
    let cut = Deadline::after(10 * NETWORK).scope(ask(own, 0)).await?;
    println!("{}", cut.split(" after").next().unwrap_or_default());
    println!("{:?}", Deadline::after(NETWORK).scope(ask(own, 1)).await.map_err(|error| error.to_string()));
    Ok(())
}
