//! What the binaries write for the page.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::row::{Row, Target};
use crate::summary::Track;

/// Writes figures where the page finds them, if a path was given.
///
/// # Errors
/// When the file cannot be written.
pub fn save(figures: &impl Serialize, path: Option<&str>) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    let text = serde_json::to_string_pretty(figures).map_err(|error| error.to_string())?;
    fs::write(path, text).map_err(|error| format!("{path}: {error}"))
}

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

/// What a build allocates and how large its instances are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Allocations per call.
    pub calls: Vec<CallMemory>,
    /// Bytes per instance.
    pub instances: Vec<InstanceMemory>,
    /// Bytes per key.
    pub keys: Vec<KeyMemory>,
    /// Allocations per task.
    pub tasks: Vec<TaskMemory>,
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

/// The bytes of one instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceMemory {
    /// Whose.
    pub name: String,
    /// Of which kind.
    pub kind: String,
    /// The handle itself.
    pub handle: usize,
    /// Handle and heap, after its first calls.
    pub total: i64,
}

/// The bytes of a guard that holds many keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyMemory {
    /// Whose.
    pub name: String,
    /// How many keys came.
    pub keys: u64,
    /// Bytes per key when all had come.
    pub per_key: f64,
    /// Bytes per key, by the same number, when as many other keys had come after them.
    pub after_others: f64,
}

/// What one contender allocates to start and stop many tasks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskMemory {
    /// The contender's name.
    pub name: String,
    /// Allocations per task.
    pub allocations: f64,
    /// Bytes allocated per task.
    pub bytes: f64,
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

/// What tasks that wait for a limiter get, in one build.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Waits {
    /// One entry per case.
    pub cases: Vec<WaitCase>,
}

/// The waits in one case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WaitCase {
    /// The limiter's burst.
    pub burst: u32,
    /// Threads of the runtime.
    pub threads: usize,
    /// One entry per contender.
    pub waiters: Vec<Wait>,
}

/// What one contender did in a case: medians of the rounds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wait {
    /// The contender's name.
    pub name: String,
    /// The share of the nominal rate that its tasks got.
    pub share: Option<f64>,
    /// The smallest share of a round.
    pub least: Option<f64>,
    /// Processor time of the whole process, as a share of one core.
    pub processor: Option<f64>,
    /// The processor time divided by the reference's, round by round.
    pub ratio: Option<f64>,
}

/// What it costs to stop many tasks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stops {
    /// One entry per runtime.
    pub cases: Vec<StopCase>,
}

/// The stops on one runtime.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StopCase {
    /// Threads of the runtime.
    pub threads: usize,
    /// One entry per contender.
    pub contenders: Vec<Stop>,
}

/// What one contender's stops cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stop {
    /// The contender's name.
    pub name: String,
    /// From the request to the end of all.
    pub stop: Cost,
    /// The start of the tasks and the stop.
    pub whole: Cost,
    /// Median microseconds that whoever asked for it waited.
    pub waited: Option<f64>,
}

/// The rounds of one figure: processor time of the whole process in microseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cost {
    /// The median.
    pub median: Option<f64>,
    /// The cheapest round.
    pub minimum: Option<f64>,
    /// The median ratio to the reference, round by round.
    pub ratio: Option<f64>,
}

impl Cost {
    /// Sums up the rounds of a contender beside those of the reference.
    pub fn new(own: &Track, reference: Option<&Track>) -> Self {
        Self {
            median: own.median(),
            minimum: own.minimum(),
            ratio: reference.and_then(|reference| own.ratio_to(reference)),
        }
    }
}
