//! Calls that were admitted and not yet settled, in each of the forms in which a user can hold one.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use resil_breaker::{Error, Guard, Policy, PolicyExt, Rejected, Verdict};

use crate::history::Hold;
use crate::naive;
use crate::real::{self, Breaker};

/// A held call, on both sides.
pub(crate) struct HeldCall<'a> {
    pub(crate) real: RealCall<'a>,
    pub(crate) modelled: naive::Permit,
    /// How many transitions there had been when it was admitted.
    pub(crate) transitions: u64,
}

pub(crate) enum RealCall<'a> {
    Permit(real::Permit),
    Guard(Guard<'a, Breaker>),
    Future(Scripted<'a>),
}

/// A guarded future that goes on only when it is told how to end.
pub(crate) struct Scripted<'a> {
    future: Pin<Box<dyn Future<Output = Result<(), Error<Verdict>>> + 'a>>,
    script: Rc<Cell<Option<Verdict>>>,
}

impl<'a> RealCall<'a> {
    pub(crate) fn admit(breaker: &'a Breaker, hold: Hold) -> Result<Self, Rejected> {
        match hold {
            Hold::Permit => breaker.admit().map(Self::Permit),
            Hold::Guard => breaker.guard().map(Self::Guard),
            Hold::Future => {
                let script = Rc::<Cell<Option<Verdict>>>::default();
                let read = Rc::clone(&script);
                let call = poll_fn(move |_| {
                    read.get().map_or(Poll::Pending, |verdict| Poll::Ready(perform(verdict)))
                });
                let mut future: Pin<Box<dyn Future<Output = _>>> =
                    Box::pin(breaker.call_async_with(classify, call));
                match poll_once(future.as_mut()) {
                    Poll::Pending => Ok(Self::Future(Scripted { future, script })),
                    Poll::Ready(Err(Error::Rejected(refusal))) => Err(refusal),
                    Poll::Ready(other) => panic!("a call that waits came to an end: {other:?}"),
                }
            }
        }
    }

    /// Ends the call in the way that its form has for `verdict`.
    pub(crate) fn settle(self, breaker: &Breaker, verdict: Verdict) {
        match (self, verdict) {
            (Self::Permit(permit), _) => breaker.settle(permit, verdict),
            (Self::Guard(guard), Verdict::Success) => guard.success(),
            (Self::Guard(guard), Verdict::Failure) => guard.failure(),
            (Self::Guard(guard), Verdict::Ignored) => guard.settle(verdict),
            (Self::Guard(guard), Verdict::Cancelled) => drop(guard),
            (Self::Guard(guard), Verdict::Panicked) => {
                let ended = performed(move || {
                    let _dropped_in_a_panic = guard;
                    perform(Verdict::Panicked)
                });
                assert_eq!(ended, None, "the call was told to panic");
            }
            (Self::Future(call), Verdict::Cancelled) => drop(call),
            (Self::Future(mut call), _) => {
                call.script.set(Some(verdict));
                let ended = performed(|| poll_once(call.future.as_mut()));
                let expected = match verdict {
                    Verdict::Panicked => None,
                    Verdict::Success => Some(Poll::Ready(Ok(()))),
                    _ => Some(Poll::Ready(Err(Error::Inner(verdict)))),
                };
                assert_eq!(ended, expected, "the call's own result is handed through");
            }
        }
    }

    /// Hands the call back; answers the verdict instead if its form knows no such thing.
    pub(crate) fn release(self, breaker: &Breaker) -> Option<Verdict> {
        match self {
            Self::Permit(permit) => breaker.release(permit),
            Self::Guard(guard) => guard.release(),
            Self::Future(_) => return Some(Verdict::Cancelled),
        }
        None
    }
}

/// The payload of a panic that the history asks for.
struct AskedFor;

/// What a call does that is to be judged as `verdict`. It panics without calling the panic hook, so nothing is printed.
pub(crate) fn perform(verdict: Verdict) -> Result<(), Verdict> {
    match verdict {
        Verdict::Success => Ok(()),
        Verdict::Panicked => resume_unwind(Box::new(AskedFor)),
        _ => Err(verdict),
    }
}

pub(crate) fn classify(result: Result<&(), &Verdict>) -> Verdict {
    result.err().copied().unwrap_or(Verdict::Success)
}

/// Runs `f`; `None` if it panicked as the history asks. Other panics go on.
pub(crate) fn performed<T>(f: impl FnOnce() -> T) -> Option<T> {
    quietly(f)
        .map_or_else(|payload| if payload.is::<AskedFor>() { None } else { resume_unwind(payload) }, Some)
}

/// Runs `f`; `Err` if it panicked.
pub(crate) fn quietly<T>(f: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(f))
}

pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
