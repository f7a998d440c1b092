//! What most callers write: the request again, a few times, whatever went wrong. No budget, no breaker, no limiter.

use resil::Error;
use resil::pipeline::Retry;
use resil::pipeline::retry::{Backoff, Config, Stats};
use tokio::time::timeout;

use crate::client::Trouble;
use crate::ledger::Outcome;
use crate::pace::Pace;

/// How many attempts a call makes.
pub(crate) const ATTEMPTS: u32 = 4;

/// Retries without a budget.
pub(crate) struct Naive {
    retry: Retry,
    pace: Pace,
}

impl Naive {
    pub(crate) fn new(pace: &Pace) -> Result<Self, Box<dyn std::error::Error>> {
        let config = Config::new().max_attempts(ATTEMPTS).backoff(Backoff::fixed(pace.backoff));
        Ok(Self { retry: Retry::try_new("naive", config)?, pace: *pace })
    }

    /// Sends the requests of a call, each of which may take as long as its caller waits.
    pub(crate) async fn call<F>(&self, request: impl Fn() -> F) -> Outcome
    where
        F: Future<Output = Result<(), Trouble>>,
    {
        let attempt =
            || async { timeout(self.pace.deadline, request()).await.unwrap_or(Err(Trouble::TimedOut)) };
        match self.retry.call_async(attempt).await {
            Ok(()) => Outcome::Ok,
            Err(Error::Inner(trouble)) => Outcome::from(trouble),
            // Nothing else refuses it or cuts it off.
            Err(_) => Outcome::TimedOut,
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.retry.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::time::Duration;

    #[test]
    fn a_naive_caller_asks_until_it_is_answered_or_tired() -> Result<(), Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let naive = Naive::new(&Pace::of(Duration::from_secs(6)))?;
        let after = |failures| {
            let requests = Cell::new(0);
            let request = || {
                requests.set(requests.get() + 1);
                let answer = if requests.get() > failures { Ok(()) } else { Err(Trouble::OverContract) };
                async move { answer }
            };
            (runtime.block_on(naive.call(request)), requests.get())
        };
        assert_eq!(after(0), (Outcome::Ok, 1));
        assert_eq!(after(3), (Outcome::Ok, 4));
        assert_eq!(after(4), (Outcome::OverContract, 4));
        Ok(())
    }
}
