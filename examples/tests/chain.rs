//! Three real services in a chain, each a server on a socket with a runtime of its own: A asks B, and B asks C.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "chain/service.rs"]
mod service;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use resil::{Clock, MonotonicClock};
use service::{NETWORK, News, Service};

/// How long to wait for what has to come: far more than it takes.
const LIMIT: Duration = Duration::from_secs(30);

/// Within what the last service has to stop; 20 times of that fails the test.
const PROMISE: Duration = Duration::from_millis(50);

const RUNS: usize = 20;

struct Chain {
    a: Service,
    b: Service,
    c: Service,
}

impl Chain {
    fn start(busy: u32) -> Self {
        let c = Service::last(busy);
        let b = Service::before(&c);
        Self { a: Service::before(&b), b, c }
    }

    /// Asks A, as somebody who has so much time.
    fn ask(&self, timeout: &str) -> TcpStream {
        let mut connection = TcpStream::connect(self.a.address).unwrap();
        connection.set_read_timeout(Some(LIMIT)).unwrap();
        let header = format!("host: shop\r\nconnection: close\r\ngrpc-timeout: {timeout}\r\n");
        connection.write_all(format!("GET / HTTP/1.1\r\n{header}\r\n").as_bytes()).unwrap();
        connection
    }
}

fn answer(mut connection: TcpStream) -> String {
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    text
}

/// What the service was told in its header, in the next request that reaches it.
fn asked(service: &Service) -> Duration {
    match service.news.recv_timeout(LIMIT).unwrap() {
        News::Asked(told) => told.unwrap(),
        other => panic!("{other:?}"),
    }
}

/// What the service had left when it made its next call, and what it told in the header.
fn told(service: &Service) -> (Duration, Duration) {
    match service.news.recv_timeout(LIMIT).unwrap() {
        News::Told(left, told) => (left, told),
        other => panic!("{other:?}"),
    }
}

fn is_working(service: &Service) {
    let news = service.news.recv_timeout(LIMIT).unwrap();
    assert!(matches!(news, News::Working), "{news:?}");
}

/// When it stopped to work.
fn stopped(service: &Service) -> resil::Moment {
    match service.news.recv_timeout(LIMIT).unwrap() {
        News::Stopped(at) => at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_child_never_gets_more_time_than_its_parent_has() {
    for (text, span) in [
        ("10S", Duration::from_secs(10)),
        ("12345m", Duration::from_millis(12_345)),
        ("1H", Duration::from_secs(3_600)),
    ] {
        let chain = Chain::start(2);
        let connection = chain.ask(text);
        let a = asked(&chain.a);
        assert_eq!(a, span);

        let (left, to_b) = told(&chain.a);
        assert!(left < a && to_b + NETWORK <= left, "of {a:?}, {left:?} were left, and {to_b:?} told");
        assert_eq!(asked(&chain.b), to_b);

        // C turns two attempts away, and each further one has less time.
        let mut before = to_b;
        for attempt in 0..3 {
            let (left, to_c) = told(&chain.b);
            assert!(
                left < before && to_c + NETWORK <= left,
                "of {before:?}, {left:?} were left, and {to_c:?} told"
            );
            assert_eq!(asked(&chain.c), to_c, "attempt {attempt}");
            before = left;
        }
        is_working(&chain.c);
        drop(connection);
        stopped(&chain.c);
        let stats = chain.b.breaker.stats();
        assert_eq!((stats.failures, stats.successes), (2, 0));
    }
}

/// The promise is 50 ms, and the figures are printed; the test fails at 20 times of that only, as a machine may be busy.
#[test]
fn when_the_first_caller_goes_away_the_last_service_stops_working() {
    let chain = Chain::start(0);
    let mut took: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let connection = chain.ask("1H");
            asked(&chain.c);
            is_working(&chain.c);
            let gone = MonotonicClock.now();
            drop(connection);
            stopped(&chain.c).saturating_duration_since(gone)
        })
        .collect();
    took.sort();
    println!("the last service stops after {:?}, at worst {:?}", took[RUNS / 2], took[RUNS - 1]);
    assert!(took[RUNS - 1] < 20 * PROMISE, "{took:?}");
    // C has stopped because B did, and B because A did: those who went away speak for or against nobody.
    for service in [&chain.a, &chain.b] {
        let stats = service.breaker.stats();
        assert_eq!((stats.failures, stats.successes, stats.in_flight), (0, 0, 0));
        assert_eq!(stats.cancelled, RUNS as u64);
    }
}

#[test]
fn when_the_deadline_is_over_everybody_stops_and_the_caller_is_told() {
    let chain = Chain::start(0);
    let connection = chain.ask("400m");
    asked(&chain.c);
    is_working(&chain.c);
    stopped(&chain.c);
    let text = answer(connection);
    assert!(text.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{text}");
    assert!(text.contains("timed out"), "{text}");
}

#[test]
fn a_deadline_that_is_over_is_refused_without_a_call() {
    let chain = Chain::start(0);
    // The last is not over, but shorter than the way.
    for span in ["0m", "1n", "10m"] {
        let text = answer(chain.ask(span));
        assert!(text.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{text}");
        assert!(text.contains("grpc-timeout: timed out after"), "{text}");
    }
    assert!(chain.b.news.try_recv().is_err() && chain.c.news.try_recv().is_err());
    let stats = chain.a.breaker.stats();
    assert_eq!((stats.successes, stats.failures), (0, 0));
    // Those that were over did not even ask the breaker.
    assert_eq!(stats.ignored, stats.total);
    assert!(stats.total <= 1, "{stats:?}");
}
