//! What the binaries write for the page.

use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::rows::{Row, Target};
use crate::summary::Track;

/// The times of one build.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Times {
    /// One entry per row.
    pub rows: Vec<RowTimes>,
}

/// The times of one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowTimes {
    /// The row's key.
    pub key: String,
    /// One entry per contender, in the order of the row.
    pub contenders: Vec<Time>,
    /// One entry per target, in the order of the row.
    pub targets: Vec<Option<f64>>,
}

/// The times of one contender.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Time {
    /// The contender's name.
    pub name: String,
    /// Median nanoseconds per call.
    pub median: Option<f64>,
    /// Nanoseconds per call in the fastest round.
    pub minimum: Option<f64>,
    /// The median ratio to the row's reference, round by round.
    pub ratio: Option<f64>,
    /// Rounds that count.
    pub kept: usize,
    /// Rounds that were thrown away.
    pub thrown_away: usize,
}

impl RowTimes {
    /// Sums up the rounds of a row.
    pub fn new(row: &Row, contenders: &[Contender], tracks: &[Track]) -> Self {
        let find = |name: &str| {
            let index = contenders.iter().position(|contender| contender.name == name)?;
            tracks.get(index)
        };
        let reference = find(row.reference);
        let time = |(contender, track): (&Contender, &Track)| Time {
            name: contender.name.clone(),
            median: track.median(),
            minimum: track.minimum(),
            ratio: reference.and_then(|reference| track.ratio_to(reference)),
            kept: track.kept().len(),
            thrown_away: track.thrown_away(),
        };
        let reached = |target: &Target| find(target.subject)?.ratio_to(find(target.reference)?);
        Self {
            key: row.key.to_owned(),
            contenders: contenders.iter().zip(tracks).map(time).collect(),
            targets: row.targets.iter().map(reached).collect(),
        }
    }
}

/// What a build allocates and how large its breakers are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Allocations per call.
    pub calls: Vec<CallMemory>,
    /// Bytes per breaker.
    pub instances: Vec<InstanceMemory>,
}

/// The allocations of one contender of one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallMemory {
    /// The row's key.
    pub row: String,
    /// The contender's name.
    pub name: String,
    /// Allocations per call.
    pub allocations: f64,
    /// Bytes allocated per call.
    pub bytes: f64,
}

/// The bytes of one breaker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceMemory {
    /// Whose breaker.
    pub name: String,
    /// Under which rule.
    pub rule: String,
    /// The handle itself.
    pub handle: usize,
    /// Handle and heap, after its first calls.
    pub total: i64,
}

/// Instructions per call, as callgrind counts them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Instructions {
    /// One entry per contender of each row that was counted.
    pub calls: Vec<CallInstructions>,
}

/// The instructions of one contender of one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallInstructions {
    /// The row's key.
    pub row: String,
    /// The contender's name.
    pub name: String,
    /// Instructions per call.
    pub per_call: f64,
}
