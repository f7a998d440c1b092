use std::future::Future;
use std::time::Duration;

use crate::{Clock, Moment, MonotonicClock};

/// Something that can wait until a [`Moment`]: any runtime's sleep.
///
/// `TokioTimer` (feature `tokio`), [`ManualClock`](crate::ManualClock), and any closure that takes the time to wait, as a
/// [`Duration`] counted from now on [`MonotonicClock`]:
///
/// ```
/// use resil_core::{Clock, MonotonicClock, Timer};
/// use std::time::Duration;
///
/// fn needs(timer: impl Timer) {
///     drop(timer.sleep_until(MonotonicClock.now()));
/// }
/// # async fn other_runtimes_sleep(_: Duration) {}
/// needs(|wait: Duration| other_runtimes_sleep(wait));
/// ```
pub trait Timer {
    /// The future of one wait. Dropping it must stop the wait.
    type Sleep: Future<Output = ()>;

    /// A future that is ready when the timer's clock has reached `at`, at once if it has already.
    fn sleep_until(&self, at: Moment) -> Self::Sleep;

    /// The same, for who has just read the timer's clock at `now`, which a timer may take for the present.
    fn sleep_from(&self, now: Moment, at: Moment) -> Self::Sleep {
        let _ = now;
        self.sleep_until(at)
    }
}

impl<F, S> Timer for F
where
    F: Fn(Duration) -> S,
    S: Future<Output = ()>,
{
    type Sleep = S;

    fn sleep_until(&self, at: Moment) -> S {
        self.sleep_from(MonotonicClock.now(), at)
    }

    fn sleep_from(&self, now: Moment, at: Moment) -> S {
        self(at.saturating_duration_since(now))
    }
}
