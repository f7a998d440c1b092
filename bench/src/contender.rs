//! One side of a comparison: a guard, its load, and the proof that it did the work.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

pub use crate::work::Caller;
use crate::work::{Load, Tally, Work, repeat};

/// A guard that an adaptor wraps around one crate's breaker or limiter.
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

    /// A guard under a load. After all batches `proof` shows that a live guard stood behind the calls.
    pub fn around<G: Guarded>(
        name: &str,
        load: Load,
        guard: Arc<G>,
        proof: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            longest_batch: u64::MAX,
            solo: false,
            load,
            run: Box::new(move |calls| batch(&*guard, load, calls)),
            prepare: None,
            proof: Some(Box::new(proof)),
        }
    }

    /// The same contender, which after all batches has to show that something live stood behind the calls.
    #[must_use]
    pub fn proved(mut self, proof: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.proof = Some(Box::new(proof));
        self
    }

    /// The same contender, with something to do before each batch, untimed.
    #[must_use]
    pub fn prepared(mut self, prepare: impl Fn() + Send + Sync + 'static) -> Self {
        self.prepare = Some(Box::new(prepare));
        self
    }

    /// The same contender, each batch of which runs inside `scope`, such as that of a deadline.
    #[must_use]
    pub fn inside(mut self, scope: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        let run = self.run;
        self.run = Box::new(move |calls| {
            let mut tally = Tally::default();
            scope(&mut || tally = run(calls));
            tally
        });
        self
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

    /// Whether a guard stands behind the calls, rather than a piece of the floor.
    pub fn is_guard(&self) -> bool {
        self.proof.is_some()
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

    /// After all batches: shows that a live guard stood behind the calls.
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

    /// A guard that has seen a success, where a failure would take time.
    pub fn at_rest<G: Guarded>(size: usize, guard: G) -> Self {
        let keep = Box::new(guard);
        keep.caller().call(Work::SUCCEEDS);
        Self { size, keep }
    }
}

/// One batch of calls through a guard.
#[inline(always)]
pub fn batch(guard: &impl Guarded, load: Load, calls: u64) -> Tally {
    repeat(load, calls, guard.caller())
}
