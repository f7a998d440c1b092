//! Retries as contenders: made to give up at the end.

use std::sync::Arc;

use crate::contender::{Caller as _, Contender, Guarded};
use crate::poll::TIMED_RUNTIME;
use crate::retry::operation::{Operation, Spec};
use crate::trouble::attempts_of;
use crate::work::{Seen, Work};

impl Contender {
    /// The retry built by `build` with the settings that `operation` asks for; `None` when the crate lacks it.
    pub fn retrying<G: Guarded>(
        name: &str,
        operation: Operation,
        build: impl Fn(Spec) -> Option<G> + Send + Sync + 'static,
    ) -> Option<Self> {
        let guard = Arc::new(build(operation.spec())?);
        Some(Self::around(name, operation.load, guard, move || gives_up(|| build(Spec::AT_ONCE))))
    }
}

/// Whether a retry without delays, made as the measured one was, makes all its attempts and no more.
fn gives_up<G: Guarded>(build: impl Fn() -> Option<G>) -> Result<(), String> {
    let _entered = TIMED_RUNTIME.enter();
    let guard = build().ok_or("it cannot be built again")?;
    let mut caller = guard.caller();
    match attempts_of(|| caller.call(Work::FAILS)) {
        (attempts, Seen::Failure) if attempts == Spec::AT_ONCE.attempts => {}
        (attempts, seen) => return Err(format!("gave up with {seen:?} after {attempts} attempts")),
    }
    match caller.call(Work::FAILS) {
        Seen::Success => Ok(()),
        seen => Err(format!("{seen:?} where the second attempt succeeds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::Caller;
    use crate::retry::operation::Form;
    use crate::trouble::attempt;

    /// Makes so many attempts.
    struct Staged {
        attempts: u32,
    }

    impl Guarded for Staged {
        fn caller(&self) -> impl Caller {
            self
        }
    }

    impl Caller for &Staged {
        fn call(&mut self, work: Work) -> Seen {
            let mut outcome = attempt(work);
            for _ in 1..self.attempts {
                outcome = outcome.or_else(|_| attempt(work));
            }
            Seen::bare(outcome)
        }
    }

    fn staged(operation: Operation, attempts: u32) -> Contender {
        Contender::retrying("staged", operation, move |_| Some(Staged { attempts })).expect("it is built")
    }

    #[test]
    fn a_retry_that_works_passes() {
        for operation in [Operation::first_try(Form::Sync), Operation::second_try(Form::Sync)] {
            let contender = staged(operation, 3);
            contender.check(100, contender.run(100));
            assert_eq!(contender.prove(), Ok(()));
        }
    }

    #[test]
    #[should_panic(expected = "staged did not do the work")]
    fn a_retry_that_does_not_try_again_is_caught() {
        let contender = staged(Operation::second_try(Form::Sync), 1);
        contender.check(100, contender.run(100));
    }

    #[test]
    fn a_retry_that_makes_too_few_attempts_is_caught() {
        let contender = staged(Operation::first_try(Form::Sync), 2);
        contender.check(100, contender.run(100));
        assert_eq!(contender.prove(), Err("staged: gave up with Failure after 2 attempts".to_owned()));
    }
}
