//! T3: the order of the questions after a failed attempt, against a model that was written on its own.

use proptest::prelude::*;

use super::*;
use crate::{Backoff, Jitter};

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Moment {
    Moment::ZERO.saturating_add(Duration::from_secs(seconds))
}

fn around(now: u64, started: Option<u64>, deadline: Option<u64>) -> Surroundings {
    Surroundings { now: at(now), started: started.map(at), deadline: deadline.map(at), thrown: 0 }
}

const CONFIG: Config = Config::new().max_attempts(3).backoff(Backoff::fixed(Duration::from_secs(5)));
const AGAIN: Ruling = Ruling::Again(None);

fn after_first_failure(config: Config, ruling: Ruling, around: Surroundings) -> Answer {
    Attempts::first().after_failure(&config, ruling, || around)
}

#[test]
fn a_ruling_to_stop_comes_before_all_else_and_reads_nothing() {
    for reason in StopReason::ALL {
        let answer =
            Attempts::first().after_failure(&CONFIG.max_attempts(1), Ruling::Stop(reason), || unreachable!());
        assert_eq!(answer, Answer::Stop(reason));
    }
    let answer = Attempts::first().after_failure(&CONFIG.max_attempts(1), AGAIN, || unreachable!());
    assert_eq!(answer, Answer::Stop(StopReason::AttemptsExhausted));
}

#[test]
fn there_are_as_many_attempts_as_configured() {
    let mut attempts = Attempts::first();
    for made in 1..3 {
        assert_eq!(attempts.made(), made);
        assert_eq!(
            attempts.after_failure(&CONFIG, AGAIN, || around(0, None, None)),
            Answer::Wait(5 * SECOND)
        );
        assert_eq!(attempts.after_wait(&CONFIG, &around(5, None, None)), Ok(()));
    }
    assert_eq!(
        attempts.after_failure(&CONFIG, AGAIN, || around(0, None, None)),
        Answer::Stop(StopReason::AttemptsExhausted)
    );
}

#[test]
fn an_attempt_has_to_begin_before_the_end() {
    let elapsed = CONFIG.max_elapsed(8 * SECOND);
    let rows = [
        (CONFIG, around(0, None, Some(6)), Answer::Wait(5 * SECOND)),
        (CONFIG, around(0, None, Some(5)), Answer::Stop(StopReason::DeadlineExceeded)),
        (CONFIG, around(9, None, Some(3)), Answer::Stop(StopReason::DeadlineExceeded)),
        (elapsed, around(2, Some(0), None), Answer::Wait(5 * SECOND)),
        (elapsed, around(3, Some(0), None), Answer::Stop(StopReason::MaxElapsed)),
        // Of two ends, the first is the reason.
        (elapsed, around(4, Some(0), Some(9)), Answer::Stop(StopReason::MaxElapsed)),
        (elapsed, around(4, Some(0), Some(7)), Answer::Stop(StopReason::DeadlineExceeded)),
        (elapsed, around(4, Some(0), Some(8)), Answer::Stop(StopReason::DeadlineExceeded)),
    ];
    for (config, around, answer) in rows {
        assert_eq!(after_first_failure(config, AGAIN, around), answer, "{around:?}");
    }
}

/// T4
#[test]
fn a_hint_is_a_floor_of_the_delay_also_above_the_longest() {
    let hint = |seconds| Ruling::Again(Some(Duration::from_secs(seconds)));
    let config = CONFIG.backoff(Backoff::exponential(2 * SECOND).max(3 * SECOND));
    let rows = [
        (hint(1), around(0, None, None), Answer::Wait(2 * SECOND)),
        (hint(2), around(0, None, None), Answer::Wait(2 * SECOND)),
        (hint(60), around(0, None, None), Answer::Wait(60 * SECOND)),
        (hint(60), around(0, None, Some(60)), Answer::Stop(StopReason::DeadlineExceeded)),
        (hint(60), around(0, None, Some(61)), Answer::Wait(60 * SECOND)),
        (
            Ruling::Again(Some(Duration::MAX)),
            around(0, None, Some(61)),
            Answer::Stop(StopReason::DeadlineExceeded),
        ),
    ];
    for (ruling, around, answer) in rows {
        assert_eq!(after_first_failure(config, ruling, around), answer);
    }
}

#[test]
fn a_wait_that_took_too_long_is_followed_by_no_attempt() {
    let mut attempts = Attempts::first();
    assert_eq!(attempts.after_failure(&CONFIG, AGAIN, || around(0, None, Some(6))), Answer::Wait(5 * SECOND));
    assert_eq!(attempts.after_wait(&CONFIG, &around(6, None, Some(6))), Err(StopReason::DeadlineExceeded));
    assert_eq!(attempts.made(), 1);
}

/// A call as a story: what each attempt takes and gives, how long each wait oversleeps.
#[derive(Clone, Debug)]
struct Story {
    max_attempts: u32,
    base: u64,
    max: u64,
    jitter: Jitter,
    max_elapsed: Option<u64>,
    deadline: Option<u64>,
    chapters: Vec<(u64, Ruling, u64, u64)>,
}

fn story() -> impl Strategy<Value = Story> {
    let ruling = prop_oneof![
        8 => Just(Ruling::Again(None)),
        2 => (0_u64..3_000).prop_map(|nanos| Ruling::Again(Some(Duration::from_nanos(nanos)))),
        1 => Just(Ruling::Stop(StopReason::NotRetryable)),
        1 => Just(Ruling::Stop(StopReason::CircuitOpen)),
        1 => Just(Ruling::Done),
    ];
    let oversleep = prop_oneof![3 => Just(0_u64), 1 => 0_u64..500];
    let chapter = (0_u64..500, ruling, oversleep, any::<u64>());
    let jitter =
        prop_oneof![Just(Jitter::None), Just(Jitter::Full), Just(Jitter::Equal), Just(Jitter::Fraction(0.5))];
    let limit = || proptest::option::of(1_u64..6_000);
    (1_u32..8, 0_u64..800, 800_u64..2_000, jitter, limit(), limit(), proptest::collection::vec(chapter, 8))
        .prop_map(|(max_attempts, base, max, jitter, max_elapsed, deadline, chapters)| Story {
            max_attempts,
            base,
            max,
            jitter,
            max_elapsed,
            deadline,
            chapters,
        })
}

/// How a story ends: how many attempts were made, why there were no more, when, and each wait.
#[derive(Debug, PartialEq, Eq)]
struct End {
    attempts: u32,
    reason: Option<StopReason>,
    at: u64,
    waits: Vec<u64>,
}

fn played(story: &Story) -> End {
    let nanos = Duration::from_nanos;
    let backoff = Backoff::exponential(nanos(story.base)).max(nanos(story.max)).jitter(story.jitter);
    let config = Config { max_elapsed: story.max_elapsed.map(nanos), ..CONFIG };
    let config = config.backoff(backoff).max_attempts(story.max_attempts);
    let (mut attempts, mut now, mut waits) = (Attempts::first(), 0, Vec::new());
    let end = |attempts: Attempts, reason, at, waits| End { attempts: attempts.made(), reason, at, waits };
    for (takes, ruling, oversleep, thrown) in &story.chapters {
        now += takes;
        if *ruling == Ruling::Done {
            return end(attempts, None, now, waits);
        }
        let around = |now| Surroundings {
            now: Moment::from_nanos(now),
            started: story.max_elapsed.map(|_| Moment::ZERO),
            deadline: story.deadline.map(Moment::from_nanos),
            thrown: *thrown,
        };
        let delay = match attempts.after_failure(&config, *ruling, || around(now)) {
            Answer::Stop(reason) => return end(attempts, Some(reason), now, waits),
            Answer::Wait(delay) => u64::try_from(delay.as_nanos()).unwrap(),
        };
        waits.push(delay);
        now += delay + oversleep;
        if let Err(reason) = attempts.after_wait(&config, &around(now)) {
            return end(attempts, Some(reason), now, waits);
        }
    }
    unreachable!("more chapters than attempts")
}

/// The same from the rules alone: T3 as a list of questions, in whole numbers.
fn told(story: &Story) -> End {
    let (mut now, mut waits) = (0_u64, Vec::new());
    for (index, (takes, ruling, oversleep, thrown)) in story.chapters.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap();
        now += takes;
        let stop = |reason, waits| End { attempts: number, reason: Some(reason), at: now, waits };
        let floor = match ruling {
            Ruling::Done => return End { attempts: number, reason: None, at: now, waits },
            Ruling::Stop(reason) => return stop(*reason, waits),
            Ruling::Again(hint) => u64::try_from(hint.unwrap_or_default().as_nanos()).unwrap(),
        };
        if number == story.max_attempts {
            return stop(StopReason::AttemptsExhausted, waits);
        }
        let grown = story.base << index;
        let whole = grown.min(story.max);
        // `n` numbers from `low` on, of which the throw picks one.
        let pick =
            |low: u64, n: u64| low + u64::try_from((u128::from(*thrown) * u128::from(n)) >> 64).unwrap();
        let jittered = match story.jitter {
            Jitter::None => whole,
            Jitter::Full => pick(0, whole + 1),
            Jitter::Equal => pick(whole.div_ceil(2), whole / 2 + 1),
            Jitter::Fraction(_) => {
                let least = whole.div_ceil(2);
                let most = if grown >= story.max { story.max } else { (whole + whole / 2).min(story.max) };
                pick(least, most - least + 1)
            }
        };
        let delay = jittered.max(floor);
        let too_late = |instant: u64| {
            let by_deadline = story.deadline.is_some_and(|end| instant >= end);
            let by_elapsed = story.max_elapsed.is_some_and(|end| instant >= end);
            match (by_deadline, by_elapsed) {
                (false, false) => None,
                (false, true) => Some(StopReason::MaxElapsed),
                (true, true) if story.max_elapsed < story.deadline => Some(StopReason::MaxElapsed),
                (true, _) => Some(StopReason::DeadlineExceeded),
            }
        };
        if let Some(reason) = too_late(now + delay) {
            return stop(reason, waits);
        }
        waits.push(delay);
        now += delay + oversleep;
        if let Some(reason) = too_late(now) {
            return End { attempts: number, reason: Some(reason), at: now, waits };
        }
    }
    unreachable!("more chapters than attempts")
}

proptest! {
    #[test]
    fn the_machine_agrees_with_the_rules(story in story()) {
        prop_assert_eq!(played(&story), told(&story));
    }
}
