//! The times that shrink with a short run, so that a trouble of one second still shows a trip and a recovery.

use std::time::Duration;

/// How long things may take in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long a caller waits for an answer.
    pub(crate) timeout: Duration,
    /// What the breaker calls slow.
    pub(crate) slow: Duration,
    /// How long the breaker stays open the first time; each reopening waits longer, up to `longest_open`.
    pub(crate) first_open: Duration,
    pub(crate) longest_open: Duration,
    /// How long a call may wait for its turn at the limiter.
    pub(crate) patience: Duration,
}

impl Pace {
    /// A caller of a 30 s run waits for one second, one of a 6 s run for a fifth of that.
    pub(crate) fn of(length: Duration) -> Self {
        let timeout = (length / 30).clamp(Duration::from_millis(200), Duration::from_secs(1));
        Self {
            timeout,
            slow: timeout * 3 / 10,
            first_open: timeout / 5,
            longest_open: timeout / 2,
            // With the answer, still not what the breaker calls slow.
            patience: timeout / 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_have_short_times_and_long_ones_do_not_drag() {
        let timeouts = [5, 6, 15, 30, 600].map(|s| Pace::of(Duration::from_secs(s)).timeout.as_millis());
        assert_eq!(timeouts, [200, 200, 500, 1000, 1000]);
    }
}
