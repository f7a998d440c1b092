use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resil_core::{Clock, Moment, Subscription, contain};
use tokio::runtime::Handle;

use crate::house::House;
use crate::shared::Shared;
use crate::source::Source;
use crate::ward::Sign;
use crate::{Cause, Watchdog};

impl<C: Clock + Clone + 'static> Watchdog<C> {
    /// Watches the workers of a tokio runtime, until the subscription is dropped or the runtime has ended: one that is blocked is told of,
    /// by its index and for how long, also one of many. One that is parked is not.
    ///
    /// It looks at the runtime's metrics from outside, so it costs the runtime nothing. A worker is blocked if it does not come back to its
    /// scheduler for the timeout: in one poll that lasts so long, or in a row of up to 61 polls (tokio's `event_interval`) that
    /// last so long together.
    ///
    /// Of a runtime with several threads, the future that `block_on` runs is on none of its workers: wrap it in
    /// [`watch`](Self::watch), or spawn it. A runtime of the current thread has worker 0, which is taken for blocked while nobody drives it.
    ///
    /// With [`dump_threads`](crate::Builder::dump_threads) the alarm says what every thread is doing. Which of them is the worker tokio does not tell.
    ///
    /// ```
    /// use resil_watchdog::Watchdog;
    /// use std::time::Duration;
    ///
    /// let runtime = tokio::runtime::Runtime::new()?;
    /// let dog = Watchdog::new(Duration::from_secs(30)).dump_threads().start()?;
    /// dog.watch_tokio(runtime.handle()).forget(); // for as long as the runtime lives
    /// assert!(dog.watched()[0].who.as_deref().unwrap().starts_with("tokio worker 0 of "));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn watch_tokio(&self, runtime: &Handle) -> Subscription {
        let shared = self.shared();
        let ids: Vec<_> =
            Worker::all(runtime).map(|worker| shared.enlist(Source::of_worker(worker))).collect();
        let house: Arc<Shared<C>> = Arc::clone(shared);
        Subscription::new(move || ids.into_iter().for_each(|id| house.dismiss(id)))
    }
}

/// A worker of a tokio runtime, as its metrics show it from outside.
///
/// Its count of parks and unparks is odd while it is parked, so at rest. Where it is even, the worker is at work, and each time that it
/// comes back to its scheduler the time that it was busy grows: it is blocked if neither moves.
#[derive(Debug)]
pub(crate) struct Worker {
    runtime: Handle,
    index: usize,
    of: usize,
    seen: Figures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Figures {
    parks: u64,
    busy: Duration,
}

impl Worker {
    /// All workers of that runtime.
    pub(crate) fn all(runtime: &Handle) -> impl Iterator<Item = Self> {
        let of = runtime.metrics().num_workers();
        (0..of).map(move |index| Self {
            runtime: runtime.clone(),
            index,
            of,
            seen: Figures::of(runtime, index),
        })
    }

    pub(crate) fn look(&mut self, now: Moment) -> Sign {
        let sign = self.peek(now);
        self.seen = Figures::of(&self.runtime, self.index);
        sign
    }

    pub(crate) fn peek(&self, now: Moment) -> Sign {
        Figures::of(&self.runtime, self.index).sign(self.seen, now)
    }

    /// Whether its runtime has been shut down, which leaves its figures where they were: a task that is spawned there is cancelled at
    /// once. In a runtime that is blocked it waits.
    pub(crate) fn is_gone(&self) -> bool {
        let is_cancelled = || {
            let probe = pin!(self.runtime.spawn(async {}));
            let answer = probe.poll(&mut Context::from_waker(Waker::noop()));
            matches!(answer, Poll::Ready(Err(error)) if error.is_cancelled())
        };
        contain(is_cancelled).unwrap_or(false)
    }

    pub(crate) fn cause(&self) -> Cause {
        Cause::Worker { index: self.index, of: self.of }
    }
}

impl Figures {
    fn of(runtime: &Handle, index: usize) -> Self {
        let metrics = runtime.metrics();
        Self {
            parks: metrics.worker_park_unpark_count(index),
            busy: metrics.worker_total_busy_duration(index),
        }
    }

    fn sign(self, before: Self, now: Moment) -> Sign {
        if self.parks % 2 == 1 || self != before { Sign::Ping(now) } else { Sign::Silent }
    }
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tokio worker {} of {}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(before: (u64, u64), after: (u64, u64)) -> Sign {
        let figures = |(parks, busy)| Figures { parks, busy: Duration::from_nanos(busy) };
        figures(after).sign(figures(before), Moment::ZERO)
    }

    /// W6
    #[test]
    fn a_worker_is_silent_only_while_it_is_unparked_and_neither_figure_moves() {
        let ping = Sign::Ping(Moment::ZERO);
        assert_eq!(sign((4, 7), (4, 7)), Sign::Silent);
        assert_eq!(sign((4, 7), (4, 8)), ping, "it came back to its scheduler");
        assert_eq!(sign((4, 7), (6, 7)), ping, "it was parked in between");
        assert_eq!(sign((5, 7), (5, 7)), ping, "it is parked");
    }
}
