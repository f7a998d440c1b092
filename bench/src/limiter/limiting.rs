//! Limiters as contenders: drained first where they are to refuse, and made to refuse at the end.

use std::hint::black_box;
use std::sync::Arc;

use crate::contender::{Caller as _, Contender, Guarded};
use crate::limiter::operation::{Operation, Spec};
use crate::poll::IDLE_RUNTIME;
use crate::work::{Load, Seen, Work};

/// Calls after which a limiter that still lets them through is none.
const PATIENCE: u64 = 100_000;

impl Contender {
    /// The limiter built by `build` with the quota that `operation` asks for; `None` when the crate lacks it.
    ///
    /// # Panics
    /// When the limiter is to refuse and does not.
    pub fn limiting<G: Guarded>(
        name: &str,
        operation: Operation,
        build: impl Fn(Spec) -> Option<G> + Send + Sync + 'static,
    ) -> Option<Self> {
        let guard = Arc::new(build(operation.spec())?);
        if operation.load == Load::Rejected {
            granted(&*guard).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        Some(Self::around(name, operation.load, guard, move || shows_itself(|| build(Spec::FEW))))
    }
}

/// Whether a limiter of [`Spec::FEW`], made as the measured one was, grants its burst and then refuses.
pub(super) fn shows_itself<G: Guarded>(build: impl Fn() -> Option<G>) -> Result<(), String> {
    // A future that has to wait makes its timer.
    let _entered = IDLE_RUNTIME.enter();
    let guard = build().ok_or("it cannot be built again")?;
    match granted(&guard)? {
        seen if seen == u64::from(Spec::FEW.burst) => Ok(()),
        seen => Err(format!("granted {seen} permits of a burst of {}", Spec::FEW.burst)),
    }
}

/// Calls until one is refused, and says how many were let through.
fn granted(guard: &impl Guarded) -> Result<u64, String> {
    let mut caller = guard.caller();
    let refused = (0..PATIENCE).find(|_| caller.call(Work::SUCCEEDS) == Seen::Rejected);
    refused.ok_or_else(|| format!("still lets calls through after {PATIENCE}"))
}

/// What a limiter's answer means. What comes with it, such as the time to wait, is needed by nobody here: so that the
/// compiler cannot leave it out, it is shown to be looked at.
#[inline(always)]
pub(super) fn seen<T, E>(answer: Result<T, E>) -> Seen {
    match answer {
        Ok(granted) => {
            black_box(&granted);
            Seen::Success
        }
        Err(refusal) => {
            black_box(&refusal);
            Seen::Rejected
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::contender::Caller;
    use crate::limiter::operation::Form;

    /// Lets so many calls through, or all.
    struct Staged {
        left: Option<AtomicU32>,
    }

    impl Guarded for Staged {
        fn caller(&self) -> impl Caller {
            self
        }
    }

    impl Caller for &Staged {
        fn call(&mut self, _: Work) -> Seen {
            let take = |left: &AtomicU32| {
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            };
            seen(self.left.as_ref().map_or(Ok(0), take))
        }
    }

    fn honest(spec: Spec) -> Option<Staged> {
        Some(Staged { left: Some(AtomicU32::new(spec.burst)) })
    }

    #[test]
    fn a_limiter_that_works_passes() {
        let contender =
            Contender::limiting("staged", Operation::allowed(Form::Direct), honest).expect("it is built");
        contender.check(100, contender.run(100));
        assert_eq!(contender.prove(), Ok(()));
    }

    #[test]
    fn a_limiter_that_is_to_refuse_is_drained_first() {
        let contender =
            Contender::limiting("staged", Operation::denied(Form::Direct), honest).expect("it is built");
        contender.check(100, contender.run(100));
        assert_eq!(contender.prove(), Ok(()));
    }

    #[test]
    fn a_limiter_that_refuses_nothing_is_caught() {
        let lenient = |_| Some(Staged { left: None });
        let contender =
            Contender::limiting("staged", Operation::allowed(Form::Direct), lenient).expect("it is built");
        assert_eq!(contender.prove(), Err("staged: still lets calls through after 100000".to_owned()));
    }

    #[test]
    fn a_limiter_that_grants_too_little_is_caught() {
        let strict = |spec: Spec| Some(Staged { left: Some(AtomicU32::new(spec.burst - 1)) });
        let contender =
            Contender::limiting("staged", Operation::allowed(Form::Direct), strict).expect("it is built");
        assert_eq!(contender.prove(), Err("staged: granted 9 permits of a burst of 10".to_owned()));
    }

    #[test]
    #[should_panic(expected = "staged did not do the work")]
    fn a_refusal_in_a_row_of_grants_is_caught() {
        let contender =
            Contender::limiting("staged", Operation::allowed(Form::Direct), |_| honest(Spec::FEW));
        let contender = contender.expect("it is built");
        contender.check(100, contender.run(100));
    }
}
