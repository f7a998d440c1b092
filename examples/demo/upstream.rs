//! The upstream: a real axum server on loopback that plays the script. It lives in a runtime of its own, and it
//! dies as a process dies: the runtime is dropped, and with it the listener and every open connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use resil::pipeline::timeout::headers::{self, GRPC_TIMEOUT};
use resil::{Deadline, RateLimiter};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::client::SENT_BEFORE;
use crate::contract::Contract;
use crate::fate::{self, Order};
use crate::pace::Pace;
use crate::phases::{Phase, Script};
use crate::visits::Visit;

/// How many callers may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What all upstreams have in common.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    pub(crate) script: Script,
    pub(crate) pace: Pace,
    pub(crate) contract: Contract,
    pub(crate) seed: u64,
    pub(crate) start: Instant,
}

/// A running upstream.
#[derive(Debug)]
pub(crate) struct Upstream {
    address: SocketAddr,
    house: Arc<House>,
    thread: JoinHandle<io::Result<()>>,
}

/// What outlives each of its deaths.
#[derive(Debug)]
struct House {
    play: Play,
    /// What its contract still allows.
    gate: RateLimiter,
    visits: Mutex<Vec<Visit>>,
    closing: Notify,
}

impl Upstream {
    /// Listens when this returns.
    pub(crate) fn start(name: &str, play: Play) -> io::Result<Self> {
        let runtime = runtime()?;
        let socket = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = listen(&runtime, socket)?;
        let address = listener.local_addr()?;
        let gate = RateLimiter::try_new("contract", play.contract.quota()).map_err(io::Error::other)?;
        let house = Arc::new(House { play, gate, visits: Mutex::default(), closing: Notify::new() });
        let thread = std::thread::Builder::new().name(format!("upstream {name}")).spawn({
            let house = Arc::clone(&house);
            move || house.live(runtime, listener, address)
        })?;
        Ok(Self { address, house, thread })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, and hands over its book: every request that reached it.
    pub(crate) fn stop(self) -> io::Result<Vec<Visit>> {
        self.house.closing.notify_one();
        self.thread.join().map_err(|_| io::Error::other("the upstream panicked"))??;
        Ok(std::mem::take(&mut *self.house.visits.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl House {
    fn live(self: Arc<Self>, runtime: Runtime, listener: TcpListener, address: SocketAddr) -> io::Result<()> {
        let (mut runtime, mut listener) = (runtime, listener);
        for spell in self.play.script.spells().iter().filter(|spell| spell.phase == Phase::Dead) {
            runtime.spawn(Arc::clone(&self).serve(listener));
            if self.closes_before(&runtime, spell.from) {
                return Ok(());
            }
            drop(runtime);
            // Bound, but not listening: callers are refused, and nobody else can take the port meanwhile.
            let grave = socket(address)?;
            runtime = self::runtime()?;
            if self.closes_before(&runtime, spell.until) {
                return Ok(());
            }
            listener = listen(&runtime, grave)?;
        }
        runtime.spawn(Arc::clone(&self).serve(listener));
        runtime.block_on(self.closing.notified());
        Ok(())
    }

    fn closes_before(&self, runtime: &Runtime, at: Duration) -> bool {
        let wait = async { tokio::time::timeout_at(self.play.start + at, self.closing.notified()).await };
        runtime.block_on(wait).is_ok()
    }

    /// Writes a request down: whether it is over the contract.
    fn note(&self, at: Duration) -> bool {
        let over = self.gate.try_acquire().is_err();
        self.visits.lock().unwrap_or_else(PoisonError::into_inner).push(Visit { at, over });
        over
    }

    async fn serve(self: Arc<Self>, listener: TcpListener) -> io::Result<()> {
        let router = Router::new().route("/orders/{number}", get(order)).with_state(self);
        axum::serve(listener, router).await
    }
}

async fn order(
    State(house): State<Arc<House>>,
    Path(number): Path<u32>,
    headers: HeaderMap,
) -> (StatusCode, String) {
    let play = &house.play;
    let now = play.start.elapsed();
    if house.note(now) {
        return (StatusCode::TOO_MANY_REQUESTS, format!("order {number}: the contract is {}", play.contract));
    }
    let spell = play.script.spell_at(now);
    let fate =
        fate::decide(play.seed, Order { number, before: sent_before(&headers) }, &spell, now, &play.pace);
    let work = tokio::time::sleep(fate.delay);
    let in_time = if let Some(deadline) = deadline(&headers) {
        deadline.run(work).await.is_ok()
    } else {
        work.await;
        true
    };
    if !in_time {
        (StatusCode::GATEWAY_TIMEOUT, format!("order {number}: nobody waits for it any more"))
    } else if fate.fails {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("order {number}: the store does not answer"))
    } else {
        (StatusCode::OK, format!("order {number}: accepted"))
    }
}

fn sent_before(headers: &HeaderMap) -> u32 {
    headers.get(SENT_BEFORE).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or_default()
}

/// How long the caller waits, if it says so.
fn deadline(headers: &HeaderMap) -> Option<Deadline> {
    headers.get(GRPC_TIMEOUT).and_then(|value| headers::deadline(value, Duration::ZERO).ok())
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // The connections of its last life linger in TIME_WAIT and would keep it from its own port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn listen(runtime: &Runtime, socket: TcpSocket) -> io::Result<TcpListener> {
    let _inside = runtime.enter();
    socket.listen(BACKLOG)
}
