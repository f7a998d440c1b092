//! The times that shrink with a short run, so that a trouble of one second still shows a trip and a recovery.

use std::time::Duration;

/// How long things may take in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long a caller waits for an answer.
    pub(crate) deadline: Duration,
    /// How long one attempt of a guarded call may take, so that there is time for another.
    pub(crate) attempt: Duration,
    /// What the breaker calls slow.
    pub(crate) slow: Duration,
    /// How long the breaker stays open the first time; each reopening waits longer, up to `longest_open`.
    pub(crate) first_open: Duration,
    pub(crate) longest_open: Duration,
    /// How long a call may wait for its turn at the limiter.
    pub(crate) patience: Duration,
    /// What those who try again wait before the first time.
    pub(crate) backoff: Duration,
}

/// A call that ended so much later than its caller waits has overrun; less may be the machine's doing.
pub(crate) const GRACE: Duration = Duration::from_millis(100);

impl Pace {
    /// A caller of a 30 s run waits for one second, one of a 6 s run for a fifth of that.
    pub(crate) fn of(length: Duration) -> Self {
        let deadline = (length / 30).clamp(Duration::from_millis(200), Duration::from_secs(1));
        Self {
            deadline,
            attempt: deadline / 2,
            slow: deadline * 3 / 10,
            first_open: deadline / 5,
            longest_open: deadline / 2,
            // With the answer, still not what the breaker calls slow.
            patience: deadline / 5,
            backoff: deadline / 20,
        }
    }

    /// How long it takes at most, once an upstream that fails at once is well, until the guarded side has noticed.
    pub(crate) fn recovery(&self) -> Duration {
        self.longest_open + self.attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_have_short_times_and_long_ones_do_not_drag() {
        let deadlines = [5, 6, 15, 30, 600].map(|s| Pace::of(Duration::from_secs(s)).deadline.as_millis());
        assert_eq!(deadlines, [200, 200, 500, 1000, 1000]);
    }
}
