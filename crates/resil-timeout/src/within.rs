use std::future::Future;
use std::time::Duration;

use resil_core::{ByResult, Clock, Error, Flat, MonotonicClock, Nested, TimeLimit, TimedOut, Timer};

use crate::settings::Terms;
use crate::{CallTimed, Timed, Timeout};

/// A [`Timeout`] with the limit that a caller asked for, as far as it is [allowed](crate::Config::max_timeout); made by
/// [`Timeout::within`]. It makes the same calls.
///
/// ```
/// use resil_timeout::{Config, Timeout};
/// use std::time::Duration;
///
/// const SECOND: Duration = Duration::from_secs(1);
/// static REPORTS: Timeout = Timeout::with_config("reports", Config::new(SECOND).max_timeout(Duration::from_secs(60)));
///
/// assert_eq!(REPORTS.within(30 * SECOND).limit(), 30 * SECOND);
/// assert_eq!(REPORTS.within(90 * SECOND).limit(), 60 * SECOND);
/// assert_eq!(REPORTS.within(SECOND).call(|| Ok::<_, ()>(42)), Ok(42));
/// ```
#[derive(Debug)]
#[must_use = "it limits the calls that are made through it"]
pub struct Within<'a, C: Clock = MonotonicClock> {
    timeout: &'a Timeout<C>,
    asked: TimeLimit,
}

impl<C: Clock> Clone for Within<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Clock> Copy for Within<'_, C> {}

impl<C: Clock> Timeout<C> {
    /// This timeout with the limit that the caller `asked` for, or the [greatest one](crate::Config::max_timeout) if that is shorter.
    ///
    /// Whoever asks for no time at all is told at once that it is over.
    #[inline]
    pub const fn within(&self, asked: Duration) -> Within<'_, C> {
        Within { timeout: self, asked: TimeLimit::new(self.name, asked) }
    }
}

impl<'a, C: Clock> Within<'a, C> {
    /// The limit that holds.
    pub fn limit(self) -> Duration {
        TimeLimit::from_nanos(self.timeout.name, self.terms().nanos).length()
    }

    /// As [`Timeout::run_blocking`].
    pub fn run_blocking<T>(self, f: impl FnOnce() -> T) -> Result<T, TimedOut> {
        self.timeout.run_under(self.terms(), f)
    }

    /// As [`Timeout::call`].
    pub fn call<T, E>(self, f: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.timeout.call_under(self.terms(), f)
    }

    /// As [`Timeout::call_nested`].
    pub fn call_nested<T, E>(self, f: impl FnOnce() -> Result<T, Error<E>>) -> Result<T, Error<E>> {
        self.timeout.call_nested_under(self.terms(), f)
    }

    /// As [`Timeout::run_with`].
    #[inline]
    pub fn run_with<T: Timer, F: Future>(self, timer: T, future: F) -> Timed<'a, C, T, F> {
        Timed::new(self.timeout, self.terms(), timer, future)
    }

    /// As [`Timeout::call_async_with`].
    #[inline]
    pub fn call_async_with<V, E, T, F>(self, timer: T, future: F) -> CallTimed<'a, C, T, F, Flat<ByResult>>
    where
        T: Timer,
        F: Future<Output = Result<V, E>>,
    {
        CallTimed::new(self.run_with(timer, future))
    }

    /// As [`Timeout::call_async_nested_with`].
    #[inline]
    pub fn call_async_nested_with<V, E, T, F>(
        self,
        timer: T,
        future: F,
    ) -> CallTimed<'a, C, T, F, Nested<ByResult>>
    where
        T: Timer,
        F: Future<Output = Result<V, Error<E>>>,
    {
        CallTimed::new(self.run_with(timer, future))
    }

    #[inline]
    fn terms(self) -> Terms {
        self.timeout.settings.asked(self.asked.as_nanos())
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::future::Future;

    use resil_core::{ByResult, Clock, Error, Flat, Nested, TokioTimer};

    use super::Within;
    use crate::{CallTimed, Timed};

    /// By tokio's timer. To be polled inside a tokio runtime that has its timer enabled.
    impl<'a, C: Clock> Within<'a, C> {
        /// As [`Timeout::run`](crate::Timeout::run).
        #[inline]
        pub fn run<F: Future>(self, future: F) -> Timed<'a, C, TokioTimer<&'a C>, F> {
            self.run_with(TokioTimer::on(&self.timeout.clock), future)
        }

        /// As [`Timeout::call_async`](crate::Timeout::call_async).
        #[inline]
        pub fn call_async<V, E, F>(self, future: F) -> CallTimed<'a, C, TokioTimer<&'a C>, F, Flat<ByResult>>
        where
            F: Future<Output = Result<V, E>>,
        {
            self.call_async_with(TokioTimer::on(&self.timeout.clock), future)
        }

        /// As [`Timeout::call_async_nested`](crate::Timeout::call_async_nested).
        #[inline]
        pub fn call_async_nested<V, E, F>(
            self,
            future: F,
        ) -> CallTimed<'a, C, TokioTimer<&'a C>, F, Nested<ByResult>>
        where
            F: Future<Output = Result<V, Error<E>>>,
        {
            self.call_async_nested_with(TokioTimer::on(&self.timeout.clock), future)
        }
    }
}
