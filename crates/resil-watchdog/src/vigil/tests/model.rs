//! The vigil against a naive model of it that was written independently, over random histories.
//!
//! `PROPTEST_CASES=100000 cargo test -p resil-watchdog --release --lib` is the deep run.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use super::draw::{History, Op, Seen, history};
use super::naive::Fact::{Came, Forgot, Looked, Showed, Started, Told, Waited, Went};
use super::naive::{Naive, Time, time};
use super::*;

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vigil/tests/model.regressions");

/// The vigil and the model, side by side.
struct Player {
    now: Time,
    /// No ping that is seen was given before that.
    news_from: Time,
    vigil: Vigil,
    naive: Naive,
    seen: BTreeSet<String>,
}

impl Player {
    fn see(&mut self, condition: bool, sight: &str) {
        if condition {
            self.seen.insert(sight.to_owned());
        }
    }

    fn play(&mut self, op: &Op) -> Result<(), TestCaseError> {
        let now = self.now;
        match op {
            Op::Pass(span) => self.now += *span,
            Op::PassToDue(nanos) => {
                let due = self.naive.asked();
                let due = nanos.map_or(due.saturating_sub(Duration::from_nanos(1)), |nanos| {
                    due + Duration::from_nanos(nanos)
                });
                self.now = now.max(due);
            }
            Op::Look(signs) => self.look(signs)?,
            Op::Looks(looks, late, signs) => {
                for nth in 0..*looks {
                    self.now = self.now.max(self.naive.asked() + *late);
                    self.look(if nth == 0 { signs } else { &[] })?;
                    self.news_from = self.now;
                }
            }
            Op::Enlist => {
                let id = self.vigil.enlist(moment(now));
                prop_assert!(!self.naive.present().contains(&id));
                self.naive.log.push(Came(id, now));
            }
            Op::Dismiss(nth) => {
                let present = self.naive.present();
                let Some(id) = present.get(nth + 1) else { return Ok(()) };
                self.vigil.dismiss(*id);
                self.naive.log.push(Went(*id));
            }
            Op::Reset => {
                self.vigil.reset(moment(now));
                self.naive.log.push(Forgot(now));
            }
            Op::Start => {
                self.vigil.start(moment(now));
                self.naive.log.push(Started(now));
            }
        }
        if matches!(op, Op::Look(_) | Op::Enlist | Op::Reset | Op::Start) {
            self.news_from = now;
        }
        self.compare()
    }

    fn look(&mut self, signs: &[Seen]) -> Result<(), TestCaseError> {
        let now = self.now;
        let late = self.naive.late(now);
        prop_assert_eq!(self.vigil.wake(moment(now)), late);
        self.naive.log.push(Looked(now, late));
        let mut signs = signs.iter();
        for id in self.naive.present() {
            let drawn = signs.next().copied().unwrap_or(Seen::Silent);
            let sign = match drawn {
                Seen::Ping => Sign::Ping(moment(now)),
                Seen::Timed(hundredths) => {
                    Sign::Ping(moment(self.news_from + now.saturating_sub(self.news_from) * hundredths / 100))
                }
                Seen::Silent => Sign::Silent,
                Seen::Rest => Sign::Rest,
                Seen::Bad => Sign::Bad,
            };
            let given = match sign {
                Sign::Ping(at) => Some(now.min(time(at) + late.unwrap_or_default())),
                Sign::Rest => Some(now),
                Sign::Silent | Sign::Bad => None,
            };
            let silence = given.map(|given| given.saturating_sub(self.naive.silent_since(id)));
            let recovers = silence.filter(|_| !self.naive.tellings(id).is_empty());
            let watched = if self.naive.is_watched(id) { "" } else { ", unwatched" };
            self.see(
                true,
                &format!("{drawn:?}, late: {}{watched}", late.is_some())
                    .replace(|c: char| c.is_ascii_digit(), ""),
            );
            self.see(recovers.is_some(), "recovers");
            prop_assert_eq!(self.vigil.hear(id, sign, moment(now)), recovers);
            self.naive.log.push(Showed(id, sign));
        }
        loop {
            let expected = self.naive.step(now);
            prop_assert_eq!(self.vigil.step(moment(now)), expected);
            match expected {
                Step::Tell(id, alarm) => {
                    let (mood, has_pinged) = (self.naive.mood(id), self.naive.has_pinged(id));
                    let who = if id == Id::OWN { "own" } else { "other" };
                    let again = if alarm.times > 1 { " again" } else { "" };
                    self.see(
                        true,
                        &format!(
                            "tell {who} {mood:?}, pinged: {has_pinged}, late: {}{again}",
                            late.is_some()
                        ),
                    );
                    self.naive.log.push(Told(id, now, alarm.times));
                }
                Step::Wait(until) => {
                    self.see(time(until) < now + self.naive.terms.tick, "wait for less than a tick");
                    self.see(self.naive.hold() > now, "wait while nobody is told");
                    self.naive.log.push(Waited(time(until)));
                    return Ok(());
                }
            }
        }
    }

    /// Whether all that can be seen is the same.
    fn compare(&mut self) -> Result<(), TestCaseError> {
        let now = self.now;
        let came = self.naive.log.iter().filter(|fact| matches!(fact, Came(..))).count() as u64;
        for id in self.naive.present().into_iter().chain([Id(came), Id(came + 1)]) {
            let is_watched = self.naive.is_watched(id);
            prop_assert_eq!(self.vigil.ward(id).is_some(), is_watched);
            prop_assert_eq!(self.vigil.silence(id, moment(now)), self.naive.silence(id, now));
            prop_assert_eq!(self.vigil.is_starving(id, moment(now)), self.naive.is_starving(id, now));
            if is_watched {
                let is_told = !self.naive.tellings(id).is_empty();
                prop_assert_eq!(self.vigil.ward(id).map(Ward::is_told), Some(is_told));
                self.see(self.naive.late(now).is_some() && !is_told, "asked while asleep");
            }
        }
        prop_assert_eq!(self.vigil.last_ping(), self.naive.last_ping());
        prop_assert_eq!(self.vigil.tally(), self.naive.tally());
        Ok(())
    }
}

/// Plays it to its end, and tells what was seen.
fn play((terms, origin, ops): &History) -> Result<BTreeSet<String>, TestCaseError> {
    let vigil = Vigil::new(*terms, moment(*origin));
    let naive = Naive { terms: *terms, log: vec![Started(*origin)] };
    let mut player = Player { now: *origin, news_from: *origin, vigil, naive, seen: BTreeSet::new() };
    ops.iter().try_for_each(|op| player.play(op))?;
    Ok(player.seen)
}

/// Steps, answers and figures are those of the model after every operation.
#[test]
fn the_vigil_does_what_the_naive_model_does() {
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    });
    runner.run(&history(), |history| play(&history).map(drop)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Each, up to a semicolon, must be seen in some of the histories: else the comparison proves little.
const SIGHTS: &str = "recovers; asked while asleep; wait for less than a tick; wait while nobody is told; \
    Ping, late: true; Ping, late: false; Ping, late: false, unwatched; Timed(), late: true; Timed(), late: false; \
    Silent, late: true; Silent, late: false; Silent, late: false, unwatched; Rest, late: true; Rest, late: false; \
    Bad, late: true; Bad, late: false; Bad, late: false, unwatched; \
    tell own Silent, pinged: false, late: false; tell own Silent, pinged: true, late: false; \
    tell own Silent, pinged: false, late: true; tell own Silent, pinged: false, late: false again; \
    tell own Bad, pinged: true, late: false; tell own Bad, pinged: false, late: false; \
    tell other Silent, pinged: false, late: false; tell other Silent, pinged: true, late: false; \
    tell other Bad, pinged: true, late: false; tell other Silent, pinged: false, late: false again";

#[test]
fn histories_reach_every_sign_alarm_and_corner() {
    let mut runner = TestRunner::deterministic();
    let histories = (0..600).map(|_| history().new_tree(&mut runner).unwrap().current());
    let seen: Vec<_> = histories.flat_map(|history| play(&history).unwrap()).collect();
    let times = |sight: &str| seen.iter().filter(|seen| *seen == sight).count();
    let rare: Vec<_> = SIGHTS.split("; ").filter(|sight| times(sight) < 3).collect();
    assert!(rare.is_empty(), "in fewer than 3 of 600 histories: {rare:#?}");
}
