//! What most callers write: the request again, a few times, whatever went wrong. No budget, no breaker, no limiter.

use std::sync::Arc;

use resil::config::UnknownName;
use resil::pipeline::retry::Stats;
use resil::{Error, Resilience, Retry, Timeout};
use tokio::time::timeout;

use crate::client::Trouble;
use crate::ledger::Outcome;

/// How many attempts a call makes; the file says the same.
pub(crate) const ATTEMPTS: u32 = 4;

/// Retries without a budget.
pub(crate) struct Naive {
    retry: Arc<Retry>,
    /// How long its caller waits.
    patience: Arc<Timeout>,
}

impl Naive {
    pub(crate) fn new(resilience: &Resilience) -> Result<Self, UnknownName> {
        Ok(Self { retry: resilience.retry("naive")?, patience: resilience.timeout("caller")? })
    }

    /// Sends the requests of a call, each of which may take as long as its caller waits.
    pub(crate) async fn call<F>(&self, request: impl Fn() -> F) -> Outcome
    where
        F: Future<Output = Result<(), Trouble>>,
    {
        let patience = self.patience.config().timeout;
        let attempt = || async { timeout(patience, request()).await.unwrap_or(Err(Trouble::TimedOut)) };
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
    use crate::cli::Settings;
    use crate::outfit::Outfit;
    use std::cell::Cell;
    use std::time::Duration;

    #[test]
    fn a_naive_caller_asks_until_it_is_answered_or_tired() -> Result<(), Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let short = Settings { length: Duration::from_secs(6), ..Settings::default() };
        let naive = Naive::new(&Outfit::load(&short)?.resilience)?;
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
