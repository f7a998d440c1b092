//! A supervisor: it starts a worker, watches its heartbeat and its exit, and starts another in its place when it has to.
//!
//! ```text
//! cargo build -p resil-examples --bins && target/debug/supervisor
//! ```
//!
//! Then do harm, in another terminal or by a line on its stdin, which goes to the worker:
//!
//! ```text
//! kill -9 PID        the worker's exit is seen at once
//! kill -STOP PID     its beats stop, it does not hear SIGTERM, and is killed
//! deadlock           its beats go on and say `stalled`
//! exit 3             again and again: pauses grow, and the supervisor gives up
//! ```
//!
//! It prints a line for whatever happens. Workers are started again after a pause, which doubles each time; after too many restarts
//! within a window it gives up, and a worker that was well for long enough resets the count. A worker that has to be replaced gets
//! SIGTERM, and SIGKILL if it has not ended by then; the next one starts when it is gone. SIGTERM and SIGINT are passed on to the
//! worker, which then has some time for an end in order, and so is SIGHUP. A worker that ends by itself with code 0 was meant to.
//!
//! The worker has a process group of its own, so that a Ctrl-C reaches it once: through the supervisor. In a systemd unit that is
//! `KillMode=mixed`. If the supervisor itself is killed, the worker's stdin ends, and so does the worker.
//!
//! It exits with 0 where the worker ended in order, 1 where it did not, 2 for flags that it does not know, and 75, what `sysexits.h`
//! calls EX_TEMPFAIL, where it has given up.

#[cfg(unix)]
mod child;
#[cfg(unix)]
mod flags;
#[cfg(unix)]
mod line;
#[cfg(unix)]
mod news;
#[cfg(unix)]
mod restarts;
#[cfg(unix)]
mod settings;
#[cfg(unix)]
mod supervision;
#[cfg(unix)]
mod watch;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    flags::obey(settings::Settings::read, settings::HELP, supervision::run)
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this example is about signals, which this system does not have");
}
