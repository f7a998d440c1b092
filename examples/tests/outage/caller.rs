//! Calls to the upstream at a fixed rate, through a pipeline.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use resil::pipeline::retry::{Backoff, BudgetConfig, Config};
use resil::pipeline::{BoxLine, Outcome, Pipeline, Retry, RetryBudget, Stats, Timeout};
use resil::ratelimit::Waiting;
use resil::{Clock, Error, Moment, MonotonicClock, Quota, RateLimiter};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Calls per second.
pub(crate) const RATE: u32 = 200;

/// Retries for a hundred calls, and per second beside that; what is banked while calls succeed.
pub(crate) const SHARE: u8 = 20;
const FLOOR: u32 = 5;
const BANKED: u32 = 20;

#[derive(Debug)]
struct Unreachable;

/// One request that went out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) at: Moment,
    pub(crate) call_began: Moment,
    /// Its call had sent one before.
    pub(crate) is_retry: bool,
    pub(crate) is_good: bool,
}

/// How calls ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) good: u32,
    pub(crate) failed: u32,
    pub(crate) refused: u32,
}

/// What has been counted so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    at: Moment,
    pub(crate) calls: u64,
    /// Tokens that were spent, or are held for a wait.
    pub(crate) paid: u64,
    banked: u64,
}

impl Sample {
    /// How many tokens there may be from here to a later sample: not one more.
    pub(crate) fn allowed_until(&self, later: &Self) -> u64 {
        let nanos = later.at.saturating_duration_since(self.at).as_nanos();
        let seconds = u64::try_from(nanos.div_ceil(1_000_000_000)).unwrap();
        // A token that was filled in part before may be whole after the first call.
        let share = (later.calls - self.calls) * u64::from(SHARE) / 100 + 1;
        self.banked + share + u64::from(FLOOR) * (1 + seconds)
    }
}

/// The client.
pub(crate) struct Caller {
    pipeline: Pipeline<BoxLine>,
    budget: Arc<RetryBudget>,
    client: Client<HttpConnector, Empty<Bytes>>,
    address: SocketAddr,
    requests: Mutex<Vec<Request>>,
    ends: Mutex<Ends>,
}

impl Caller {
    /// A client whose pipeline is guarded by `breaker`, if there is one.
    pub(crate) fn new(address: SocketAddr, breaker: Option<Arc<resil::CircuitBreaker>>) -> Self {
        let budget = BudgetConfig::new(SHARE).floor(FLOOR).cap(BANKED);
        let budget = Arc::new(RetryBudget::try_new(budget).unwrap());
        let retry = Config::new().backoff(Backoff::exponential(Duration::from_millis(20)));
        let quota = Quota::per_second(RATE * 3 / 2).burst(RATE / 10);
        let limiter = Arc::new(RateLimiter::new("upstream", quota));
        // No machine is so busy that these two come into play: what is counted here must not depend on that.
        let pipeline = Pipeline::new("upstream")
            .deadline(Timeout::new(Duration::from_secs(40)))
            .retry(Retry::new("upstream", retry).shared_budget(Arc::clone(&budget)))
            .limit(Waiting::new(limiter, Duration::from_secs(10)))
            .attempt_timeout(Timeout::new(Duration::from_secs(20)));
        let pipeline = match breaker {
            Some(breaker) => pipeline.guard(breaker).boxed(),
            None => pipeline.boxed(),
        };
        let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
        Self { pipeline, budget, client, address, requests: Mutex::default(), ends: Mutex::default() }
    }

    /// Makes calls at the rate for so long, and leaves those in `calls` that have not ended by then.
    pub(crate) async fn call_for(self: &Arc<Self>, time: Duration, calls: &mut JoinSet<()>) {
        let start = Instant::now();
        for number in 0.. {
            let due = Duration::from_secs(number) / RATE;
            if due >= time {
                break;
            }
            sleep_until(start + due).await;
            calls.spawn(Arc::clone(self).call());
            while calls.try_join_next().is_some() {}
        }
        sleep_until(start + time).await;
    }

    async fn call(self: Arc<Self>) {
        let (began, is_retry) = (MonotonicClock.now(), AtomicBool::new(false));
        let by_status = self.pipeline.on(|answer: Result<&u16, &Unreachable>| match answer {
            Ok(status) => Outcome::of_http(*status, None),
            Err(Unreachable) => Outcome::failure(),
        });
        let end = by_status.call_async(|| self.request(began, &is_retry)).await;
        let mut ends = self.ends.lock().unwrap();
        match end {
            Ok(200) => ends.good += 1,
            Ok(_) | Err(Error::Inner(_)) => ends.failed += 1,
            Err(Error::Rejected(_)) => ends.refused += 1,
            Err(Error::TimedOut(cut)) => panic!("{cut}"),
        }
    }

    async fn request(&self, call_began: Moment, is_retry: &AtomicBool) -> Result<u16, Unreachable> {
        let index = {
            let mut requests = self.requests.lock().unwrap();
            let (at, is_retry) = (MonotonicClock.now(), is_retry.swap(true, Relaxed));
            requests.push(Request { at, call_began, is_retry, is_good: false });
            requests.len() - 1
        };
        let address = format!("http://{}/", self.address).parse().unwrap();
        let answer = self.client.get(address).await.map_err(|_| Unreachable)?;
        let status = answer.status().as_u16();
        answer.into_body().collect().await.map_err(|_| Unreachable)?;
        self.requests.lock().unwrap()[index].is_good = status == 200;
        Ok(status)
    }

    /// The budget's books. All calls are on the thread of whoever asks, so that nothing happens meanwhile.
    pub(crate) fn sample(&self) -> Sample {
        let stats = self.budget.stats();
        let paid = stats.withdrawn - stats.returned;
        Sample { at: MonotonicClock.now(), calls: stats.deposits, paid, banked: stats.balance }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn ends(&self) -> Ends {
        *self.ends.lock().unwrap()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.pipeline.stats()
    }
}
