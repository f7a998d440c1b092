//! The schedule, the gate and the alarm against naive models that were written from the rules alone, over random histories.
//!
//! `PROPTEST_CASES=100000 cargo test -p resil-heartbeat --release --lib` is the deep run.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use super::draw::{Op, Settings, Time, history};
use super::*;
use crate::alarm::{Alarm, Edge};
use crate::gate::{Gate, Reading};

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schedule/tests/model.regressions");

/// All that has happened, and nothing that follows from it.
struct Naive {
    settings: Settings,
    /// The ticks at which somebody came, by their numbers.
    came_to: Vec<Time>,
    said: Vec<Status>,
    is_ready: bool,
    end: Option<Status>,
    workers: Vec<Worker>,
    /// When the target was asked, and whether it was dead.
    answers: Vec<(Time, bool)>,
}

struct Worker {
    name: String,
    number: u64,
    limit: Time,
    entered: Time,
    meter: Rc<Cell<Reading>>,
    /// What was seen at each look.
    looks: Vec<(Time, Reading)>,
}

impl Worker {
    /// When it was first seen where it stands now.
    fn since(&self) -> Time {
        let last = self.looks.last().map_or(Reading::default(), |(_, reading)| *reading);
        let same = self.looks.iter().rev().take_while(|(_, reading)| *reading == last);
        let first = same.last().map_or(self.entered, |(time, _)| *time);
        let has_never_moved = self.looks.iter().all(|(_, reading)| *reading == Reading::default());
        if has_never_moved { self.entered } else { first }
    }

    fn stands_still(&self) -> bool {
        let Some((time, reading)) = self.looks.last() else { return false };
        !reading.is_paused && *time >= self.since() + self.limit
    }
}

impl Naive {
    fn is_stalled(&self) -> bool {
        self.workers.iter().any(Worker::stands_still)
    }

    fn look(&mut self, now: Time) {
        self.workers.iter_mut().for_each(|worker| worker.looks.push((now, worker.meter.get())));
    }

    /// The number of the last tick that has come.
    fn tick(&self, now: Time) -> Time {
        (now - self.settings.origin) / self.settings.interval
    }

    fn due(&mut self, now: Time) -> Due {
        if self.end.is_some() {
            return Over;
        }
        let (last, tick) = (self.came_to.last().copied().unwrap_or(0), self.tick(now));
        if tick > last {
            self.came_to.push(tick);
            return Beat { skipped: tick - last - 1 };
        }
        let said_so = self.said.last() == Some(&Status::Stalled);
        if said_so == self.is_stalled() { Nothing } else { News }
    }

    fn speak(&mut self) -> Option<Status> {
        let status = match self.end {
            Some(Status::Stopped) => Status::Stopped,
            Some(_) => return None,
            None if self.is_stalled() => Status::Stalled,
            None if self.said.is_empty() || (self.settings.waits && !self.is_ready) => Status::Starting,
            None => Status::Running,
        };
        self.said.push(status);
        Some(status)
    }

    /// When somebody has to come again.
    fn next(&self) -> Time {
        let last = self.came_to.last().copied().unwrap_or(0);
        let tick = self.settings.origin + (last + 1) * self.settings.interval;
        let may_stall = |worker: &&Worker| {
            let is_paused = worker.looks.last().is_some_and(|(_, reading)| reading.is_paused);
            !is_paused && !worker.stands_still()
        };
        let ends = self.workers.iter().filter(may_stall).map(|worker| worker.since() + worker.limit);
        ends.chain([tick]).min().unwrap()
    }

    /// What is to be told of the last answer: found by telling the whole story since the target last lived.
    fn edge(&self) -> Option<Edge> {
        let (now, is_dead) = *self.answers.last()?;
        let span = |from: Time| Duration::from_nanos(now - from);
        let before = &self.answers[..self.answers.len() - 1];
        let dead: Vec<Time> =
            before.iter().rev().take_while(|(_, dead)| *dead).map(|(time, _)| *time).collect();
        if !is_dead {
            return dead.last().map(|first| Edge::Revived { after: span(*first) });
        }
        let (mut told, mut is_told) = (Vec::<Time>::new(), false);
        for time in dead.into_iter().rev().chain([now]) {
            is_told = match (told.last(), self.settings.repeat) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(last), Some((first, longest))) => {
                    let doublings = u32::try_from(told.len() - 1).unwrap();
                    let pause = (u128::from(first) << doublings.min(60)).min(u128::from(longest));
                    u128::from(time - last) >= pause
                }
            };
            if is_told {
                told.push(time);
            }
        }
        let times = told.len() as u64;
        is_told.then(|| Edge::Died { times, since: span(told[0]) })
    }
}

/// The machines and the model, side by side.
struct Player {
    now: Time,
    schedule: Schedule,
    gate: Gate<Rc<Cell<Reading>>>,
    alarm: Alarm,
    naive: Naive,
    names: u32,
    seen: BTreeSet<String>,
}

fn moment(time: Time) -> Moment {
    Moment::from_nanos(time)
}

impl Player {
    fn new(settings: &Settings) -> Self {
        let origin = moment(settings.origin);
        let span = Duration::from_nanos;
        Self {
            now: settings.origin,
            schedule: Schedule::new(span(settings.interval), settings.waits, origin),
            gate: Gate::new(),
            alarm: Alarm::new(settings.repeat.map(|(first, longest)| (span(first), span(longest)))),
            naive: Naive {
                settings: settings.clone(),
                came_to: Vec::new(),
                said: Vec::new(),
                is_ready: false,
                end: None,
                workers: Vec::new(),
                answers: Vec::new(),
            },
            names: 0,
            seen: BTreeSet::new(),
        }
    }

    fn see(&mut self, sight: String) {
        self.seen.insert(sight);
    }

    fn look(&mut self) {
        self.gate.look(moment(self.now), |meter| meter.get());
        self.naive.look(self.now);
    }

    fn is_stalled(&self) -> bool {
        self.gate.stalled() > 0
    }

    fn speak(&mut self) -> Result<(), TestCaseError> {
        let before = self.naive.said.last().copied();
        let expected = self.naive.speak().map(|status| Word { before, status });
        let (is_over, is_stalled) = (self.naive.end.is_some(), self.is_stalled());
        // The last beat, and no other, is told when it is over.
        prop_assert_eq!(self.schedule.speak(is_stalled, !is_over), None);
        prop_assert_eq!(self.schedule.speak(is_stalled, is_over), expected);
        if let Some(word) = expected {
            self.see(format!("from {:?} to {}", word.before, word.status));
        }
        Ok(())
    }

    fn worker(&self, nth: usize) -> Option<&Worker> {
        self.naive.workers.get(nth % self.naive.workers.len().max(1))
    }

    fn turn(&mut self, nth: usize, turn: impl Fn(Reading) -> Reading) {
        if let Some(worker) = self.worker(nth) {
            worker.meter.set(turn(worker.meter.get()));
        }
    }

    fn play(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match *op {
            Op::Pass(span) => self.now += span,
            Op::PassToNext(nanos) => self.now = self.now.max(self.naive.next() + nanos - 1),
            Op::Round => {
                self.look();
                let expected = self.naive.due(self.now);
                prop_assert_eq!(self.schedule.due(moment(self.now), self.is_stalled()), expected);
                self.see(match expected {
                    Beat { skipped } => format!("beat, skips: {}", skipped > 0),
                    other => format!("{other:?}"),
                });
                if matches!(expected, Beat { .. } | News) {
                    self.look();
                    self.speak()?;
                }
            }
            Op::Ask => {
                self.look();
                self.speak()?;
            }
            Op::Ready => {
                self.naive.is_ready = true;
                self.schedule.ready();
            }
            Op::Stop => {
                let end = *self.naive.end.get_or_insert(Status::Stopped);
                prop_assert_eq!(self.schedule.stop(), end == Status::Stopped);
            }
            Op::Abandon => {
                // Any other status stands for an end that was not meant.
                self.naive.end.get_or_insert(Status::Running);
                self.schedule.abandon();
            }
            Op::Enter(limit) => {
                let meter = Rc::new(Cell::new(Reading::default()));
                self.names += 1;
                let (name, entered) = (self.names.to_string(), self.now);
                let number = self.gate.enter(
                    name.clone(),
                    Duration::from_nanos(limit),
                    Rc::clone(&meter),
                    moment(entered),
                );
                self.naive.workers.push(Worker { name, number, limit, entered, meter, looks: Vec::new() });
            }
            Op::Leave(nth) => {
                if let Some(number) = self.worker(nth).map(|worker| worker.number) {
                    self.naive.workers.retain(|worker| worker.number != number);
                    prop_assert!(self.gate.leave(number).is_some() && self.gate.leave(number).is_none());
                }
            }
            Op::Advance(nth) => self.turn(nth, |old| Reading { advances: old.advances + 1, ..old }),
            Op::Pause(nth) => self.turn(nth, |old| Reading { is_paused: true, ..old }),
            Op::Resume(nth) => self.turn(nth, |old| Reading { is_paused: false, ..old }),
            Op::Target(is_dead) => {
                self.naive.answers.push((self.now, is_dead));
                let expected = self.naive.edge();
                prop_assert_eq!(self.alarm.hear(moment(self.now), is_dead), expected);
                if let Some(edge) = expected {
                    self.see(match edge {
                        Edge::Died { times, .. } => format!("died, told {} times", times.min(3)),
                        Edge::Revived { .. } => "revived".to_owned(),
                    });
                }
            }
        }
        self.compare()
    }

    /// Whether all that can be seen is the same.
    fn compare(&mut self) -> Result<(), TestCaseError> {
        let (naive, schedule, gate) = (&self.naive, &self.schedule, &self.gate);
        prop_assert_eq!(gate.len(), naive.workers.len());
        let listed = gate.workers(moment(self.now), usize::MAX);
        let shown = listed.iter().filter(|worker| worker.is_stalled).map(|worker| &worker.name);
        let still = naive.workers.iter().filter(|worker| worker.stands_still()).map(|worker| &worker.name);
        prop_assert_eq!(gate.stalled(), still.clone().count());
        prop_assert_eq!(shown.collect::<Vec<_>>(), still.collect::<Vec<_>>());
        prop_assert!(
            listed.is_sorted_by_key(|worker| !worker.is_stalled),
            "those that stand still come first"
        );
        let next = gate.next_look().unwrap_or(Moment::MAX).min(schedule.next_tick());
        prop_assert_eq!(next, moment(naive.next()));
        prop_assert_eq!(schedule.told(), naive.said.last().copied());
        prop_assert_eq!(schedule.is_over(), naive.end.is_some());
        let came = naive.came_to.len() as u64;
        prop_assert_eq!(schedule.skipped(), naive.came_to.last().copied().unwrap_or(0) - came);
        Ok(())
    }
}

/// Plays it, and tells what was seen.
fn play((settings, ops): &(Settings, Vec<Op>)) -> Result<BTreeSet<String>, TestCaseError> {
    let mut player = Player::new(settings);
    player.speak()?;
    ops.iter().try_for_each(|op| player.play(op))?;
    Ok(player.seen)
}

/// What is due, said and told, and when somebody has to come again, is that of the model after every operation.
#[test]
fn the_machines_do_what_the_naive_model_does() {
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    });
    runner.run(&history(), |history| play(&history).map(drop)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Each, up to a semicolon, must be seen in some of the histories: else the comparison proves little.
const SIGHTS: &str = "Nothing; News; Over; beat, skips: false; beat, skips: true; \
    from Some(Starting) to running; from Some(Starting) to starting; from Some(Running) to running; \
    from Some(Running) to stalled; from Some(Starting) to stalled; from Some(Stalled) to stalled; \
    from Some(Stalled) to running; from Some(Stalled) to starting; from Some(Running) to stopped; \
    from Some(Stalled) to stopped; from Some(Starting) to stopped; from Some(Stopped) to stopped; \
    died, told 1 times; died, told 2 times; died, told 3 times; revived";

#[test]
fn histories_reach_every_status_and_corner() {
    let mut runner = TestRunner::deterministic();
    let histories = (0..300).map(|_| history().new_tree(&mut runner).unwrap().current());
    let seen: Vec<_> = histories.flat_map(|history| play(&history).unwrap()).collect();
    let times = |sight: &str| seen.iter().filter(|seen| *seen == sight).count();
    let rare: Vec<_> = SIGHTS.split("; ").filter(|sight| times(sight) < 3).collect();
    assert!(rare.is_empty(), "in fewer than 3 of 300 histories: {rare:#?}");
}
