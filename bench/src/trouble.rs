//! What becomes of work that is to fail where it can be tried again, or cut off.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::work::{Refused, Work};

/// What is ahead of the next work on this thread that is to fail. Kept here and not in the work, so that whoever tries
/// again need not know which attempt it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// So many attempts fail, and the one after them succeeds.
    Fails(u32),
    /// No attempt ever ends.
    Hangs,
}

/// As it is unless a proof says otherwise, and again after each success: the second attempt succeeds.
const ONCE: Trouble = Trouble::Fails(1);

/// More failures than anybody makes attempts.
const MANY: u32 = 1_000_000;

thread_local! {
    static AHEAD: Cell<Trouble> = const { Cell::new(ONCE) };
}

/// One attempt at the work.
#[inline(always)]
pub fn attempt(work: Work) -> Result<u64, Refused> {
    if work.fails { troubled(work) } else { work.perform() }
}

fn troubled(work: Work) -> Result<u64, Refused> {
    let (fails, ahead) = match AHEAD.get() {
        Trouble::Fails(0) => (false, ONCE),
        Trouble::Fails(more) => (true, Trouble::Fails(more - 1)),
        Trouble::Hangs => (true, Trouble::Hangs),
    };
    AHEAD.set(ahead);
    Work { fails, ..work }.perform()
}

/// One attempt at the work, as a future that is ready at its first poll; or never, if it hangs.
#[derive(Debug)]
pub struct Attempt(pub Work);

impl Future for Attempt {
    type Output = Result<u64, Refused>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0.fails && is_hanging() {
            return Poll::Pending;
        }
        Poll::Ready(attempt(self.0))
    }
}

/// The service that the tower layers wrap where calls are tried again, or cut off.
#[derive(Debug, Clone, Copy)]
pub struct Attempting;

impl Service<Work> for Attempting {
    type Response = u64;
    type Error = Refused;
    type Future = Attempt;

    #[inline(always)]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    #[inline(always)]
    fn call(&mut self, work: Work) -> Attempt {
        Attempt(work)
    }
}

/// Whether work that is to fail never ends now: for work that is no future.
pub fn is_hanging() -> bool {
    AHEAD.get() == Trouble::Hangs
}

/// How many attempts `call` makes at work that is to fail and never succeeds, and what it returns.
pub fn attempts_of<T>(call: impl FnOnce() -> T) -> (u32, T) {
    AHEAD.set(Trouble::Fails(MANY));
    let result = call();
    let Trouble::Fails(left) = AHEAD.replace(ONCE) else { unreachable!("nothing else was set") };
    (MANY - left, result)
}

/// What `call` returns when work that is to fail never ends.
pub fn hanging<T>(call: impl FnOnce() -> T) -> T {
    AHEAD.set(Trouble::Hangs);
    let result = call();
    AHEAD.set(ONCE);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::once;

    #[test]
    fn work_that_is_to_fail_succeeds_at_the_second_attempt_each_time() {
        for _ in 0..3 {
            assert_eq!([attempt(Work::FAILS), attempt(Work::FAILS)], [Err(Refused(7)), Ok(1)]);
        }
        assert_eq!(attempt(Work::SUCCEEDS), Ok(1));
    }

    #[test]
    fn attempts_at_what_never_succeeds_are_counted() {
        let (attempts, ()) = attempts_of(|| (0..4).for_each(|_| assert!(attempt(Work::FAILS).is_err())));
        assert_eq!(attempts, 4);
        assert!(attempt(Work::FAILS).is_err() && attempt(Work::FAILS).is_ok());
    }

    #[test]
    fn what_hangs_is_never_ready() {
        assert_eq!(hanging(|| once(Attempt(Work::FAILS))), None);
        assert_eq!(once(Attempt(Work::SUCCEEDS)), Some(Ok(1)));
    }
}
