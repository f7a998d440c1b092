//! The laws that every [`Policy`] must keep, as functions for the tests of policy authors, and a policy that writes down what it is told;
//! and, for tests with real processes and signals, their [children](child).
//!
//! ```
//! use resil_core::testing;
//! # use resil_core::{Name, Policy, Reason, Rejected, Verdict};
//! # struct OneAtATime(std::sync::atomic::AtomicBool);
//! # impl OneAtATime { fn new() -> Self { Self(false.into()) } }
//! # impl Policy for OneAtATime { type Permit = ();
//! #   fn admit(&self) -> Result<(), Rejected> {
//! #       if self.0.swap(true, std::sync::atomic::Ordering::SeqCst) { Err(Rejected::new(Name::UNNAMED, Reason::Other("busy"))) } else { Ok(()) } }
//! #   fn settle(&self, (): (), _: Verdict) { self.release(()) }
//! #   fn release(&self, (): ()) { self.0.store(false, std::sync::atomic::Ordering::SeqCst) } }
//! testing::check_admitting(OneAtATime::new);
//! testing::check_refusing(|| {
//!     let busy = OneAtATime::new();
//!     busy.admit().expect("the first one");
//!     busy
//! });
//! ```

#[cfg(not(any(loom, shuttle)))]
pub mod child;
#[cfg(any(loom, shuttle))]
pub mod models;

use std::collections::VecDeque;
use std::future::Future;
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::{Name, Policy, Reason, Rejected, Verdict};

/// How often a law is tried in a row, so that a policy that loses a slot each time runs out of them.
const ROUNDS: usize = 1_000;

/// How many admissions are held at once.
const HELD: usize = 16;

/// Checks the laws of admission on policies that `make` returns fresh, at rest and ready to admit at least one call.
///
/// # Panics
/// With the law that is broken.
pub fn check_admitting<P: Policy + Sync>(make: impl Fn() -> P) {
    let policy = make();
    policy.release(admit(&policy));
    for _ in 0..ROUNDS {
        policy.release(policy.admit().expect("law: a released admission leaves no trace"));
    }

    let policy = make();
    let at_first = admitted_at_once(&policy);
    assert_eq!(admitted_at_once(&policy), at_first, "law: permits may come back in any order");

    let settle = |policy: &P, permit| policy.settle(permit, Verdict::Success);
    for give_back in [P::release, settle] {
        let policy = make();
        let permit = admit(&policy);
        let elsewhere = thread::scope(|scope| scope.spawn(|| give_back(&policy, permit)).join());
        assert!(elsewhere.is_ok(), "law: a permit may come back on another thread");
    }

    for verdict in
        [Verdict::Success, Verdict::Failure, Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked]
    {
        let policy = make();
        let permit = admit(&policy);
        let settled = catch_unwind(AssertUnwindSafe(|| policy.settle(permit, verdict)));
        assert!(settled.is_ok(), "law: every verdict can be settled; {verdict:?} panicked");
        let asked = catch_unwind(AssertUnwindSafe(|| policy.admit().map(|permit| policy.release(permit))));
        assert!(
            asked.is_ok(),
            "law: after any verdict the policy still answers; after {verdict:?} it panicked"
        );
    }
}

fn admit<P: Policy>(policy: &P) -> P::Permit {
    policy.admit().expect("law: a fresh policy admits")
}

/// How many calls `policy` admits at once, up to [`HELD`]; they are handed back now from the front, now from the back.
fn admitted_at_once<P: Policy>(policy: &P) -> usize {
    let mut permits: VecDeque<_> = iter::from_fn(|| policy.admit().ok()).take(HELD).collect();
    let admitted = permits.len();
    while let Some(permit) = if permits.len() % 2 == 0 { permits.pop_front() } else { permits.pop_back() } {
        policy.release(permit);
    }
    admitted
}

/// Checks the laws of refusal on policies that `make` returns in a state in which they refuse, for as long as this takes: let them
/// read a clock that stands still.
///
/// # Panics
/// With the law that is broken.
pub fn check_refusing<P: Policy>(make: impl Fn() -> P) {
    let policy = make();
    let refuse = |law| policy.admit().err().expect(law);
    let refusal = refuse("law: `make` returns policies that refuse");
    assert!(refusal.retry_after() != Some(Duration::ZERO), "law: a hint to retry is never zero");
    assert!(!refusal.reason().to_string().is_empty(), "law: a refusal says why");
    for _ in 0..ROUNDS {
        let again = refuse("law: who was refused is not admitted for having asked");
        assert_eq!(again, refusal, "law: while nothing changes, a refusal says the same");
    }
}

/// Polls `future` once, with a waker that does nothing.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// What a [`Spy`] was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It admitted a call.
    Admitted,
    /// It refused a call.
    Refused,
    /// A call was settled.
    Settled(Verdict),
    /// An admission was taken back.
    Released,
}

/// A policy that admits or refuses everything and writes down what it is told.
///
/// ```
/// use resil_core::testing::{Spy, Told};
/// use resil_core::{PolicyExt, Verdict};
///
/// let spy = Spy::admitting("spy");
/// let _ = spy.call(|| Err::<(), _>("no"));
/// assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Failure)]);
/// ```
#[derive(Debug)]
pub struct Spy {
    name: Name,
    admits: bool,
    log: Log,
}

/// What the spies of one test were told, in order, with their names.
pub type Log = Arc<Mutex<Vec<(Name, Told)>>>;

impl Spy {
    /// A spy that admits every call.
    pub fn admitting(name: &'static str) -> Self {
        Self { name: Name::new(name), admits: true, log: Log::default() }
    }

    /// A spy that refuses every call.
    pub fn refusing(name: &'static str) -> Self {
        Self { admits: false, ..Self::admitting(name) }
    }

    /// The same spy, writing to `log`, so that the order among several can be seen.
    #[must_use = "the spy is taken and returned"]
    pub fn writing_to(mut self, log: &Log) -> Self {
        self.log = Arc::clone(log);
        self
    }

    /// What this spy was told so far, in order.
    pub fn told(&self) -> Vec<Told> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|(name, _)| *name == self.name).map(|(_, told)| *told).collect()
    }

    fn write(&self, told: Told) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push((self.name, told));
    }
}

impl Policy for Spy {
    type Permit = ();

    fn admit(&self) -> Result<(), Rejected> {
        if self.admits {
            self.write(Told::Admitted);
            return Ok(());
        }
        self.write(Told::Refused);
        Err(Rejected::new(self.name, Reason::Other("refused by the test")))
    }

    fn settle(&self, (): (), verdict: Verdict) {
        self.write(Told::Settled(verdict));
    }

    fn release(&self, (): ()) {
        self.write(Told::Released);
    }
}
