use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::{Clock, Error, Moment, MonotonicClock};

/// The last good answer of a call, for when there is no better one.
///
/// ```
/// use resil_pipeline::{Error, LastGood, Pipeline};
/// use std::time::Duration;
///
/// let rates = Pipeline::new("rates");
/// let last_good = LastGood::new(Duration::from_secs(3_600));
///
/// let live = last_good.or_last_good(rates.call(|| Ok::<_, &str>(42)));
/// let stale = last_good.or_last_good(rates.call(|| Err("down")));
/// assert_eq!((live, stale), (Ok(42), Ok(42)));
/// assert_eq!(last_good.stats().stale, 1);
/// ```
///
/// Futures have it as [`or_last_good`](crate::PipelineCall::or_last_good). What fails with an error of the caller's own making should not
/// be answered from here: do not let such calls come this way.
pub struct LastGood<V, C = MonotonicClock> {
    max_age: Duration,
    kept: Mutex<Kept<V>>,
    clock: C,
}

struct Kept<V> {
    /// Counted, so that a copy, which is the caller's code, is made after the lock is released.
    answer: Option<(Arc<V>, Moment)>,
    stale: u64,
    too_old: u64,
}

/// The statistics of a [`LastGood`]: a copy.
///
/// ```
/// use resil_pipeline::LastGood;
/// use std::time::Duration;
/// assert_eq!(LastGood::<u32>::new(Duration::MAX).stats().age, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LastGoodStats {
    /// How old the answer is that is kept.
    pub age: Option<Duration>,
    /// Calls that were answered from here.
    pub stale: u64,
    /// Calls that were not, because there was no answer, or one that was too old.
    pub too_old: u64,
}

impl<V: Clone> LastGood<V> {
    /// Nothing yet; an answer serves until it is older than `max_age`.
    pub const fn new(max_age: Duration) -> Self {
        Self::with_clock(max_age, MonotonicClock)
    }
}

impl<V: Clone, C: Clock> LastGood<V, C> {
    /// Nothing yet, on a clock of your own.
    pub const fn with_clock(max_age: Duration, clock: C) -> Self {
        Self { max_age, kept: Mutex::new(Kept { answer: None, stale: 0, too_old: 0 }), clock }
    }

    /// Keeps a copy of a good answer; answers an error by the last one, if that is not too old.
    ///
    /// # Errors
    /// The error, if there is no good answer that is not too old.
    pub fn or_last_good<E>(&self, result: Result<V, Error<E>>) -> Result<V, Error<E>> {
        let now = self.clock.now();
        match result {
            Ok(value) => {
                let copy = Arc::new(value.clone());
                let before = self.lock().answer.replace((copy, now));
                drop(before);
                Ok(value)
            }
            Err(error) => match self.answer_at(now) {
                Some(answer) => Ok(V::clone(&answer)),
                None => Err(error),
            },
        }
    }

    /// The answer for a call that failed, if there is one that is not too old.
    fn answer_at(&self, now: Moment) -> Option<Arc<V>> {
        let mut kept = self.lock();
        let answer = kept
            .answer
            .as_ref()
            .filter(|(_, at)| now.saturating_duration_since(*at) <= self.max_age)
            .map(|(answer, _)| Arc::clone(answer));
        match answer {
            Some(_) => kept.stale += 1,
            None => kept.too_old += 1,
        }
        answer
    }

    /// The statistics.
    pub fn stats(&self) -> LastGoodStats {
        let now = self.clock.now();
        let kept = self.lock();
        LastGoodStats {
            age: kept.answer.as_ref().map(|(_, at)| now.saturating_duration_since(*at)),
            stale: kept.stale,
            too_old: kept.too_old,
        }
    }

    /// No code of the caller's runs under it, so a poisoned one is sound.
    fn lock(&self) -> MutexGuard<'_, Kept<V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Clone, C: Clock> fmt::Debug for LastGood<V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastGood")
            .field("max_age", &self.max_age)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// A call whose error the last good answer takes the place of; made by
    /// [`PipelineCall::or_last_good`](crate::PipelineCall::or_last_good). Cancel-safe if the call is.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct OrLastGood<'a, F, V, C> {
        #[pin]
        call: F,
        cache: &'a LastGood<V, C>,
    }
}

impl<'a, F, V, C> OrLastGood<'a, F, V, C> {
    pub(crate) const fn new(call: F, cache: &'a LastGood<V, C>) -> Self {
        Self { call, cache }
    }
}

impl<F, V, E, C> Future for OrLastGood<'_, F, V, C>
where
    F: Future<Output = Result<V, Error<E>>>,
    V: Clone,
    C: Clock,
{
    type Output = Result<V, Error<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.call.poll(cx));
        Poll::Ready(this.cache.or_last_good(result))
    }
}

impl<F, V, C> fmt::Debug for OrLastGood<'_, F, V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrLastGood").finish_non_exhaustive()
    }
}
