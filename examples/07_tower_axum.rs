//! A breaker as tower middleware in axum: while the handler fails, clients get 503 and `Retry-After` at once.
//!
//! `cargo run -p resil-examples --example 07_tower_axum`

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use axum::error_handling::HandleErrorLayer;
use axum::http::{StatusCode, Uri, header::RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::{Router, body::Body, routing::get};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use resil::breaker::{BreakerLayer, Config};
use resil::{CircuitBreaker, ManualClock, Verdict};

static DATABASE_IS_UP: AtomicBool = AtomicBool::new(false);

async fn orders() -> Result<&'static str, StatusCode> {
    if DATABASE_IS_UP.load(Relaxed) { Ok("3 orders") } else { Err(StatusCode::INTERNAL_SERVER_ERROR) }
}

/// To axum every answer is `Ok`; the status tells what it is worth.
fn judge(result: Result<&Response, &Infallible>) -> Verdict {
    let is_bad = result.is_ok_and(|response| response.status().is_server_error());
    if is_bad { Verdict::Failure } else { Verdict::Success }
}

async fn refuse(error: resil::Error<Infallible>) -> impl IntoResponse {
    let seconds = error.retry_after().unwrap_or_default().as_millis().div_ceil(1_000);
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, seconds.to_string())])
}

async fn run() -> Result<(), Box<dyn Error>> {
    let clock = ManualClock::new();
    let config = Config::new().failure_threshold(2).reset_timeout(Duration::from_secs(30));
    let breaker = Arc::new(CircuitBreaker::with_clock("orders".into(), config, clock.clone()));

    // axum clones the service for each connection; the `Arc` keeps one state for all of them.
    let guard = (HandleErrorLayer::new(refuse), BreakerLayer::new(breaker).classify(judge));
    let app = Router::new().route("/orders", get(orders)).layer(guard);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let uri: Uri = format!("http://{}/orders", listener.local_addr()?).parse()?;
    tokio::spawn(axum::serve(listener, app).into_future());

    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    for wait in [0, 0, 0, 12, 18] {
        clock.advance(Duration::from_secs(wait));
        DATABASE_IS_UP.store(wait == 18, Relaxed);
        let response = client.get(uri.clone()).await?;
        println!("{} {:?}", response.status(), response.headers().get(RETRY_AFTER));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(run())
}
