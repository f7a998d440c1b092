//! When to tell that a target is dead: pure.

use std::time::Duration;

use resil_core::Moment;

/// Tells the death of a target once, and again only where that is asked for, until it lives again.
#[derive(Debug)]
pub(crate) struct Alarm {
    /// The first pause before it is told again, and the longest: each is twice the one before.
    repeat: Option<(Duration, Duration)>,
    dead: Option<Dead>,
}

#[derive(Clone, Copy, Debug)]
struct Dead {
    since: Moment,
    times: u64,
    next: Moment,
    pause: Duration,
}

/// What is to be told of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// It is dead, which is told for the n-th time, so long after it was first seen.
    Died { times: u64, since: Duration },
    /// It lives again, after so long.
    Revived { after: Duration },
}

impl Alarm {
    pub(crate) const fn new(repeat: Option<(Duration, Duration)>) -> Self {
        Self { repeat, dead: None }
    }

    /// Takes note of what the target is like now.
    pub(crate) fn hear(&mut self, now: Moment, is_dead: bool) -> Option<Edge> {
        let Some(dead) = &mut self.dead else {
            let (pause, _) = self.repeat.unwrap_or((Duration::MAX, Duration::MAX));
            self.dead =
                is_dead.then(|| Dead { since: now, times: 1, next: now.saturating_add(pause), pause });
            return is_dead.then_some(Edge::Died { times: 1, since: Duration::ZERO });
        };
        let since = now.saturating_duration_since(dead.since);
        if !is_dead {
            self.dead = None;
            return Some(Edge::Revived { after: since });
        }
        let (_, longest) = self.repeat.filter(|_| now >= dead.next)?;
        dead.times += 1;
        dead.pause = dead.pause.saturating_mul(2).min(longest);
        dead.next = now.saturating_add(dead.pause);
        Some(Edge::Died { times: dead.times, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Moment {
        Moment::ZERO.saturating_add(Duration::from_secs(seconds))
    }

    fn died(times: u64, since: u64) -> Edge {
        Edge::Died { times, since: Duration::from_secs(since) }
    }

    /// H7: edge-triggered, and armed again by a life.
    #[test]
    fn a_death_is_told_once_and_again_after_a_life() {
        let mut alarm = Alarm::new(None);
        assert_eq!(alarm.hear(at(0), false), None);
        assert_eq!(alarm.hear(at(10), true), Some(died(1, 0)));
        for seconds in 11..1_000 {
            assert_eq!(alarm.hear(at(seconds), true), None);
        }
        assert_eq!(alarm.hear(at(1_000), false), Some(Edge::Revived { after: Duration::from_secs(990) }));
        assert_eq!(alarm.hear(at(1_001), false), None);
        assert_eq!(alarm.hear(at(1_002), true), Some(died(1, 0)));
        assert_eq!(alarm.hear(Moment::MAX, true), None, "not even at the end of time");
    }

    /// H7: the optional repeat, with its backoff.
    #[test]
    fn it_is_told_again_in_pauses_that_double_up_to_the_longest() {
        let mut alarm = Alarm::new(Some((10 * SECOND, 35 * SECOND)));
        let told: Vec<_> = (0..=150).filter(|seconds| alarm.hear(at(*seconds), true).is_some()).collect();
        assert_eq!(told, [0, 10, 30, 65, 100, 135]);
        assert_eq!(alarm.hear(at(170), true), Some(died(7, 170)));
        assert_eq!(alarm.hear(at(171), false), Some(Edge::Revived { after: 171 * SECOND }));
        assert_eq!(alarm.hear(at(172), true), Some(died(1, 0)));
        assert_eq!(alarm.hear(at(181), true), None);
        assert_eq!(alarm.hear(at(182), true), Some(died(2, 10)), "the pauses begin anew");
    }

    #[test]
    fn a_pause_counts_from_when_it_was_told() {
        let mut alarm = Alarm::new(Some((10 * SECOND, 10 * SECOND)));
        assert_eq!(alarm.hear(at(0), true), Some(died(1, 0)));
        assert_eq!(alarm.hear(at(19), true), Some(died(2, 19)), "nobody asked before");
        assert_eq!(alarm.hear(at(28), true), None);
        assert_eq!(alarm.hear(at(29), true), Some(died(3, 29)));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let century = Duration::from_secs(100 * 365 * 24 * 3_600);
        let mut alarm = Alarm::new(Some((century, Duration::MAX)));
        assert_eq!(alarm.hear(Moment::ZERO, true), Some(died(1, 0)));
        for times in 2..6 {
            assert!(
                matches!(alarm.hear(Moment::MAX, true), Some(Edge::Died { times: told, .. }) if told == times)
            );
        }
    }
}
