//! A flaky service, as there are many: an HTTP server of one thread that takes orders and fails now and then. And who calls it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a call may take. Workers may stand still for longer than that.
const LIMIT: Duration = Duration::from_millis(500);

/// A service that runs until its process ends.
#[derive(Debug)]
pub(crate) struct Service {
    address: SocketAddr,
    is_down: Arc<AtomicBool>,
}

impl Service {
    /// Listens on a port of the loopback that the system chooses.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let is_down = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_down);
        std::thread::spawn(move || {
            for (number, connection) in (1_u64..).zip(listener.incoming()) {
                // A caller that is gone does not matter.
                let _ = connection
                    .and_then(|connection| answer(&connection, number, seen.load(Ordering::Relaxed)));
            }
        });
        Ok(Self { address, is_down })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on every order fails, or only some again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }
}

/// Takes the order or does not: of four hundred in a row, the last four fail, and some of the others.
fn answer(connection: &TcpStream, number: u64, is_down: bool) -> io::Result<()> {
    connection.set_read_timeout(Some(LIMIT))?;
    connection.set_write_timeout(Some(LIMIT))?;
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let fails = is_down || number % 7 == 3 || number % 400 >= 396;
    let status = if fails { "503 Service Unavailable" } else { "200 OK" };
    let body = if fails { String::new() } else { format!("accepted as {number}") };
    let mut writer = connection;
    let head = format!("HTTP/1.0 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
    writer.write_all(format!("{head}{body}").as_bytes())
}

/// Sends an order, and gives what the service says to it.
pub(crate) fn order(to: SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect_timeout(&to, LIMIT)?;
    connection.set_read_timeout(Some(LIMIT))?;
    connection.set_write_timeout(Some(LIMIT))?;
    connection.write_all(b"POST /orders HTTP/1.0\r\n\r\n")?;
    let text = io::read_to_string(connection)?;
    match text.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.0 200 ") => Ok(body.to_owned()),
        _ => Err(io::Error::other(text.lines().next().unwrap_or("no answer").to_owned())),
    }
}
