//! The server of `15_shutdown_axum` as a process of its own, which gets SIGTERM while requests are under way.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use resil::{Clock, MonotonicClock};
use rustix::process::{Pid, Signal, kill_process};

/// How long to wait for what has to come: far more than it takes.
const LIMIT: Duration = Duration::from_secs(30);

const REQUESTS: usize = 200;

/// The running server.
struct Server {
    process: Child,
    lines: Receiver<String>,
    stderr: Receiver<String>,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_15_shutdown_axum"));
        command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (line, lines) = channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        let mut from = process.stderr.take().unwrap();
        let (text, stderr) = channel();
        std::thread::spawn(move || {
            let mut all = String::new();
            let _ = from.read_to_string(&mut all);
            text.send(all)
        });
        Self { process, lines, stderr }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("no line: {error}"))
    }

    /// Sends a request, and waits until its handler has it. One after the other: else they may wait to be accepted.
    fn take_order(&self, address: &str) -> TcpStream {
        let request = send(address, "/").unwrap();
        assert_eq!(self.line(), "order taken");
        request
    }

    fn terminate(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
    }

    /// Lets every handler come to its end.
    fn release(&mut self) {
        drop(self.process.stdin.take());
    }

    /// Waits for its end: the lines that were left, its exit code, and what it complained of.
    fn end(&mut self) -> (Vec<String>, Option<i32>, String) {
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => rest.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on after {rest:?}"),
            }
        }
        let stderr = self.stderr.recv_timeout(LIMIT).unwrap();
        (rest, self.process.wait().unwrap().code(), stderr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request, whose answer may be read for as long as the limit says.
fn send(address: &str, path: &str) -> std::io::Result<TcpStream> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(LIMIT))?;
    connection
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").as_bytes())?;
    Ok(connection)
}

/// Its listener closes a moment after the signal; until then it may answer, or cut the connection.
fn wait_for_refusals(address: &str) {
    let give_up = MonotonicClock.now().saturating_add(LIMIT);
    while TcpStream::connect(address).is_ok() {
        assert!(MonotonicClock.now() < give_up, "it still listens");
        let _ = send(address, "/none").and_then(std::io::read_to_string);
    }
}

/// Whether something has come back, without waiting for it.
fn has_answer(request: &TcpStream) -> bool {
    request.set_nonblocking(true).unwrap();
    let seen = request.peek(&mut [0]).is_ok();
    request.set_nonblocking(false).unwrap();
    seen
}

#[test]
fn requests_in_flight_are_answered_and_new_connections_refused() {
    let mut server = Server::start();
    let address = server.line();
    let requests: Vec<_> = (0..REQUESTS).map(|_| server.take_order(&address)).collect();

    server.terminate();
    wait_for_refusals(&address);
    let early = requests.iter().filter(|request| has_answer(request)).count();
    assert_eq!(early, 0, "answered while their handlers were held");

    server.release();
    let answers: Vec<_> =
        requests.into_iter().map(|request| std::io::read_to_string(request).unwrap()).collect();
    let good = answers
        .iter()
        .filter(|text| text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\naccepted"));
    assert_eq!(good.count(), REQUESTS, "{:?}", answers.first());

    let (rest, code, stderr) = server.end();
    assert_eq!(rest, ["database closed", "SIGTERM, left in flight: 0"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stderr, "");
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn a_second_signal_ends_it_at_once_though_requests_are_in_flight() {
    let mut server = Server::start();
    let address = server.line();
    let request = server.take_order(&address);
    server.terminate();
    // A signal that comes before the first one was heard would merge with it.
    wait_for_refusals(&address);
    server.terminate();
    let (rest, code, _) = server.end();
    assert_eq!((rest, code), (Vec::new(), Some(143)));
    assert_eq!(std::io::read_to_string(request).unwrap_or_default(), "");
}
