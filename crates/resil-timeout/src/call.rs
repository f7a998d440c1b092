use std::future::Future;

use resil_core::{ByResult, Clock, Cut, Deadline, Error, Flat, Nested, TimeLimit, TimedOut, Timer};

use crate::settings::Terms;
use crate::{CallTimed, Timed, Timeout};

/// Synchronous calls: the limit is the [current deadline](Deadline::current) of the closure, unless a deadline around it ends earlier.
///
/// No thread is killed. The closure stops in time if it, or what it calls, asks: [`Deadline::check_current`] between two steps. What it
/// returns is returned, also when that is late: work that is done is not thrown away. It is not started where no time is left.
impl<C: Clock> Timeout<C> {
    /// Runs `f`, whatever it returns.
    ///
    /// # Errors
    /// [`TimedOut`] if no time was left, so that `f` was not called.
    pub fn run_blocking<T>(&self, f: impl FnOnce() -> T) -> Result<T, TimedOut> {
        self.run_under(self.settings.terms(), f)
    }

    /// Runs `f`.
    ///
    /// # Errors
    /// [`Error::TimedOut`] if no time was left, so that `f` was not called, and the error of `f` as [`Error::Inner`].
    pub fn call<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        self.call_under(self.settings.terms(), f)
    }

    /// Runs `f`, which is guarded by policies or checks its deadline already, so that its [`Error`] passes through.
    ///
    /// If it gives up with [`Error::TimedOut`] after its time is over, the call counts as timed out.
    ///
    /// ```
    /// use resil_timeout::{Deadline, Error, Timeout};
    /// use std::time::Duration;
    ///
    /// let timeout = Timeout::new(Duration::from_secs(30)).named("import");
    /// let imported = timeout.call_nested(|| {
    ///     let mut sum = 0;
    ///     for row in ["1", "2", "3"] {
    ///         Deadline::check_current()?;
    ///         sum += row.parse::<u32>().map_err(Error::Inner)?;
    ///     }
    ///     Ok(sum)
    /// });
    /// assert_eq!(imported, Ok(6));
    /// ```
    ///
    /// # Errors
    /// [`Error::TimedOut`] if no time was left, so that `f` was not called, and whatever `f` returns.
    pub fn call_nested<T, E>(&self, f: impl FnOnce() -> Result<T, Error<E>>) -> Result<T, Error<E>> {
        self.call_nested_under(self.settings.terms(), f)
    }

    pub(crate) fn run_under<T>(&self, terms: Terms, f: impl FnOnce() -> T) -> Result<T, TimedOut> {
        self.begin(terms).map(|deadline| scope(deadline, f))
    }

    pub(crate) fn call_under<T, E>(
        &self,
        terms: Terms,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>> {
        self.run_under(terms, f)?.map_err(Error::Inner)
    }

    pub(crate) fn call_nested_under<T, E>(
        &self,
        terms: Terms,
        f: impl FnOnce() -> Result<T, Error<E>>,
    ) -> Result<T, Error<E>> {
        let deadline = self.begin(terms)?;
        let result = scope(deadline, f);
        if let (Err(Error::TimedOut(limit)), Some(deadline)) = (&result, deadline)
            && deadline.is_expired_on(&self.clock)
        {
            self.tell(Cut::Over(*limit));
        }
        result
    }

    /// The deadline of a call that begins now. It is set at once, as nobody knows how long the closure works before it first asks.
    fn begin(&self, terms: Terms) -> Result<Option<Deadline>, TimedOut> {
        if terms.is_apart {
            return Ok(None);
        }
        let now = self.clock.now();
        let own = TimeLimit::from_nanos(self.name, terms.nanos).starting_at(now);
        let deadline = Deadline::current().map_or(own, |outer| own.earlier(outer));
        if deadline.moment() <= now {
            return Err(self.tell(Cut::Expired(deadline.timed_out())));
        }
        Ok(Some(deadline))
    }
}

fn scope<T>(deadline: Option<Deadline>, f: impl FnOnce() -> T) -> T {
    match deadline {
        Some(deadline) => deadline.scope_blocking(f),
        None => f(),
    }
}

/// Futures, cut off when their time is over; `timer` is any runtime's sleep.
///
/// Cancel-safe if the future is: dropped before its first poll, nothing has happened; dropped while it is pending, it counts as cancelled.
impl<C: Clock> Timeout<C> {
    /// Runs `future`, whatever it returns.
    #[inline]
    pub fn run_with<T: Timer, F: Future>(&self, timer: T, future: F) -> Timed<'_, C, T, F> {
        Timed::new(self, self.settings.terms(), timer, future)
    }

    /// Runs `future`; its own error becomes [`Error::Inner`].
    #[inline]
    pub fn call_async_with<V, E, T, F>(&self, timer: T, future: F) -> CallTimed<'_, C, T, F, Flat<ByResult>>
    where
        T: Timer,
        F: Future<Output = Result<V, E>>,
    {
        CallTimed::new(self.run_with(timer, future))
    }

    /// Runs `future`, which is guarded by policies already, so that its [`Error`] passes through.
    #[inline]
    pub fn call_async_nested_with<V, E, T, F>(
        &self,
        timer: T,
        future: F,
    ) -> CallTimed<'_, C, T, F, Nested<ByResult>>
    where
        T: Timer,
        F: Future<Output = Result<V, Error<E>>>,
    {
        CallTimed::new(self.run_with(timer, future))
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::future::Future;

    use resil_core::{ByResult, Clock, Error, Flat, Nested, TokioTimer};

    use crate::{CallTimed, Timed, Timeout};

    /// Futures, cut off by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<C: Clock> Timeout<C> {
        /// [`run_with`](Self::run_with) tokio's timer.
        #[inline]
        pub fn run<F: Future>(&self, future: F) -> Timed<'_, C, TokioTimer<&C>, F> {
            self.run_with(TokioTimer::on(&self.clock), future)
        }

        /// [`call_async_with`](Self::call_async_with) tokio's timer.
        #[inline]
        pub fn call_async<V, E, F>(&self, future: F) -> CallTimed<'_, C, TokioTimer<&C>, F, Flat<ByResult>>
        where
            F: Future<Output = Result<V, E>>,
        {
            self.call_async_with(TokioTimer::on(&self.clock), future)
        }

        /// [`call_async_nested_with`](Self::call_async_nested_with) tokio's timer.
        #[inline]
        pub fn call_async_nested<V, E, F>(
            &self,
            future: F,
        ) -> CallTimed<'_, C, TokioTimer<&C>, F, Nested<ByResult>>
        where
            F: Future<Output = Result<V, Error<E>>>,
        {
            self.call_async_nested_with(TokioTimer::on(&self.clock), future)
        }
    }
}
