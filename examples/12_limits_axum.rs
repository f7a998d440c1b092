//! A limit for each client of a server: refusals are 429, with the headers that tell a client when to come again.
//!
//! `cargo run -p resil-examples --example 12_limits_axum`

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::error_handling::HandleErrorLayer;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::{Router, body::Body, routing::get};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use resil::ratelimit::{KeyedRateLimiter, OwnedKeyed, headers};
use resil::{ManualClock, Quota, tower::PolicyLayer};

const QUOTA: Quota = Quota::per_minute(60).burst(2);

/// Whose request it is. An address would do as well.
fn tenant(headers: &HeaderMap) -> String {
    headers.get("x-tenant").and_then(|name| name.to_str().ok()).unwrap_or("anonymous").to_owned()
}

async fn refuse(error: resil::Error<Infallible>) -> impl IntoResponse {
    let wait = error.rejected().and_then(headers::retry_after).unwrap_or_default();
    let policy = headers::rate_limit_policy("tenants".into(), QUOTA);
    (StatusCode::TOO_MANY_REQUESTS, [(headers::RETRY_AFTER, wait), (headers::RATE_LIMIT_POLICY, policy)])
}

async fn run() -> Result<(), Box<dyn Error>> {
    let clock = ManualClock::new();
    let tenants = Arc::new(KeyedRateLimiter::with_clock("tenants".into(), QUOTA, clock.clone()));

    let by_tenant = move |request: &Request| -> OwnedKeyed<String, ManualClock> {
        OwnedKeyed::new(Arc::clone(&tenants), tenant(request.headers()))
    };
    let limit = (HandleErrorLayer::new(refuse), PolicyLayer::select(by_tenant));
    let app = Router::new().route("/orders", get(|| async { "3 orders" })).layer(limit);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let uri: Uri = format!("http://{}/orders", listener.local_addr()?).parse()?;
    tokio::spawn(axum::serve(listener, app).into_future());

    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    for who in ["ann", "ann", "ann", "bob", "ann"] {
        let request = hyper::Request::get(uri.clone()).header("x-tenant", who).body(Body::empty())?;
        let response = client.request(request).await?;
        println!("{who}: {} {:?}", response.status(), response.headers().get(headers::RETRY_AFTER));
        clock.advance(Duration::from_millis(300));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(run())
}
