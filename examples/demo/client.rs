//! The HTTP client that both sides use: pooled connections, one timeout, no retries.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// Why a call brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An answer 429: the service is well, and we asked too often.
    OverContract,
    ServerError,
    TimedOut,
    Unreachable,
}

/// A client of one upstream. Clones share the pool.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pool: hyper_util::client::legacy::Client<HttpConnector, Empty<Bytes>>,
    upstream: SocketAddr,
    timeout: Duration,
}

impl Client {
    pub(crate) fn new(upstream: SocketAddr, timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            // A second attempt behind our back would be counted as one call.
            .retry_canceled_requests(false)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { pool, upstream, timeout }
    }

    /// Asks for order `number` and reads the whole answer.
    pub(crate) async fn order(&self, number: u32) -> Result<(), Trouble> {
        tokio::time::timeout(self.timeout, self.fetch(number)).await.unwrap_or(Err(Trouble::TimedOut))
    }

    async fn fetch(&self, number: u32) -> Result<(), Trouble> {
        let address = Uri::builder()
            .scheme("http")
            .authority(self.upstream.to_string())
            .path_and_query(format!("/orders/{number}"))
            .build();
        let address = address.map_err(|_| Trouble::Unreachable)?;
        let answer = self.pool.get(address).await.map_err(|_| Trouble::Unreachable)?;
        let status = answer.status();
        // Only a connection whose answer was read to the end goes back to the pool.
        answer.into_body().collect().await.map_err(|_| Trouble::Unreachable)?;
        match status {
            StatusCode::OK => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(Trouble::OverContract),
            _ => Err(Trouble::ServerError),
        }
    }
}
