//! Time limits as contenders: made to cut something off at the end.

use std::sync::Arc;
use std::time::Duration;

use crate::contender::{Caller as _, Contender, Guarded};
use crate::poll::{IDLE_RUNTIME, TIMED_RUNTIME};
use crate::timeout::operation::Operation;
use crate::trouble::hanging;
use crate::work::{Load, Seen, Work};

/// The limit of a proof.
const SHORT: Duration = Duration::from_millis(5);

impl Contender {
    /// The time limit built by `build`, around calls that come nowhere near it.
    pub fn timing<G: Guarded>(name: &str, build: impl Fn(Duration) -> G + Send + Sync + 'static) -> Self {
        let guard = Arc::new(build(Operation::LIMIT));
        let timing = Self::around(name, Load::Success, guard, move || cuts_off(&build(SHORT)));
        // tokio's timers want a runtime when they are made.
        timing.inside(|batch| {
            let _entered = IDLE_RUNTIME.enter();
            batch();
        })
    }
}

/// Whether work that never ends is cut off.
fn cuts_off(guard: &impl Guarded) -> Result<(), String> {
    let _entered = TIMED_RUNTIME.enter();
    let mut caller = guard.caller();
    match hanging(|| caller.call(Work::FAILS)) {
        Seen::Rejected => Ok(()),
        seen => Err(format!("{seen:?} of work that never ends")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::Caller;
    use crate::poll::once;
    use crate::trouble::Attempt;

    /// Cuts off at once, or says so only.
    struct Staged {
        works: bool,
    }

    impl Guarded for Staged {
        fn caller(&self) -> impl Caller {
            self
        }
    }

    impl Caller for &Staged {
        fn call(&mut self, work: Work) -> Seen {
            let cut = if self.works { Seen::Rejected } else { Seen::Failure };
            once(Attempt(work)).map_or(cut, Seen::bare)
        }
    }

    fn staged(works: bool) -> Contender {
        let contender = Contender::timing("staged", move |_| Staged { works });
        contender.check(100, contender.run(100));
        contender
    }

    #[test]
    fn a_limit_that_works_passes() {
        assert_eq!(staged(true).prove(), Ok(()));
    }

    #[test]
    fn a_limit_that_does_not_cut_off_is_caught() {
        assert_eq!(staged(false).prove(), Err("staged: Failure of work that never ends".to_owned()));
    }
}
