//! The laws that every [`Policy`] must keep, as functions for the tests of policy authors, and a policy that writes down what it is told.
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

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::{BoxPolicy, Error, Name, Policy, PolicyExt, Reason, Rejected, Verdict};

/// How often a law is tried in a row, so that a policy that loses a slot each time runs out of them.
const ROUNDS: usize = 1_000;

/// Checks the laws of admission on policies that `make` returns fresh, at rest and ready to admit at least one call.
///
/// # Panics
/// With the law that is broken.
pub fn check_admitting<P>(make: impl Fn() -> P)
where
    P: Policy + Send + Sync + 'static,
    P::Permit: 'static,
{
    let policy = make();
    for _ in 0..ROUNDS {
        let permit = policy.admit().expect("law: a released admission leaves no trace");
        policy.release(permit);
    }
    for _ in 0..ROUNDS {
        let refused = (&policy, &Spy::refusing("last")).call(|| Ok::<_, ()>(()));
        assert!(
            refused.is_err_and(|error| error
                .rejected()
                .is_some_and(|refusal| refusal.name() == Name::new("last"))),
            "law: what a later policy refuses is handed back by the earlier ones"
        );
        drop(policy.call_async(std::future::ready(Ok::<_, ()>(()))));
    }
    policy
        .admit()
        .map(|permit| policy.release(permit))
        .expect("law: a future that is never polled asks for nothing");

    for verdict in
        [Verdict::Success, Verdict::Failure, Verdict::Ignored, Verdict::Cancelled, Verdict::Panicked]
    {
        let policy = make();
        let permit = policy.admit().expect("law: a fresh policy admits");
        policy.settle(permit, verdict);
    }

    let policy = make();
    let panicked =
        catch_unwind(AssertUnwindSafe(|| policy.call(|| -> Result<(), ()> { panic!("of the call") })));
    let payload = panicked.expect_err("law: a panic of the call goes on unwinding");
    assert_eq!(payload.downcast_ref(), Some(&"of the call"), "law: a panic of the call keeps its payload");

    assert_eq!(make().call(|| Ok::<_, ()>(7)), Ok(7), "law: the value passes through");
    assert_eq!(make().call(|| Err::<(), _>(7)), Err(Error::Inner(7)), "law: the error passes through");
    assert_eq!(
        poll_once(pin!(make().call_async(async { Ok::<_, ()>(7) }))),
        Poll::Ready(Ok(7)),
        "law: sync and async callers get the same"
    );
    assert_eq!(Arc::new(make()).call(|| Ok::<_, ()>(7)), Ok(7), "law: an Arc of a policy is a policy");
    assert_eq!(BoxPolicy::new(make()).call(|| Ok::<_, ()>(7)), Ok(7), "law: a boxed policy is the policy");
}

/// Checks the laws of refusal on policies that `make` returns in a state in which they refuse.
///
/// # Panics
/// With the law that is broken.
pub fn check_refusing<P: Policy>(make: impl Fn() -> P) {
    let policy = make();
    let refusal = policy.admit().err().expect("law: `make` returns policies that refuse");
    assert!(refusal.retry_after() != Some(std::time::Duration::ZERO), "law: a hint to retry is never zero");
    assert!(!refusal.reason().to_string().is_empty(), "law: a refusal says why");

    let mut calls = 0;
    let again = policy.call(|| {
        calls += 1;
        Ok::<_, ()>(())
    });
    assert!(again.is_err_and(|error| error.is_rejected()), "law: a refused call gets the refusal");
    assert_eq!(calls, 0, "law: a refused call is not made");

    let mut polls = 0;
    let refused = poll_once(pin!(policy.call_async(async {
        polls += 1;
        Ok::<_, ()>(())
    })));
    assert!(
        matches!(refused, Poll::Ready(Err(Error::Rejected(_)))),
        "law: sync and async callers get the same"
    );
    assert_eq!(polls, 0, "law: a refused future is not polled");
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
