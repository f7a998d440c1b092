//! When to start a worker again, and when to give up: pure.

use std::collections::VecDeque;
use std::time::Duration;

use resil::Moment;
use resil::retry::{Backoff, Delays};

/// How patient to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Patience {
    /// The pauses before restarts.
    pub(crate) backoff: Backoff,
    /// How many restarts there may be within the window.
    pub(crate) limit: usize,
    pub(crate) window: Duration,
    /// How long a worker has to be well for its failures to be forgotten.
    pub(crate) healthy: Duration,
}

/// What to do about a worker that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Start it again after the pause; it is the n-th restart that counts.
    After { pause: Duration, number: usize },
    /// It would fail again.
    GiveUp,
}

/// The restarts of one worker.
#[derive(Debug)]
pub(crate) struct Restarts {
    patience: Patience,
    /// When those were that count, none of them older than the window.
    made: VecDeque<Moment>,
    /// The pauses that follow, since it was last healthy.
    pauses: Delays,
    /// When the present worker was first and last seen to be well.
    well: Option<(Moment, Moment)>,
}

impl Restarts {
    pub(crate) const fn new(patience: Patience) -> Self {
        Self { patience, made: VecDeque::new(), pauses: patience.backoff.delays(0), well: None }
    }

    /// The worker was seen to be well.
    pub(crate) fn was_well(&mut self, now: Moment) {
        let since = self.well.map_or(now, |(since, _)| since);
        self.well = Some((since, now));
    }

    /// The worker has failed. From here on another one is meant.
    pub(crate) fn failed(&mut self, now: Moment) -> Answer {
        let Patience { backoff, limit, window, healthy } = self.patience;
        // What it did after it was last seen to be well may have been anything.
        let was_well_for = self.well.take().map(|(since, until)| until.saturating_duration_since(since));
        if was_well_for.is_some_and(|span| span >= healthy) {
            self.made.clear();
            self.pauses = backoff.delays(0);
        }
        self.made.retain(|at| now.saturating_duration_since(*at) < window);
        if self.made.len() >= limit {
            return Answer::GiveUp;
        }
        let Some(pause) = self.pauses.next() else { return Answer::GiveUp };
        self.made.push_back(now);
        Answer::After { pause, number: self.made.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        backoff: Backoff::exponential(Duration::from_secs(1)).max(Duration::from_secs(10)),
        limit: 5,
        window: Duration::from_secs(100),
        healthy: Duration::from_secs(30),
    };

    fn at(seconds: u64) -> Moment {
        Moment::ZERO.saturating_add(Duration::from_secs(seconds))
    }

    fn after(pause: u64, number: usize) -> Answer {
        Answer::After { pause: Duration::from_secs(pause), number }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_then_it_gives_up() {
        let mut restarts = Restarts::new(PATIENCE);
        let answers: Vec<_> = (1..=6).map(|second| restarts.failed(at(second))).collect();
        assert_eq!(
            answers,
            [after(1, 1), after(2, 2), after(4, 3), after(8, 4), after(10, 5), Answer::GiveUp]
        );
    }

    #[test]
    fn restarts_that_are_older_than_the_window_do_not_count_and_pauses_stay_long() {
        let mut restarts = Restarts::new(PATIENCE);
        let answers: Vec<_> = (0..6).map(|n| restarts.failed(at(25 * n))).collect();
        assert_eq!(answers[4..], [after(10, 4), after(10, 4)], "never more than four within 100 s");
        assert_eq!(restarts.failed(at(126)), after(10, 5));
        assert_eq!(restarts.failed(at(149)), Answer::GiveUp);
        assert_eq!(restarts.failed(at(150)), after(10, 5), "the one at 50 s is out of the window");
    }

    #[test]
    fn a_healthy_time_resets_the_count_and_the_pause() {
        let mut restarts = Restarts::new(PATIENCE);
        (1..=5).for_each(|second| assert_ne!(restarts.failed(at(second)), Answer::GiveUp));
        restarts.was_well(at(6));
        restarts.was_well(at(20));
        restarts.was_well(at(36));
        assert_eq!(restarts.failed(at(37)), after(1, 1));
    }

    #[test]
    fn a_worker_is_not_healthy_while_nobody_sees_it() {
        let mut restarts = Restarts::new(PATIENCE);
        assert_eq!(restarts.failed(at(0)), after(1, 1));
        restarts.was_well(at(1));
        restarts.was_well(at(30));
        assert_eq!(restarts.failed(at(60)), after(2, 2), "29 s, though it failed after 60");
        restarts.was_well(at(61));
        assert_eq!(restarts.failed(at(95)), after(4, 3), "seen once");
        assert_eq!(restarts.failed(at(99)), after(8, 4), "never seen");
    }

    #[test]
    fn the_time_of_one_worker_does_not_count_for_the_next() {
        let mut restarts = Restarts::new(PATIENCE);
        restarts.was_well(at(0));
        assert_eq!(restarts.failed(at(20)), after(1, 1));
        restarts.was_well(at(40));
        assert_eq!(restarts.failed(at(41)), after(2, 2));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let backoff = Backoff::exponential(Duration::from_secs(1)).max(Duration::MAX);
        let patience = Patience { limit: 50, backoff, ..PATIENCE };
        let mut restarts = Restarts::new(patience);
        let last = (0..50).map(|_| restarts.failed(Moment::MAX)).last();
        assert_eq!(last, Some(Answer::After { pause: Duration::from_nanos(u64::MAX), number: 50 }));
        assert_eq!(restarts.failed(Moment::MAX), Answer::GiveUp);
        let mut never = Restarts::new(Patience { limit: 0, ..PATIENCE });
        assert_eq!(never.failed(at(0)), Answer::GiveUp);
    }
}
