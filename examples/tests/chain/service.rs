//! A service of the chain: a real HTTP server on loopback with a thread and a runtime of its own.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, routing::get};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::{client::legacy, rt::TokioExecutor};
use resil::pipeline::{Outcome, tower::PipelineLayer};
use resil::retry::{self, Backoff, Jitter, Retry};
use resil::timeout::headers::{self, GRPC_TIMEOUT, GrpcTimeout, GrpcTimeoutError, grpc_timeout};
use resil::{CircuitBreaker, Clock, Deadline, Moment, MonotonicClock, Pipeline, TimedOut, breaker};
use tokio::sync::oneshot;
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt};

/// What a request and its answer are thought to spend on their way.
pub(crate) const NETWORK: Duration = Duration::from_millis(20);

type Client = BoxCloneSyncService<hyper::Request<String>, Response<Incoming>, resil::Error<legacy::Error>>;

/// What happens in a service.
#[derive(Debug)]
pub(crate) enum News {
    /// A request came, with this in its header.
    Asked(Option<Duration>),
    /// A request goes out: what was left then, and what the header says.
    Told(Duration, Duration),
    /// Work has begun.
    Working,
    /// Work was dropped, then.
    Stopped(Moment),
}

/// A service, until it is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    /// What guards its calls of the next one.
    pub(crate) breaker: Arc<CircuitBreaker>,
    pub(crate) news: Receiver<News>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What its handlers share.
#[derive(Clone)]
struct House {
    next: Option<(SocketAddr, Client)>,
    news: Arc<Mutex<Sender<News>>>,
    /// How many requests are turned away first.
    busy: Arc<Mutex<u32>>,
}

impl House {
    fn tell(&self, news: News) {
        // Nobody may listen any longer.
        let _ = self.news.lock().unwrap().send(news);
    }
}

/// Tells when it is dropped.
struct Work(House);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.tell(News::Stopped(MonotonicClock.now()));
    }
}

impl Service {
    /// The last one of a chain, which turns so many requests away first and then works for as long as it may.
    pub(crate) fn last(busy: u32) -> Self {
        Self::start(None, busy)
    }

    /// One that asks `next`.
    pub(crate) fn before(next: &Self) -> Self {
        Self::start(Some(next.address), 0)
    }

    fn start(next: Option<SocketAddr>, busy: u32) -> Self {
        let (sender, news) = channel();
        let (ready, address) = channel();
        let (end, ended) = oneshot::channel::<()>();
        let breaker = Arc::new(CircuitBreaker::new("next", breaker::Config::new()));
        let guard = Arc::clone(&breaker);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let news = Arc::new(Mutex::new(sender));
                let next = next.map(|next| (next, client(guard, Arc::clone(&news))));
                let house = House { next, news, busy: Arc::new(Mutex::new(busy)) };
                let app =
                    Router::new().route("/", get(handle)).layer(from_fn(keep_deadline)).with_state(house);
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    served = axum::serve(listener, app) => served.unwrap(),
                    _ = ended => {}
                }
            });
        });
        Self { address: address.recv().unwrap(), breaker, news, end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The client of the next service: a breaker, a retry, the deadline in the header.
fn client(breaker: Arc<CircuitBreaker>, news: Arc<Mutex<Sender<News>>>) -> Client {
    let backoff = Backoff::fixed(Duration::from_millis(50)).jitter(Jitter::None);
    let retry = Retry::new("next", retry::Config::new().backoff(backoff));
    let pipeline = Pipeline::new("next").retry(retry).guard(breaker);
    let judge = |answer: Result<&Response<Incoming>, &legacy::Error>| {
        answer.map_or(Outcome::failure(), |answer| Outcome::of_http(answer.status().as_u16(), None))
    };
    let tell = move |request: &mut hyper::Request<String>| -> Result<(), TimedOut> {
        let Some(deadline) = Deadline::current() else { return Ok(()) };
        let left = deadline.remaining();
        let told = grpc_timeout(deadline, NETWORK)?;
        news.lock().unwrap().send(News::Told(left, told.duration())).unwrap();
        request.headers_mut().insert(GRPC_TIMEOUT, HeaderValue::try_from(told.to_string()).unwrap());
        Ok(())
    };
    let client = legacy::Client::builder(TokioExecutor::new()).build_http();
    BoxCloneSyncService::new(PipelineLayer::new(pipeline).on(judge).prepare(tell).layer(client))
}

/// Whoever brings a deadline has his request dropped when it is over.
async fn keep_deadline(request: Request, next: Next) -> Result<Response, (StatusCode, String)> {
    let Some(value) = request.headers().get(GRPC_TIMEOUT) else { return Ok(next.run(request).await) };
    let bad = |error: GrpcTimeoutError| (StatusCode::BAD_REQUEST, error.to_string());
    let work = headers::deadline(value, Duration::ZERO).map_err(bad)?.run(next.run(request));
    work.await.map_err(|cut| (StatusCode::GATEWAY_TIMEOUT, cut.to_string()))
}

async fn handle(State(house): State<House>, request: Request) -> Result<String, (StatusCode, String)> {
    let asked =
        request.headers().get(GRPC_TIMEOUT).map(|value| GrpcTimeout::parse(value).unwrap().duration());
    house.tell(News::Asked(asked));
    let Some((next, client)) = house.next.clone() else { return work(house).await };
    let request = hyper::Request::get(format!("http://{next}/")).body(String::new()).unwrap();
    let answer = client.oneshot(request).await.map_err(|error| {
        let status = if error.is_timed_out() { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
        (status, error.to_string())
    })?;
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.into()).unwrap();
    if status.is_success() { Ok(text) } else { Err((status, text)) }
}

async fn work(house: House) -> Result<String, (StatusCode, String)> {
    {
        let mut busy = house.busy.lock().unwrap();
        if let Some(less) = busy.checked_sub(1) {
            *busy = less;
            return Err((StatusCode::SERVICE_UNAVAILABLE, "busy".into()));
        }
    }
    let work = Work(house);
    work.0.tell(News::Working);
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
