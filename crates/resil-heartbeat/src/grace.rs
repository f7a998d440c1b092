//! The patience with a file after the system was asleep: pure.

use std::time::Duration;

use crate::Liveness;

/// The clocks that show a suspend, read at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// The time since the boot, suspends included.
    pub(crate) since_boot: Duration,
    /// How much of it the system was asleep. The clocks are read one after the other, so it is known from both sides only.
    pub(crate) asleep_at_least: Duration,
    pub(crate) asleep_at_most: Duration,
}

/// What a reader remembers from one look to the next.
#[derive(Debug, Default)]
pub(crate) struct Grace {
    /// How long the system had been asleep by the last look, at most.
    asleep: Option<Duration>,
    /// Until when a stale file is not called that, as the time since the boot.
    until: Option<Duration>,
    /// Whether it was called stale at the last look.
    was_stale: bool,
}

impl Grace {
    /// What to call a file that was `found` to be like that, and is written every `interval`.
    ///
    /// Whoever wakes up first may find the file of one who has not yet had the time to beat. So after a suspend, a file that was not
    /// stale before has one interval more.
    pub(crate) fn weigh(&mut self, found: Liveness, interval: Duration, clocks: Option<Clocks>) -> Liveness {
        let is_over = match clocks {
            Some(clocks) => self.is_over(clocks, interval),
            None => true,
        };
        if let Liveness::Stale { age, .. } = found
            && !is_over
        {
            return Liveness::Alive { age };
        }
        self.was_stale = matches!(found, Liveness::Stale { .. });
        found
    }

    fn is_over(&mut self, clocks: Clocks, interval: Duration) -> bool {
        let has_slept = self.asleep.is_some_and(|before| clocks.asleep_at_least > before);
        self.asleep = Some(clocks.asleep_at_most);
        if has_slept && !self.was_stale {
            self.until = Some(clocks.since_boot.saturating_add(interval));
        }
        self.until.is_none_or(|until| clocks.since_boot >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const INTERVAL: Duration = Duration::from_secs(10);

    /// That many seconds after the boot, of which it was asleep for so many.
    fn clocks(since_boot: u32, asleep: u32) -> Clocks {
        let (since_boot, asleep) = (SECOND * since_boot, SECOND * asleep);
        let noise = Duration::from_micros(3);
        let (asleep_at_least, asleep_at_most) = (asleep.saturating_sub(noise), asleep + noise);
        Clocks { since_boot, asleep_at_least, asleep_at_most }
    }

    fn stale() -> Liveness {
        Liveness::Stale { age: 100 * SECOND, max_age: 30 * SECOND }
    }

    const ALIVE: Liveness = Liveness::Alive { age: SECOND };
    /// Stale, but for the grace.
    const OLD: Liveness = Liveness::Alive { age: Duration::from_secs(100) };

    /// H6: after a jump that shows a suspend, one interval of grace, and not a nanosecond more.
    #[test]
    fn a_file_has_one_interval_more_after_a_suspend() {
        let mut grace = Grace::default();
        assert_eq!(grace.weigh(ALIVE, INTERVAL, Some(clocks(1_000, 0))), ALIVE);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(5_000, 3_990))), OLD);
        let mut last = clocks(5_010, 3_990);
        last.since_boot -= Duration::from_nanos(1);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(last)), OLD);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(5_010, 3_990))), stale());
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(5_011, 3_990))), stale());
    }

    #[test]
    fn time_awake_gives_no_grace() {
        let mut grace = Grace::default();
        assert_eq!(grace.weigh(ALIVE, INTERVAL, Some(clocks(1_000, 500))), ALIVE);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(9_000, 500))), stale());
    }

    #[test]
    fn clocks_that_were_read_at_once_show_no_suspend_either() {
        let mut grace = Grace::default();
        let at_once = |since_boot: u32| Clocks {
            asleep_at_most: 500 * SECOND,
            asleep_at_least: 500 * SECOND,
            ..clocks(since_boot, 500)
        };
        assert_eq!(grace.weigh(ALIVE, INTERVAL, Some(at_once(1_000))), ALIVE);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(at_once(9_000))), stale());
    }

    #[test]
    fn what_was_stale_before_the_suspend_is_stale_after_it() {
        let mut grace = Grace::default();
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(1_000, 0))), stale());
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(5_000, 3_000))), stale());
    }

    #[test]
    fn each_suspend_gives_its_grace_and_a_beat_ends_none() {
        let mut grace = Grace::default();
        assert_eq!(grace.weigh(ALIVE, INTERVAL, Some(clocks(1_000, 0))), ALIVE);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(2_000, 900))), OLD);
        assert_eq!(grace.weigh(ALIVE, INTERVAL, Some(clocks(2_005, 900))), ALIVE);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(2_009, 900))), OLD);
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(3_000, 1_800))), OLD, "asleep once more");
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(3_010, 1_800))), stale());
    }

    #[test]
    fn the_first_look_and_one_without_clocks_have_nothing_to_compare() {
        let mut grace = Grace::default();
        assert_eq!(grace.weigh(stale(), INTERVAL, Some(clocks(5_000, 4_000))), stale());
        let mut grace = Grace::default();
        assert_eq!(grace.weigh(ALIVE, INTERVAL, Some(clocks(1_000, 0))), ALIVE);
        assert_eq!(grace.weigh(stale(), INTERVAL, None), stale());
    }

    #[test]
    fn other_verdicts_stay_what_they_are() {
        let mut grace = Grace::default();
        assert_eq!(grace.weigh(ALIVE, INTERVAL, Some(clocks(1_000, 0))), ALIVE);
        let others = [
            Liveness::Missing,
            Liveness::Stopped { age: SECOND },
            Liveness::Stalled { age: SECOND, workers: Vec::new() },
            Liveness::Dead { age: SECOND, pid: 1 },
            Liveness::Corrupt { why: "x".into() },
            Liveness::FromFuture { ahead: INTERVAL },
        ];
        for found in others {
            assert_eq!(grace.weigh(found.clone(), INTERVAL, Some(clocks(2_000, 900))), found);
        }
    }
}
