//! Interleaved rounds on one thread: A B C, B C A, C A B, ...

use std::time::{Duration, Instant};

use crate::contender::Contender;
use crate::depth;
use crate::preemption::Witness;
use crate::summary::Track;

/// How long a run is.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds; every contender runs one batch in each.
    pub rounds: usize,
    /// The time that a batch aims at: short, so that the neighbours of a batch saw the same machine.
    pub batch: Duration,
}

impl Plan {
    /// For figures that are written down.
    pub const FULL: Self = Self { rounds: 501, batch: Duration::from_micros(150) };
    /// For a look.
    pub const QUICK: Self = Self { rounds: 101, batch: Duration::from_micros(80) };
}

/// Whose turn it is: A B C, B C A, ..., in each round once.
pub fn turns(rounds: usize, contenders: usize) -> impl Iterator<Item = usize> {
    (0..rounds).flat_map(move |round| (0..contenders).map(move |turn| (round + turn) % contenders))
}

/// Runs all contenders in turn and returns their rounds, in the order of the contenders. A batch during which the
/// thread was preempted is thrown away.
///
/// # Panics
/// When a contender did not do its work.
pub fn interleave(contenders: &[Contender], plan: Plan) -> Vec<Track> {
    let sizes: Vec<u64> = contenders.iter().map(|contender| batch_size(contender, plan.batch)).collect();
    let mut tracks = vec![Track::default(); contenders.len()];
    for index in turns(plan.rounds, contenders.len()) {
        let round = tracks[index].rounds.len();
        let timed = depth::at(round, || timed(&contenders[index], sizes[index]));
        tracks[index].rounds.push(timed);
    }
    tracks
}

/// Nanoseconds per call of one batch.
fn timed(contender: &Contender, calls: u64) -> Option<f64> {
    contender.prepare();
    let witness = Witness::new();
    let started = Instant::now();
    let tally = contender.run(calls);
    let elapsed = started.elapsed();
    let disturbed = witness.preempted();
    contender.check(calls, tally);
    (!disturbed).then(|| per_call(elapsed, calls))
}

/// Nanoseconds per call.
pub fn per_call(elapsed: Duration, calls: u64) -> f64 {
    elapsed.as_nanos() as f64 / calls as f64
}

/// The number of calls that takes about `batch`; trying it out also warms the contender up.
pub fn batch_size(contender: &Contender, batch: Duration) -> u64 {
    let mut calls = 64.min(contender.longest_batch);
    loop {
        contender.prepare();
        let started = Instant::now();
        let tally = contender.run(calls);
        let elapsed = started.elapsed();
        contender.check(calls, tally);
        if elapsed >= batch || calls >= contender.longest_batch {
            return calls;
        }
        calls = (calls * 2).min(contender.longest_batch);
    }
}
