//! The work itself: orders, through a limiter and a breaker, into the journal.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resil::breaker::Config;
use resil::heartbeat::Progress;
use resil::shutdown::Token;
use resil::{CircuitBreaker, Error, PolicyExt, Quota, RateLimiter};

use crate::duties::tell;
use crate::journal::Journal;
use crate::service;

/// What the contract with the service allows.
static QUOTA: RateLimiter = RateLimiter::new("quota", Quota::per_second(100).burst(10));

/// The service, as seen from here.
pub(crate) static API: CircuitBreaker = CircuitBreaker::new(
    "orders",
    Config::new().failure_threshold(4).reset_timeout(Duration::from_millis(500)),
);

/// How often to tell that it comes on.
const MILESTONE: u64 = 500;

/// Works until it is to stop.
pub(crate) fn run(
    stop: &Token,
    mut ticket: Option<Progress>,
    journal: &Mutex<Journal>,
    to: SocketAddr,
) -> std::io::Result<()> {
    let mut is_first = true;
    while !stop.is_triggered() {
        match (&QUOTA, &API).call(|| service::order(to)) {
            Ok(answer) => {
                let number = lock(journal).append(&format!("{} {answer}", std::process::id()))?;
                if std::mem::take(&mut is_first) || number % MILESTONE == 0 {
                    tell(format_args!("work: order {number}"));
                }
            }
            // It was tried, and the breaker knows.
            Err(Error::Inner(_)) => {}
            Err(refusal) => {
                // To wait for its turn is no standstill.
                let _waiting = ticket.as_mut().map(Progress::pause);
                let _ = stop.wait_timeout(refusal.retry_after().unwrap_or(Duration::from_millis(10)));
            }
        }
        if let Some(ticket) = &ticket {
            ticket.advance();
        }
    }
    tell("work: no more orders");
    Ok(())
}

pub(crate) fn lock(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}
