//! Interleaved rounds on two threads that hit one guard at the same time.
//!
//! Contention reads as free when the threads did not really run side by side. So each thread stamps its own start
//! and end, and a round counts only when both were on their processors for at least 90 % of it.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::contender::Contender;
use crate::interleave::{Plan, turns};
use crate::preemption::Witness;
use crate::summary::Track;

/// The share of a round during which both threads must have run.
pub const OVERLAP: f64 = 0.9;

/// Calls between two looks at the stop flag.
const CHUNK: u64 = 128;

/// What one thread reports of a round.
#[derive(Debug, Clone, Copy)]
struct Lap {
    started: Instant,
    ended: Instant,
    calls: u64,
    preempted: bool,
}

/// The words through which the two threads meet; each on lines of its own.
#[repr(align(128))]
#[derive(Default)]
struct Line<T>(T);

#[derive(Default)]
struct Meeting {
    /// Rounds that the leader has called for.
    called: Line<AtomicU64>,
    /// Rounds for which the follower stands ready.
    ready: Line<AtomicU64>,
    /// Rounds that have begun.
    begun: Line<AtomicU64>,
    /// Rounds that are over.
    ended: Line<AtomicU64>,
    /// Whether the follower sits the current round out.
    solo: Line<AtomicBool>,
}

/// Runs all contenders in turn on two threads and returns their rounds: nanoseconds that one thread waits for one
/// call. A contender marked `solo` runs on the first thread while the second one idles on its processor.
///
/// # Panics
/// When a contender did not do its work.
pub fn interleave(contenders: &[Contender], plan: Plan) -> Vec<Track> {
    let meeting = Meeting::default();
    let turns: Vec<usize> = turns(plan.rounds, contenders.len()).collect();
    thread::scope(|scope| {
        let follower = scope.spawn(|| follow(contenders, &turns, &meeting));
        let led = lead(contenders, &turns, &meeting, plan.batch);
        let followed = follower.join().expect("the second thread panicked");
        let mut tracks = vec![Track::default(); contenders.len()];
        for ((&turn, leader), follower) in turns.iter().zip(led).zip(followed) {
            tracks[turn].rounds.push(price(leader, follower));
        }
        tracks
    })
}

/// The leader calls each round, times it, and stops it.
fn lead(contenders: &[Contender], turns: &[usize], meeting: &Meeting, batch: Duration) -> Vec<Lap> {
    pin_to(0);
    let mut laps = Vec::with_capacity(turns.len());
    for (round, &turn) in (1_u64..).zip(turns) {
        let contender = &contenders[turn];
        meeting.solo.0.store(contender.solo, Ordering::Relaxed);
        meeting.called.0.store(round, Ordering::Release);
        await_round(&meeting.ready.0, round);
        meeting.begun.0.store(round, Ordering::Release);
        laps.push(run_until(contender, |started| started.elapsed() >= batch));
        meeting.ended.0.store(round, Ordering::Release);
    }
    laps
}

/// The follower runs beside the leader until it is told to stop.
fn follow(contenders: &[Contender], turns: &[usize], meeting: &Meeting) -> Vec<Option<Lap>> {
    pin_to(1);
    let mut laps = Vec::with_capacity(turns.len());
    for (round, &turn) in (1_u64..).zip(turns) {
        await_round(&meeting.called.0, round);
        let solo = meeting.solo.0.load(Ordering::Relaxed);
        meeting.ready.0.store(round, Ordering::Release);
        await_round(&meeting.begun.0, round);
        if solo {
            // Spins as in the other rounds, so that the first thread's processor is in the same mood.
            await_round(&meeting.ended.0, round);
            laps.push(None);
        } else {
            let ended = |_| meeting.ended.0.load(Ordering::Acquire) >= round;
            laps.push(Some(run_until(&contenders[turn], ended)));
        }
    }
    laps
}

fn run_until(contender: &Contender, done: impl Fn(Instant) -> bool) -> Lap {
    let witness = Witness::new();
    let started = Instant::now();
    let mut calls = 0;
    loop {
        let tally = contender.run(CHUNK);
        contender.check(CHUNK, tally);
        calls += CHUNK;
        if done(started) {
            break;
        }
    }
    Lap { started, ended: Instant::now(), calls, preempted: witness.preempted() }
}

/// What one thread waits for one call, or `None` when the round does not count.
fn price(leader: Lap, follower: Option<Lap>) -> Option<f64> {
    let spent = |lap: Lap| (lap.ended - lap.started).as_nanos() as f64;
    let Some(follower) = follower else {
        return (!leader.preempted).then(|| spent(leader) / leader.calls as f64);
    };
    if leader.preempted || follower.preempted || overlap(leader, follower) < OVERLAP {
        return None;
    }
    Some((spent(leader) + spent(follower)) / (leader.calls + follower.calls) as f64)
}

/// The share of the time from the first start to the last end in which both threads ran.
fn overlap(one: Lap, other: Lap) -> f64 {
    let whole = one.ended.max(other.ended) - one.started.min(other.started);
    let both = one.ended.min(other.ended).saturating_duration_since(one.started.max(other.started));
    both.as_secs_f64() / whole.as_secs_f64()
}

fn await_round(word: &AtomicU64, round: u64) {
    while word.load(Ordering::Acquire) < round {
        spin_loop();
    }
}

/// Best effort: where it fails, the overlap check decides.
fn pin_to(processor: usize) {
    let mut set = CpuSet::new();
    if set.set(processor).is_ok() {
        let _ = sched_setaffinity(Pid::from_raw(0), &set);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lap(origin: Instant, from: u64, to: u64, calls: u64, preempted: bool) -> Lap {
        let at = |micros| origin + Duration::from_micros(micros);
        Lap { started: at(from), ended: at(to), calls, preempted }
    }

    #[test]
    fn both_threads_wait_for_each_call() {
        let origin = Instant::now();
        let price = price(lap(origin, 0, 100, 1_000, false), Some(lap(origin, 0, 100, 3_000, false)));
        assert_eq!(price, Some(50.0));
    }

    #[test]
    fn rounds_without_overlap_are_thrown_away() {
        let origin = Instant::now();
        let leader = lap(origin, 0, 100, 1_000, false);
        assert_eq!(price(leader, Some(lap(origin, 15, 100, 1_000, false))), None);
        assert_eq!(price(leader, Some(lap(origin, 200, 300, 1_000, false))), None);
        assert_eq!(price(leader, Some(lap(origin, 0, 100, 1_000, true))), None);
        assert!(price(leader, Some(lap(origin, 5, 100, 1_000, false))).is_some());
    }

    #[test]
    fn a_solo_round_needs_one_thread() {
        let origin = Instant::now();
        assert_eq!(price(lap(origin, 0, 100, 1_000, false), None), Some(100.0));
        assert_eq!(price(lap(origin, 0, 100, 1_000, true), None), None);
    }
}
