//! A row: what is compared in one interleaved run, and what we promise about it.

use crate::contender::Contender;
use crate::floor;

/// Ours with its default settings.
pub const OURS: &str = "resil";
/// Ours with its counters off.
pub const OURS_UNCOUNTED: &str = "resil, counters off";
/// Ours on one thread, in a two-thread row.
pub const OURS_ALONE: &str = "resil, one thread";

/// A promise: the subject's price is at most so many times the reference's.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The contender that it is about.
    pub subject: &'static str,
    /// The contender that it is compared with.
    pub reference: &'static str,
    /// The promised ratio.
    pub at_most: f64,
    /// A ratio beyond the promise.
    pub stretch: Option<f64>,
    /// Whether it is about reading the clock, and so promised for `fast-clock` only.
    pub fast_clock: bool,
}

impl Target {
    /// A promise about every build.
    pub const fn new(subject: &'static str, reference: &'static str, at_most: f64) -> Self {
        Self { subject, reference, at_most, stretch: None, fast_clock: false }
    }

    /// The same promise, with a ratio beyond it.
    #[must_use]
    pub const fn stretch(mut self, ratio: f64) -> Self {
        self.stretch = Some(ratio);
        self
    }

    /// The same promise, for `fast-clock` only.
    #[must_use]
    pub const fn with_fast_clock(mut self) -> Self {
        self.fast_clock = true;
        self
    }
}

/// What is compared in one run.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its short name, for the command line.
    pub key: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// The contender that the ratios of the table refer to.
    pub reference: &'static str,
    /// Whether two threads run at once.
    pub two_threads: bool,
    /// What we promise.
    pub targets: &'static [Target],
    /// The contenders, made when the row's turn comes.
    pub contenders: fn() -> Vec<Contender>,
}

impl Row {
    /// The row of the pieces that a pattern is made of.
    pub const fn floor(contenders: fn() -> Vec<Contender>) -> Self {
        Self {
            key: "floor",
            title: "The floor",
            reference: floor::BARE,
            two_threads: false,
            targets: &[],
            contenders,
        }
    }

    /// Whether the row compares the peers, so that one which is missing from it lacks the operation.
    pub fn is_versus(&self) -> bool {
        let is_ours_alone = self.key.starts_with("scale") || self.key.starts_with("attribute");
        !is_ours_alone && !self.key.ends_with("floor")
    }
}
