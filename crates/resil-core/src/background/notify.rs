use std::fmt::{Display, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use std::{env, io};

/// How long the service manager may take to make room.
const PATIENCE: Duration = Duration::from_millis(100);

/// Tells the service manager these words, each a line, as `sd_notify(3)` does: on Linux, where `NOTIFY_SOCKET` is set. Elsewhere it does
/// nothing.
///
/// The protocol has no answer, so nobody knows whether it heard. Blocks for about 100 ms at most, in which a service manager that is
/// busy has to make room: one that hangs holds nobody up.
///
/// # Errors
/// If there is no such socket, nobody who listens, or no room.
pub fn notify(words: &[impl Display]) -> io::Result<()> {
    let Some(name) = env::var_os("NOTIFY_SOCKET") else { return Ok(()) };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(&name)?,
    };
    let mut text = String::new();
    for word in words {
        // A `String` takes whatever it is given.
        _ = writeln!(text, "{word}");
    }
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.send_to_addr(text.as_bytes(), &address).map(drop)
}
