//! A real axum server that fails three requests of ten for as long as it is told to, dies, and rises again on its port.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use resil::{Clock, Moment, MonotonicClock};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Notify;

/// What outlives its deaths.
#[derive(Default)]
struct Book {
    is_flaky: AtomicBool,
    requests: AtomicU32,
    arrivals: Mutex<Vec<Moment>>,
}

/// The server, dead or alive.
pub(crate) struct Upstream {
    address: SocketAddr,
    book: Arc<Book>,
    life: Option<Life>,
    /// Its port while it is dead: bound, but nobody listens.
    grave: Option<TcpSocket>,
}

struct Life {
    end: Arc<Notify>,
    thread: JoinHandle<()>,
}

impl Upstream {
    /// One that is flaky, and listens when this returns.
    pub(crate) fn start() -> Self {
        let socket = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let book = Arc::new(Book { is_flaky: AtomicBool::new(true), ..Book::default() });
        let address = socket.local_addr().unwrap();
        let mut upstream = Self { address, book, life: None, grave: Some(socket) };
        upstream.rise();
        upstream
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends as a process does: its connections are cut, and its port refuses.
    pub(crate) fn die(&mut self) {
        if let Some(Life { end, thread }) = self.life.take() {
            end.notify_one();
            thread.join().unwrap();
            self.grave = Some(socket(self.address));
        }
    }

    /// Listens again when this returns.
    pub(crate) fn rise(&mut self) {
        let Some(grave) = self.grave.take() else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = {
            let _inside = runtime.enter();
            grave.listen(1024).unwrap()
        };
        let (book, end) = (Arc::clone(&self.book), Arc::new(Notify::new()));
        let thread = std::thread::spawn({
            let end = Arc::clone(&end);
            move || {
                runtime.spawn(serve(listener, book));
                runtime.block_on(end.notified());
            }
        });
        self.life = Some(Life { end, thread });
    }

    /// It fails no more.
    pub(crate) fn heal(&self) {
        self.book.is_flaky.store(false, Relaxed);
    }

    /// When requests came in, in order.
    pub(crate) fn arrivals(&self) -> Vec<Moment> {
        let mut arrivals = self.book.arrivals.lock().unwrap().clone();
        arrivals.sort_unstable();
        arrivals
    }
}

fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    // The connections of its last life linger in TIME_WAIT and would keep it from its own port.
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn serve(listener: TcpListener, book: Arc<Book>) {
    let router = Router::new().route("/", get(answer)).with_state(book);
    axum::serve(listener, router).await.unwrap();
}

async fn answer(State(book): State<Arc<Book>>) -> StatusCode {
    book.arrivals.lock().unwrap().push(MonotonicClock.now());
    let number = book.requests.fetch_add(1, Relaxed);
    // Three of ten, scattered by the golden ratio.
    let fails = (number.wrapping_mul(0x9E37_79B9) >> 8) % 10 < 3;
    if fails && book.is_flaky.load(Relaxed) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}
