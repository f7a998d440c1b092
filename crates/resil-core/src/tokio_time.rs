use std::time::Duration;

use crate::{Clock, Moment, Timer};

/// A clock that follows tokio's time, also when a test has paused it. Its wall clock is the system's, which tokio cannot pause.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
/// # runtime.block_on(async {
/// use resil_core::{Clock, TokioClock};
/// use std::time::Duration;
///
/// let before = TokioClock.now();
/// tokio::time::advance(Duration::from_secs(60)).await; // paused time
/// assert_eq!(TokioClock.now().saturating_duration_since(before), Duration::from_secs(60));
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> Moment {
        use std::sync::OnceLock;
        use std::time::Instant;

        /// The first reading in the process, by the real clock: a paused one may have been moved far ahead of what others will show.
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        /// How long before that a clock may have been paused and still be told apart from one that stands still.
        const BEFORE: Duration = Duration::from_secs(86_400);

        let now = tokio::time::Instant::now().into_std();
        #[expect(clippy::disallowed_methods, reason = "the origin is taken once; all readings are tokio's")]
        let origin = *ORIGIN.get_or_init(Instant::now);
        let ahead = now.saturating_duration_since(origin);
        let behind = origin.saturating_duration_since(now);
        Moment::ZERO.saturating_add(BEFORE).saturating_add(ahead).saturating_sub(behind)
    }

    #[inline]
    fn reader(&self) -> Option<fn() -> Moment> {
        Some(|| Self.now())
    }
}

/// tokio's timer for moments of the clock `C`, by default [`TokioClock`].
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
/// # runtime.block_on(async {
/// use resil_core::{Clock, Timer, TokioClock, TokioTimer};
/// use std::time::Duration;
///
/// let at = TokioClock.now().saturating_add(Duration::from_secs(60));
/// TokioTimer::new().sleep_until(at).await;
/// assert!(TokioClock.now() >= at);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer<C = TokioClock>(C);

impl TokioTimer {
    /// The timer for moments of [`TokioClock`].
    pub const fn new() -> Self {
        Self(TokioClock)
    }
}

impl<C: Clock> TokioTimer<C> {
    /// The timer for moments of `clock`.
    pub const fn on(clock: C) -> Self {
        Self(clock)
    }
}

impl<C: Clock> Timer for TokioTimer<C> {
    type Sleep = tokio::time::Sleep;

    /// # Panics
    /// Outside a tokio runtime that has its timer enabled.
    fn sleep_until(&self, at: Moment) -> tokio::time::Sleep {
        self.sleep_from(self.0.now(), at)
    }

    /// # Panics
    /// As [`sleep_until`](Timer::sleep_until).
    #[inline]
    fn sleep_from(&self, now: Moment, at: Moment) -> tokio::time::Sleep {
        tokio::time::sleep(at.saturating_duration_since(now))
    }
}
