//! The guarded work, and the count of what came back from it.

use std::error::Error;
use std::fmt;
use std::hint::black_box;

/// How the guarded call fails. The number keeps it as large as a small real error.
///
/// It is a whole word: the compiler may copy half a word, which has just been written beside another half, as a whole, and the processor
/// then waits for some nanoseconds; chance would say in which contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub u64);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

impl Error for Refused {}

/// One call's work: almost nothing, so that what is measured is the guard around it.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Handed through the call and back.
    pub input: u64,
    /// Whether the call is to fail.
    pub fails: bool,
}

impl Work {
    /// A call that succeeds.
    pub const SUCCEEDS: Self = Self { input: 1, fails: false };
    /// A call that fails.
    pub const FAILS: Self = Self { input: 1, fails: true };

    /// The work itself. The compiler sees neither its input nor its outcome.
    #[inline(always)]
    pub fn perform(self) -> Result<u64, Refused> {
        black_box(if self.fails { Err(Refused(7)) } else { Ok(black_box(self.input)) })
    }
}

/// What the caller saw of one guarded call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The work's success.
    Success,
    /// The work's failure.
    Failure,
    /// A refusal: the work did not run.
    Rejected,
}

impl Seen {
    /// The outcome of work that nothing guards.
    #[inline(always)]
    pub fn bare(outcome: Result<u64, Refused>) -> Self {
        match outcome {
            Ok(value) => {
                black_box(value);
                Self::Success
            }
            Err(refused) => {
                black_box(refused);
                Self::Failure
            }
        }
    }
}

/// How often each outcome was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that ran and failed.
    pub failures: u64,
    /// Calls that were refused.
    pub rejections: u64,
}

impl Tally {
    /// The tally of calls that all succeeded.
    pub fn of_successes(calls: u64) -> Self {
        Self { successes: calls, ..Self::default() }
    }

    #[inline(always)]
    fn count(&mut self, seen: Seen) {
        match seen {
            Seen::Success => self.successes += 1,
            Seen::Failure => self.failures += 1,
            Seen::Rejected => self.rejections += 1,
        }
    }
}

/// What the calls of a batch do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Every call is let through and succeeds.
    Success,
    /// Every call is let through, and every tenth one fails.
    TenPercentErrors,
    /// Every call is refused.
    Rejected,
    /// A breaker is half-open and stays so: every call is a probe that succeeds.
    HalfOpen,
    /// Every call fails at its first attempt and succeeds at its second.
    SecondTry,
}

impl Load {
    /// What a batch of `calls` must have seen; anything else means that a contender did not do the work.
    pub fn expected(self, calls: u64) -> Tally {
        match self {
            Self::Success | Self::HalfOpen | Self::SecondTry => Tally::of_successes(calls),
            Self::TenPercentErrors => {
                Tally { successes: calls - calls / 10, failures: calls / 10, rejections: 0 }
            }
            Self::Rejected => Tally { rejections: calls, ..Tally::default() },
        }
    }
}

/// Makes guarded calls.
///
/// A trait of our own rather than a closure, so that adaptors can have the call inlined into the loop, as a call that
/// stands in a program's own code would be.
pub trait Caller {
    /// One guarded call.
    fn call(&mut self, work: Work) -> Seen;
}

impl<F: FnMut(Work) -> Seen> Caller for F {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        self(work)
    }
}

/// The one loop that every contender runs.
#[inline(always)]
pub fn repeat(load: Load, calls: u64, mut caller: impl Caller) -> Tally {
    let mut tally = Tally::default();
    if load == Load::TenPercentErrors {
        let mut until_error = 10;
        for input in 0..calls {
            until_error -= 1;
            let fails = until_error == 0;
            if fails {
                until_error = 10;
            }
            tally.count(caller.call(Work { input, fails }));
        }
    } else if load == Load::SecondTry {
        for input in 0..calls {
            tally.count(caller.call(Work { input, fails: true }));
        }
    } else {
        for input in 0..calls {
            tally.count(caller.call(Work { input, fails: false }));
        }
    }
    tally
}
