//! The plan against a naive model of it that was written independently, over random histories.
//!
//! `PROPTEST_CASES=100000 cargo test -p resil-shutdown --release --lib` is the deep run.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use super::draw::{Op, history};
use super::*;

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/plan/tests/model.regressions");

/// Time since the origin of the clock.
type Time = Duration;

/// What has happened so far, and nothing that follows from it.
#[derive(Default)]
struct Naive {
    config: Config,
    /// As they were registered.
    callbacks: Vec<Callback>,
    request: Option<(Time, Cause)>,
    /// When it began, and what was in flight.
    drain: Option<(Time, usize)>,
    /// When it began, and what was in flight.
    cleanup: Option<(Time, usize)>,
    done: Option<Time>,
    told: Option<Time>,
}

struct Callback {
    job: u32,
    spec: Spec,
    begun: Option<(Time, Key)>,
    /// How it ended, and how long it took.
    end: Option<(Outcome, Duration)>,
}

impl Callback {
    fn waits(&self) -> bool {
        self.begun.is_none() && self.end.is_none()
    }

    fn runs(&self) -> bool {
        self.begun.is_some() && self.end.is_none()
    }

    fn is(&self, key: Key) -> bool {
        self.begun.is_some_and(|(_, own)| own == key)
    }

    fn report(&self, outcome: Outcome, took: Duration) -> CallbackReport {
        CallbackReport { name: self.spec.name.clone(), priority: self.spec.priority, outcome, took }
    }
}

impl Naive {
    fn phase(&self) -> Phase {
        match (self.request, self.drain, self.cleanup, self.done) {
            (None, ..) => Phase::Running,
            (_, None, ..) => Phase::PreDrain,
            (_, _, None, _) => Phase::Draining,
            (.., None) => Phase::CleaningUp,
            _ => Phase::Done,
        }
    }

    /// When the whole budget is used up.
    fn deadline(&self) -> Option<Time> {
        Some(self.request?.0 + self.config.timeout)
    }

    fn delay_end(&self) -> Option<Time> {
        Some(self.request?.0 + self.config.drain_delay)
    }

    fn drain_end(&self) -> Option<Time> {
        let left = self.deadline()?.saturating_sub(self.drain?.0);
        Some(self.drain?.0 + self.config.drain_timeout.map_or(left / 2, |most| most.min(left)))
    }

    fn next_tell(&self) -> Option<Time> {
        Some(self.told.or(Some(self.request?.0))? + self.config.progress_every?)
    }

    /// When the time of a running one is over.
    fn limit(&self, callback: &Callback) -> Option<Time> {
        let own = callback.spec.limit.map(|limit| callback.begun.unwrap().0 + limit);
        own.into_iter().chain(self.deadline()).min()
    }

    /// Those that are like that, in the order in which they are to run.
    fn all(&self, are: fn(&Callback) -> bool) -> Vec<&Callback> {
        let mut all: Vec<_> = self.callbacks.iter().filter(|callback| are(callback)).collect();
        all.sort_by_key(|callback| callback.spec.priority);
        all
    }

    /// Of several whose time is over, they are given up in the order in which they run.
    fn due(&self, now: Time, in_flight: usize) -> Option<Step> {
        let is_over = |end: Option<Time>| end.is_some_and(|end| now >= end);
        let running = self.all(Callback::runs);
        let is_late = |callback: &&&Callback| is_over(self.limit(callback));
        let late = running.iter().find(is_late);
        let all_ended = self.callbacks.iter().all(|callback| callback.end.is_some());
        let first = match self.phase() {
            Phase::Running | Phase::Done => return None,
            Phase::PreDrain => is_over(self.delay_end()).then_some(Enter(Phase::Draining)),
            Phase::Draining => {
                (in_flight == 0 || is_over(self.drain_end())).then_some(Enter(Phase::CleaningUp))
            }
            Phase::CleaningUp => match late {
                Some(late) => {
                    let (began, key) = late.begun.unwrap();
                    Some(GiveUp(key, late.report(Outcome::TimedOut, now.saturating_sub(began))))
                }
                None => (all_ended || is_over(self.deadline())).then_some(Enter(Phase::Done)),
            },
        };
        first.or_else(|| is_over(self.next_tell()).then_some(Tell))
    }

    /// All moments to come at which a time ends.
    fn edges(&self, now: Time) -> Vec<Time> {
        let fixed = [self.delay_end(), self.drain_end(), self.deadline(), self.next_tell()];
        let limits = self.all(Callback::runs).into_iter().map(|callback| self.limit(callback));
        let all: BTreeSet<_> = limits.chain(fixed).flatten().filter(|edge| *edge > now).collect();
        all.into_iter().collect()
    }

    /// What is to be done, else the first moment at which something will be: found by trying.
    fn step(&self, now: Time, in_flight: usize) -> Step {
        let busy = |edge: &Time| self.due(*edge, in_flight).is_some();
        let wait = || Wait(self.edges(now).into_iter().find(busy).map(moment));
        self.due(now, in_flight).unwrap_or_else(wait)
    }

    fn carry_out(&mut self, step: &Step, now: Time, in_flight: usize) {
        match step {
            Wait(_) => {}
            Tell => self.told = Some(now),
            GiveUp(key, report) => drop(self.finish(*key, report.outcome.clone(), now)),
            Enter(Phase::Draining) => self.drain = Some((now, in_flight)),
            Enter(Phase::CleaningUp) => self.cleanup = Some((now, in_flight)),
            Enter(_) => {
                self.done = Some(now);
                for skipped in self.callbacks.iter_mut().filter(|callback| callback.waits()) {
                    skipped.end = Some((Outcome::Skipped, Duration::ZERO));
                }
            }
        }
    }

    fn register(&mut self, spec: Spec, job: u32) -> Result<(), (Refusal, u32)> {
        if self.request.is_some() {
            return Err((Refusal::TooLate, job));
        }
        if self.callbacks.iter().any(|callback| callback.spec.name == spec.name) {
            return Err((Refusal::Duplicate, job));
        }
        self.callbacks.push(Callback { job, spec, begun: None, end: None });
        Ok(())
    }

    fn unregister(&mut self, name: &str) -> Option<u32> {
        let place =
            self.callbacks.iter().position(|callback| callback.waits() && callback.spec.name == name)?;
        Some(self.callbacks.remove(place).job)
    }

    /// The job that may begin, and whether the one after it may, too.
    fn startable(&self, now: Time) -> Option<(u32, bool)> {
        let (waiting, running) = (self.all(Callback::waits), self.all(Callback::runs));
        let next = waiting.first()?;
        let at_once = self.config.same_priority_at_once;
        let is_beside = |other: &&Callback| at_once && other.spec.priority == next.spec.priority;
        let is_time = self.phase() == Phase::CleaningUp && now < self.deadline()?;
        let may = is_time && running.iter().all(is_beside);
        may.then(|| (next.job, waiting.get(1).is_some_and(is_beside)))
    }

    fn finish(&mut self, key: Key, outcome: Outcome, now: Time) -> Option<CallbackReport> {
        let callback = self.callbacks.iter_mut().find(|callback| callback.is(key) && callback.runs())?;
        let took = now.saturating_sub(callback.begun?.0);
        callback.end = Some((outcome.clone(), took));
        Some(callback.report(outcome, took))
    }

    fn facts(&self, name: Name, main: Option<Outcome>) -> Option<Facts> {
        let ((asked, cause), (drain, in_flight), (cleanup, left)) =
            (self.request?, self.drain?, self.cleanup?);
        let ends =
            |callback: &Callback| callback.end.clone().map(|(outcome, took)| callback.report(outcome, took));
        Some(Facts {
            name,
            cause,
            main,
            drain: Drain { in_flight, left, took: cleanup.saturating_sub(drain) },
            callbacks: self.all(|_| true).into_iter().filter_map(ends).collect(),
            took: self.done?.saturating_sub(asked),
            budget: self.config.timeout,
            is_exceeded: self.done >= self.deadline(),
            force_exit_code: self.config.force_exit_code,
        })
    }
}

/// The plan and the model, side by side.
struct Player {
    now: Time,
    in_flight: usize,
    plan: Plan<u32>,
    naive: Naive,
    jobs: u32,
    seen: BTreeSet<String>,
}

impl Player {
    fn see(&mut self, condition: bool, sight: &str) {
        if condition {
            self.seen.insert(sight.to_owned());
        }
    }

    fn play(&mut self, op: &Op) -> Result<(), TestCaseError> {
        let (now, phase) = (self.now, self.naive.phase());
        match op.clone() {
            Op::Register(spec) => {
                self.jobs += 1;
                let expected = self.naive.register(spec.clone(), self.jobs);
                self.see(true, &format!("register: {:?}", expected.map_err(|(refusal, _)| refusal)));
                prop_assert_eq!(self.plan.register(spec, self.jobs), expected);
            }
            Op::Unregister(name) => {
                let expected = self.naive.unregister(name);
                self.see(true, &format!("unregister in {phase:?}: {}", expected.is_some()));
                prop_assert_eq!(self.plan.unregister(name), expected);
            }
            Op::Request(cause) => {
                self.naive.request.get_or_insert((now, cause));
                self.see(true, &format!("request in {phase:?}"));
                prop_assert_eq!(self.plan.request(moment(now), cause), phase == Phase::Running);
            }
            Op::InFlight(count) => self.in_flight = count,
            Op::Pass(span) => self.now += span,
            Op::PassTo(nth, nanos) => {
                let edges = self.naive.edges(now);
                let edge = edges
                    .get(nth % edges.len().max(1))
                    .map_or(now, |edge| *edge + Duration::from_nanos(nanos));
                self.now = now.max(edge.saturating_sub(Duration::from_nanos(1)));
            }
            Op::Step => self.step().map(drop)?,
            Op::Settle => while self.step()? {},
            Op::Start => self.start()?,
            Op::Finish(nth, outcome) => {
                let begun: Vec<_> =
                    self.naive.callbacks.iter().filter_map(|callback| callback.begun).collect();
                let Some((_, key)) = begun.get(nth % begun.len().max(1)) else { return Ok(()) };
                let overdue =
                    |callback: &&Callback| callback.is(*key) && self.naive.limit(callback) <= Some(now);
                let is_late = self.naive.all(Callback::runs).iter().any(overdue);
                self.see(is_late, "finish later than the limit");
                let is_first = self.naive.all(Callback::runs).first().is_none_or(|first| first.is(*key));
                let expected = self.naive.finish(*key, outcome.clone(), now);
                self.see(expected.is_none(), &format!("finish again in {phase:?}"));
                self.see(expected.is_some() && !is_first, "finish before one that began earlier");
                prop_assert_eq!(self.plan.finish(*key, outcome, moment(now)), expected);
            }
        }
        self.compare()
    }

    /// Whether there was something to do.
    fn step(&mut self) -> Result<bool, TestCaseError> {
        let (now, in_flight) = (self.now, self.in_flight);
        let real = self.plan.step(moment(now), in_flight);
        let expected = self.naive.step(now, in_flight);
        let is_over = self.naive.deadline().is_some_and(|deadline| now >= deadline);
        let has_waiting = !self.naive.all(Callback::waits).is_empty();
        let sight = match (&expected, self.naive.drain) {
            (Tell, _) => format!("tell in {:?}", self.naive.phase()),
            (GiveUp(..), _) => {
                format!("give up by: {}", if is_over { "the budget" } else { "its limit" })
            }
            (Enter(Phase::CleaningUp), Some((_, 1..))) => format!("drained: {}", in_flight == 0),
            (Enter(Phase::Done), _) => format!("done, skips: {has_waiting}, exceeded: {is_over}"),
            (Enter(phase), _) => format!("enter {phase:?}"),
            (Wait(until), _) => format!("wait in {:?}: {}", self.naive.phase(), until.is_some()),
        };
        self.see(true, &sight);
        prop_assert_eq!(&real, &expected);
        self.naive.carry_out(&expected, now, in_flight);
        self.compare()?;
        Ok(!matches!(expected, Wait(_)))
    }

    fn start(&mut self) -> Result<(), TestCaseError> {
        let (now, phase) = (self.now, self.naive.phase());
        let expected = self.naive.startable(now);
        let real = self.plan.start(moment(now));
        prop_assert_eq!(real.as_ref().map(|start| (start.job, start.has_company)), expected);
        let has_waiting = !self.naive.all(Callback::waits).is_empty();
        let running = self.naive.all(Callback::runs).len();
        self.see(has_waiting, &format!("start in {phase:?} beside {}: {}", running.min(2), real.is_some()));
        let Some(Start { key, job, .. }) = real else { return Ok(()) };
        let started = self.naive.callbacks.iter_mut().filter(|callback| callback.job == job);
        started.for_each(|callback| callback.begun = Some((now, key)));
        let keys = self.naive.all(|callback| callback.begun.is_some()).into_iter();
        let keys: Vec<_> = keys.map(|callback| (callback.begun.unwrap().1, callback.spec.priority)).collect();
        prop_assert!(
            keys.is_sorted_by(|a, b| a < b) && keys.iter().all(|(key, priority)| key.0 == *priority)
        );
        self.compare()
    }

    /// Whether all that can be seen is the same.
    fn compare(&self) -> Result<(), TestCaseError> {
        let (now, naive, plan) = (self.now, &self.naive, &self.plan);
        prop_assert_eq!(plan.phase(), naive.phase());
        prop_assert_eq!(plan.cause(), naive.request.map(|(_, cause)| cause));
        prop_assert_eq!(plan.deadline(), naive.deadline().map(moment));
        let (unbegun, running) = (naive.all(|callback| callback.begun.is_none()), naive.all(Callback::runs));
        let specs: Vec<_> = unbegun.iter().map(|callback| &callback.spec).collect();
        prop_assert_eq!(plan.specs().collect::<Vec<_>>(), specs);
        prop_assert_eq!(
            plan.running().collect::<Vec<_>>(),
            running.iter().map(|callback| &callback.spec.name).collect::<Vec<_>>()
        );
        for (_, key) in naive.callbacks.iter().filter_map(|callback| callback.begun) {
            prop_assert_eq!(plan.is_running(key), running.iter().any(|callback| callback.is(key)));
        }
        if let Some(first) = running.iter().filter_map(|callback| naive.limit(callback)).min() {
            prop_assert_eq!(plan.next_limit(), moment(first));
        }
        prop_assert_eq!(plan.is_idle(), unbegun.is_empty() && running.is_empty());
        prop_assert_eq!(plan.has_work(moment(now)), naive.startable(now).is_some());
        let (name, main) = (Name::new("model"), Some(Outcome::Ok));
        prop_assert_eq!(plan.facts(name, main.clone()), naive.facts(name, main));
        Ok(())
    }
}

/// Plays it to its end, and tells what was seen.
fn play((config, origin, ops): &(Config, Time, Vec<Op>)) -> Result<BTreeSet<String>, TestCaseError> {
    prop_assert_eq!(config.check(), Ok(()));
    let (plan, naive) = (Plan::new(*config), Naive { config: *config, ..Naive::default() });
    let mut player = Player { now: *origin, in_flight: 0, plan, naive, jobs: 0, seen: BTreeSet::new() };
    let end = [Op::Settle, Op::Pass(config.timeout), Op::Settle, Op::Start, Op::Unregister("a"), Op::Settle];
    ops.iter().chain(&end).try_for_each(|op| player.play(op))?;
    prop_assert_eq!(player.plan.phase(), Phase::Done);
    Ok(player.seen)
}

/// Steps, answers, limits and facts are those of the model after every operation.
#[test]
fn the_plan_does_what_the_naive_model_does() {
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    });
    runner.run(&history(), |history| play(&history).map(drop)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Each, up to a semicolon, must be seen in some of the histories: else the comparison proves little.
const SIGHTS: &str = "register: Ok(()); register: Err(Duplicate); register: Err(TooLate); \
    request in Running; request in PreDrain; request in Draining; request in CleaningUp; request in Done; \
    unregister in Running: true; unregister in PreDrain: true; unregister in Draining: true; \
    unregister in CleaningUp: true; unregister in CleaningUp: false; unregister in Done: false; \
    enter Draining; enter CleaningUp; drained: true; drained: false; \
    wait in Running: false; wait in PreDrain: true; wait in Draining: true; wait in CleaningUp: true; \
    tell in PreDrain; tell in Draining; tell in CleaningUp; wait in Done: false; \
    start in Running beside 0: false; start in PreDrain beside 0: false; start in Draining beside 0: false; \
    start in CleaningUp beside 0: true; start in CleaningUp beside 1: true; start in CleaningUp beside 2: true; \
    start in CleaningUp beside 0: false; start in CleaningUp beside 1: false; \
    give up by: its limit; give up by: the budget; finish later than the limit; \
    finish before one that began earlier; finish again in CleaningUp; finish again in Done; \
    done, skips: false, exceeded: false; done, skips: false, exceeded: true; done, skips: true, exceeded: true";

#[test]
fn histories_reach_every_phase_refusal_and_corner() {
    let mut runner = TestRunner::deterministic();
    let histories = (0..600).map(|_| history().new_tree(&mut runner).unwrap().current());
    let seen: Vec<_> = histories.flat_map(|history| play(&history).unwrap()).collect();
    let times = |sight: &str| seen.iter().filter(|seen| *seen == sight).count();
    let rare: Vec<_> = SIGHTS.split("; ").filter(|sight| times(sight) < 3).collect();
    assert!(rare.is_empty(), "in fewer than 3 of 600 histories: {rare:#?}");
}
