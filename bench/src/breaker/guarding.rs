//! Breakers as contenders: brought into their state first, and made to trip at the end.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::breaker::operation::{Operation, Spec};
use crate::contender::{Caller as _, Contender, Guarded, batch};
use crate::work::{Load, Seen, Work};

impl Contender {
    /// The guard built by `build`, in the state that `operation` asks for; `None` when the crate lacks the rule.
    ///
    /// # Panics
    /// When the guard cannot be brought into that state.
    pub fn guarding<G: Guarded>(
        name: &str,
        operation: Operation,
        build: impl FnOnce(Spec) -> Option<G>,
    ) -> Option<Self> {
        let guard = Arc::new(build(operation.spec())?);
        if matches!(operation.load, Load::Rejected | Load::HalfOpen) {
            trip(&*guard).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        if operation.load == Load::HalfOpen {
            let mut caller = guard.caller();
            while caller.call(Work::SUCCEEDS) == Seen::Rejected {
                thread::sleep(Duration::from_millis(1));
            }
        }
        let subject = Arc::clone(&guard);
        Some(Self::around(name, operation.load, guard, move || trip(&*subject)))
    }

    /// A contender whose batches start from a rewound guard that has then seen `before` calls, and which are at
    /// most `longest` calls long: for guards whose price depends on what they hold.
    pub fn holding<G: Guarded>(
        name: &str,
        operation: Operation,
        before: u64,
        longest: u64,
        build: impl FnOnce(Spec) -> Option<G>,
    ) -> Option<Self> {
        let guard = Arc::new(build(operation.spec())?);
        let (rewound, subject) = (Arc::clone(&guard), Arc::clone(&guard));
        let load = operation.load;
        let proof = move || {
            subject.rewind();
            trip(&*subject)
        };
        let prepare = move || {
            rewound.rewind();
            batch(&*rewound, load, before);
        };
        Some(Self::around(name, load, guard, proof).prepared(prepare).in_batches_of(longest))
    }
}

/// Fails calls until one is refused.
fn trip(guard: &impl Guarded) -> Result<(), String> {
    let started = Instant::now();
    let mut caller = guard.caller();
    loop {
        for _ in 0..1_000 {
            if caller.call(Work::FAILS) == Seen::Rejected {
                return Ok(());
            }
        }
        if started.elapsed() > Duration::from_secs(30) {
            return Err("still closed after 30 s of failures".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::operation::Rule;
    use crate::contender::Caller;
    use crate::work::{Refused, Tally};

    /// Makes calls as told, and trips at once or never calls at all.
    struct Staged {
        runs: bool,
    }

    impl Guarded for Staged {
        fn caller(&self) -> impl Caller {
            self
        }
    }

    impl Caller for &Staged {
        fn call(&mut self, work: Work) -> Seen {
            match work.perform() {
                Err(Refused(_)) => Seen::Rejected,
                Ok(value) if self.runs => Seen::bare(Ok(value)),
                Ok(_) => Seen::Rejected,
            }
        }
    }

    fn staged(load: Load, runs: bool) -> Contender {
        let operation = Operation::sync(Rule::Consecutive, load);
        Contender::guarding("staged", operation, |_| Some(Staged { runs })).expect("it has every rule")
    }

    #[test]
    fn a_contender_that_works_passes() {
        let contender = staged(Load::Success, true);
        contender.check(100, contender.run(100));
        assert_eq!(contender.prove(), Ok(()));
    }

    #[test]
    #[should_panic(expected = "staged did not do the work")]
    fn a_contender_that_does_not_run_the_work_is_caught() {
        let contender = staged(Load::Success, false);
        contender.check(100, contender.run(100));
    }

    #[test]
    #[should_panic(expected = "staged did not do the work")]
    fn a_contender_that_swallows_errors_is_caught() {
        let contender = staged(Load::TenPercentErrors, true);
        contender.check(100, contender.run(100));
    }

    #[test]
    fn an_open_contender_is_tripped_first() {
        let contender = staged(Load::Rejected, false);
        assert_eq!(contender.run(100), Tally { rejections: 100, ..Tally::default() });
    }
}
