//! A worker to be supervised: it sends orders to a flaky service, and writes down in a journal what became of them.
//!
//! ```text
//! cargo run -p resil-examples --bin supervisor     # which starts workers
//! cargo run -p resil-examples --bin worker         # one alone: Ctrl-C or Ctrl-D ends it in order
//! ```
//!
//! - Its **heartbeat** says that it lives, and is gated by the progress of its work: while that stands still, the beats say `stalled`,
//!   however well the thread is that writes them.
//! - Its **calls** go through a rate limiter and a circuit breaker. While these refuse, the work is paused, which is no stall.
//! - Its **journal** is its place: who cannot take it does not beat either, and ends. So a worker that was replaced and does not know
//!   it can do no harm, and no number is missing or doubled after a kill.
//! - Its **end** is in order: no new orders, the journal is brought to the disk, and the last beat says `stopped`. It begins with
//!   SIGTERM or SIGINT, or when its stdin ends: whoever holds the other end is gone then. SIGHUP resets the breaker.
//!
//! What can go wrong can be asked for, by a line on stdin: `deadlock`, `exit CODE`, `tear` (half an entry, and a crash), `down` and `up`
//! (the service, if it is its own); or by flags, see `worker --help`.
//!
//! It exits with 0 after an end in order, 1 where something failed at the end, 2 for flags that it does not know, and 73 where another
//! process holds the journal.

#[cfg(unix)]
mod duties;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod flags;
#[cfg(unix)]
mod journal;
#[cfg(unix)]
mod line;
#[cfg(unix)]
mod service;
#[cfg(unix)]
mod terms;
#[cfg(unix)]
mod work;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    flags::obey(terms::Terms::read, terms::HELP, duties::run)
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this example is about signals, which this system does not have");
}
