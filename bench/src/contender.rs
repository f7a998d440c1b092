//! One side of a comparison: a guard, its operation, and the proof that it did the work.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::operation::{Operation, Spec};
pub use crate::work::Caller;
use crate::work::{Load, Seen, Tally, Work, repeat};

/// A guard that an adaptor wraps around one crate's breaker.
pub trait Guarded: Send + Sync + 'static {
    /// Something that makes guarded calls, made once per batch.
    fn caller(&self) -> impl Caller;

    /// Brings the guard back to its first state before a batch, untimed.
    fn rewind(&self) {}
}

type Run = dyn Fn(u64) -> Tally + Send + Sync;
type Hook = dyn Fn() + Send + Sync;
type Proof = dyn Fn() -> Result<(), String> + Send + Sync;

/// One side of a comparison.
pub struct Contender {
    /// As it stands in the tables.
    pub name: String,
    /// The longest batch for which the operation stays the same.
    pub longest_batch: u64,
    /// In two-thread rows: runs on one thread only.
    pub solo: bool,
    load: Load,
    run: Box<Run>,
    prepare: Option<Box<Hook>>,
    proof: Option<Box<Proof>>,
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .field("load", &self.load)
            .finish_non_exhaustive()
    }
}

impl Contender {
    /// A contender without a guard: a piece of the floor.
    pub fn plain(name: &str, run: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self {
            name: name.to_owned(),
            longest_batch: u64::MAX,
            solo: false,
            load: Load::Success,
            run: Box::new(move |calls| {
                run(calls);
                Tally::of_successes(calls)
            }),
            prepare: None,
            proof: None,
        }
    }

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
        if matches!(operation.load, Load::Open | Load::HalfOpen) {
            trip(&*guard).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        if operation.load == Load::HalfOpen {
            let mut caller = guard.caller();
            while caller.call(Work::SUCCEEDS) == Seen::Rejected {
                thread::sleep(Duration::from_millis(1));
            }
        }
        let load = operation.load;
        let (runner, subject) = (Arc::clone(&guard), guard);
        Some(Self {
            name: name.to_owned(),
            longest_batch: u64::MAX,
            solo: false,
            load,
            run: Box::new(move |calls| batch(&*runner, load, calls)),
            prepare: None,
            proof: Some(Box::new(move || trip(&*subject))),
        })
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
        let (runner, rewound, subject) = (Arc::clone(&guard), Arc::clone(&guard), guard);
        let load = operation.load;
        Some(Self {
            name: name.to_owned(),
            longest_batch: longest,
            solo: false,
            load,
            run: Box::new(move |calls| batch(&*runner, load, calls)),
            prepare: Some(Box::new(move || {
                rewound.rewind();
                batch(&*rewound, load, before);
            })),
            proof: Some(Box::new(move || {
                subject.rewind();
                trip(&*subject)
            })),
        })
    }

    /// The same contender under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same contender after `calls` untimed calls.
    #[must_use]
    pub fn after(self, calls: u64) -> Self {
        self.check(calls, self.run(calls));
        self
    }

    /// The same contender with batches of at most `calls`, because its price depends on what it holds.
    #[must_use]
    pub fn in_batches_of(mut self, calls: u64) -> Self {
        self.longest_batch = calls;
        self
    }

    /// The same contender, on one thread in a two-thread row.
    #[must_use]
    pub fn solo(mut self) -> Self {
        self.solo = true;
        self
    }

    /// Untimed preparation of a batch.
    pub fn prepare(&self) {
        if let Some(prepare) = &self.prepare {
            prepare();
        }
    }

    /// Runs a batch. Nothing but the batch's calls happens here.
    #[inline]
    pub fn run(&self, calls: u64) -> Tally {
        (self.run)(calls)
    }

    /// Compares what a batch saw with what the load promises.
    ///
    /// # Panics
    /// When they differ: the contender did not do the work, and its time means nothing.
    pub fn check(&self, calls: u64, tally: Tally) {
        assert_eq!(tally, self.load.expected(calls), "{} did not do the work", self.name);
    }

    /// After all batches: shows that a live breaker stood behind the calls, by making it trip.
    ///
    /// # Errors
    /// When it does not.
    pub fn prove(&self) -> Result<(), String> {
        match &self.proof {
            Some(proof) => proof().map_err(|error| format!("{}: {error}", self.name)),
            None => Ok(()),
        }
    }
}

/// A built guard, for the measurement of its memory.
pub struct Instance {
    /// The size of the handle itself.
    pub size: usize,
    /// Keeps the handle alive, on the heap.
    pub keep: Box<dyn Any>,
}

impl Instance {
    /// A guard that has seen a success, a failure and a success, so that what it makes lazily is there.
    pub fn of<G: Guarded>(size: usize, guard: G) -> Self {
        let keep = Box::new(guard);
        let mut caller = keep.caller();
        for work in [Work::SUCCEEDS, Work::FAILS, Work::SUCCEEDS] {
            caller.call(work);
        }
        drop(caller);
        Self { size, keep }
    }
}

#[inline(always)]
fn batch(guard: &impl Guarded, load: Load, calls: u64) -> Tally {
    repeat(load, calls, guard.caller())
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
    use crate::operation::Rule;
    use crate::work::Refused;

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
        let contender = staged(Load::Open, false);
        assert_eq!(contender.run(100), Tally { rejections: 100, ..Tally::default() });
    }
}
