//! The HTTP client that every side uses: pooled connections, no limit of time and no retries of its own.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use resil::Deadline;
use resil::pipeline::timeout::headers::{GRPC_TIMEOUT, grpc_timeout};

use crate::fate::Order;

/// The header that says how many requests a call has sent before.
pub(crate) const SENT_BEFORE: &str = "sent-before";

/// Why a request brought nothing.
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
}

impl Client {
    pub(crate) fn new(upstream: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            // A second attempt behind our back would be counted as one request.
            .retry_canceled_requests(false)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { pool, upstream }
    }

    /// Asks for an order and reads the whole answer. If there is a deadline, the upstream is told what is left of it.
    pub(crate) async fn ask(&self, order: Order) -> Result<(), Trouble> {
        let mut request = Request::get(format!("http://{}/orders/{}", self.upstream, order.number));
        if order.before > 0 {
            request = request.header(SENT_BEFORE, order.before);
        }
        if let Some(deadline) = Deadline::current() {
            let left = grpc_timeout(deadline, Duration::ZERO).map_err(|_| Trouble::TimedOut)?;
            request = request.header(GRPC_TIMEOUT, left.to_string());
        }
        let request = request.body(Empty::new()).map_err(|_| Trouble::Unreachable)?;
        let answer = self.pool.request(request).await.map_err(|_| Trouble::Unreachable)?;
        let status = answer.status();
        // Only a connection whose answer was read to the end goes back to the pool.
        answer.into_body().collect().await.map_err(|_| Trouble::Unreachable)?;
        match status {
            StatusCode::OK => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(Trouble::OverContract),
            // It stopped working because nobody waits any more.
            StatusCode::GATEWAY_TIMEOUT => Err(Trouble::TimedOut),
            _ => Err(Trouble::ServerError),
        }
    }
}
