use std::fmt;
use std::future::Future;
use std::time::Duration;

use resil_core::{Clock, Error, Flat, MonotonicClock, Nested, Timer};

use crate::blocking::run;
use crate::decision::{After, Errors, Never};
use crate::{CallRetrying, Decide, Operation, Retry, Rule};

/// A [`Retry`] together with what is to be retried; made by [`Retry::on`], [`Retry::when`] and their kin.
///
/// ```
/// use resil_retry::{Config, Retry, io_transient};
/// use std::io::ErrorKind;
///
/// static FILES: Retry = Retry::new("files", Config::new());
///
/// let files = FILES.when(io_transient).never(|error: &std::io::Error| error.kind() == ErrorKind::TimedOut);
/// let timed_out = files.call(|| Err::<(), _>(std::io::Error::from(ErrorKind::TimedOut)));
/// assert!(timed_out.is_err()); // "never" wins
/// assert_eq!(FILES.stats().retries, 0);
/// ```
#[must_use = "it retries the calls that are made through it"]
pub struct Retrying<'a, C = MonotonicClock, J = Errors> {
    retry: &'a Retry<C>,
    judge: J,
}

impl<C, J: Clone> Clone for Retrying<'_, C, J> {
    fn clone(&self) -> Self {
        Self { retry: self.retry, judge: self.judge.clone() }
    }
}

impl<C, J: Copy> Copy for Retrying<'_, C, J> {}

impl<C: Clock, J> fmt::Debug for Retrying<'_, C, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying").field("retry", self.retry).finish_non_exhaustive()
    }
}

impl<'a, C: Clock, J> Retrying<'a, C, J> {
    pub(crate) const fn new(retry: &'a Retry<C>, judge: J) -> Self {
        Self { retry, judge }
    }

    /// The same, but errors for which `predicate` holds are not retried, whatever else is said.
    pub fn never<E, F: Fn(&E) -> bool>(self, predicate: F) -> Retrying<'a, C, Never<F, J>> {
        Retrying::new(self.retry, Never { predicate, inner: self.judge })
    }

    /// The same, but errors are asked how long to wait at least.
    pub fn after<E, F>(self, hint: F) -> Retrying<'a, C, After<F, J>>
    where
        F: Fn(&E) -> Option<Duration>,
    {
        Retrying::new(self.retry, After { hint, inner: self.judge })
    }

    /// Runs `operation` until it succeeds or there is no more hope, with the thread parked between attempts.
    ///
    /// # Errors
    /// The last error, as [`Error::Inner`]. [`Error::TimedOut`] if the current deadline is over before the first attempt.
    ///
    /// # Panics
    /// A panic of `operation` is counted and goes on unwinding.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
    #[inline(always)]
    pub fn call<M, Op, T, E>(self, operation: Op) -> Result<T, Error<E>>
    where
        Op: Operation<M, Output = Result<T, E>>,
        J: Decide<T, E>,
        E: fmt::Debug,
    {
        run(self.retry, &Flat(self.judge), operation)
    }

    /// Runs `operation`, which is guarded by other policies already, until it succeeds or there is no more hope, with the thread parked
    /// between attempts.
    ///
    /// What was cut off is retried; so is a refusal that says when to come again, not before then. The refusal of an open circuit ends
    /// the call unless [`retry_open_circuit`](crate::Config::retry_open_circuit) says otherwise, and so do one that gives no hint and
    /// the end of the process. The operation's own errors are judged.
    ///
    /// # Errors
    /// The last error. [`Error::TimedOut`] if the current deadline is over before the first attempt.
    ///
    /// # Panics
    /// A panic of `operation` is counted and goes on unwinding.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
    #[inline(always)]
    pub fn call_nested<M, Op, T, E>(self, operation: Op) -> Result<T, Error<E>>
    where
        Op: Operation<M, Output = Result<T, Error<E>>>,
        J: Decide<T, E>,
        E: fmt::Debug,
    {
        run(self.retry, &Nested(self.judge), operation)
    }

    /// Runs the futures that `operation` makes until one succeeds or there is no more hope; `timer` is any runtime's sleep.
    ///
    /// Cancel-safe if the futures are: dropped in a wait, its token goes back to the budget.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    #[inline]
    pub fn call_async_with<M, Op, F, T, E, S>(
        self,
        timer: S,
        operation: Op,
    ) -> CallRetrying<'a, C, S, Op, M, F, Flat<J>>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<T, E>>,
        S: Timer,
        J: Decide<T, E>,
        E: fmt::Debug,
    {
        CallRetrying::new(self.retry, timer, operation, Flat(self.judge))
    }

    /// Runs the futures that `operation` makes, which are guarded by other policies already, as [`call_nested`](Self::call_nested)
    /// does; `timer` is any runtime's sleep.
    ///
    /// Cancel-safe if the futures are: dropped in a wait, its token goes back to the budget.
    ///
    /// # Errors
    /// As [`call_nested`](Self::call_nested).
    #[inline]
    pub fn call_async_nested_with<M, Op, F, T, E, S>(
        self,
        timer: S,
        operation: Op,
    ) -> CallRetrying<'a, C, S, Op, M, F, Nested<J>>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<T, Error<E>>>,
        S: Timer,
        J: Decide<T, E>,
        E: fmt::Debug,
    {
        CallRetrying::new(self.retry, timer, operation, Nested(self.judge))
    }
}

/// The same calls, every error retried.
impl<C: Clock> Retry<C> {
    /// Calls of which every error is retried: what the calls of this handle itself go by, for those who keep it.
    pub const fn on_errors(&self) -> Retrying<'_, C> {
        Retrying::new(self, Errors)
    }

    /// Runs `operation` until it succeeds or there is no more hope, with the thread parked between attempts; see [`Retrying::call`].
    ///
    /// # Errors
    /// The last error, as [`Error::Inner`]. [`Error::TimedOut`] if the current deadline is over before the first attempt.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
    #[inline(always)]
    pub fn call<M, Op, T, E>(&self, operation: Op) -> Result<T, Error<E>>
    where
        Op: Operation<M, Output = Result<T, E>>,
        E: fmt::Debug,
    {
        self.on_errors().call(operation)
    }

    /// Runs `operation`, which is guarded by other policies already; see [`Retrying::call_nested`].
    ///
    /// # Errors
    /// The last error. [`Error::TimedOut`] if the current deadline is over before the first attempt.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
    #[inline(always)]
    pub fn call_nested<M, Op, T, E>(&self, operation: Op) -> Result<T, Error<E>>
    where
        Op: Operation<M, Output = Result<T, Error<E>>>,
        E: fmt::Debug,
    {
        self.on_errors().call_nested(operation)
    }

    /// Runs the futures that `operation` makes by any runtime's `timer`; see [`Retrying::call_async_with`].
    ///
    /// Cancel-safe if the futures are.
    #[inline]
    pub fn call_async_with<M, Op, F, T, E, S>(
        &self,
        timer: S,
        operation: Op,
    ) -> CallRetrying<'_, C, S, Op, M, F, Flat<Errors>>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<T, E>>,
        S: Timer,
        E: fmt::Debug,
    {
        self.on_errors().call_async_with(timer, operation)
    }

    /// Runs the futures that `operation` makes, which are guarded by other policies already, by any runtime's `timer`; see
    /// [`Retrying::call_async_nested_with`].
    ///
    /// Cancel-safe if the futures are.
    #[inline]
    pub fn call_async_nested_with<M, Op, F, T, E, S>(
        &self,
        timer: S,
        operation: Op,
    ) -> CallRetrying<'_, C, S, Op, M, F, Nested<Errors>>
    where
        Op: Operation<M, Output = F>,
        F: Future<Output = Result<T, Error<E>>>,
        S: Timer,
        E: fmt::Debug,
    {
        self.on_errors().call_async_nested_with(timer, operation)
    }
}

/// Calls by a rule of your own: for authors of what stands around a retry and an operation.
impl<C: Clock> Retry<C> {
    /// Runs `operation` until `rule` says that it is done or there is no more hope, with the thread parked between attempts.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
    #[inline(always)]
    pub fn call_by<M, Op, L>(&self, rule: &L, operation: Op) -> L::Output
    where
        Op: Operation<M>,
        L: Rule<Op::Output>,
    {
        run(self, rule, operation)
    }

    /// Runs the futures that `operation` makes until `rule` says that it is done or there is no more hope; `timer` is any runtime's sleep.
    ///
    /// Cancel-safe if the futures are.
    #[inline]
    pub const fn call_async_by<M, Op, F, L, S>(
        &self,
        timer: S,
        rule: L,
        operation: Op,
    ) -> CallRetrying<'_, C, S, Op, M, F, L>
    where
        Op: Operation<M, Output = F>,
        F: Future,
        L: Rule<F::Output>,
        S: Timer,
    {
        CallRetrying::new(self, timer, operation, rule)
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::fmt;
    use std::future::Future;

    use resil_core::{Clock, Error, Flat, Nested, TokioTimer};

    use super::Retrying;
    use crate::decision::Errors;
    use crate::{CallRetrying, Decide, Operation, Retry};

    /// A call on tokio.
    type OnTokio<'a, C, Op, M, F, L> = CallRetrying<'a, C, TokioTimer<&'a C>, Op, M, F, L>;

    /// Waits by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<'a, C: Clock, J> Retrying<'a, C, J> {
        /// [`call_async_with`](Self::call_async_with) by tokio's timer.
        #[inline]
        pub fn call_async<M, Op, F, T, E>(self, operation: Op) -> OnTokio<'a, C, Op, M, F, Flat<J>>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<T, E>>,
            J: Decide<T, E>,
            E: fmt::Debug,
        {
            let timer = TokioTimer::on(&self.retry.clock);
            self.call_async_with(timer, operation)
        }

        /// [`call_async_nested_with`](Self::call_async_nested_with) by tokio's timer.
        #[inline]
        pub fn call_async_nested<M, Op, F, T, E>(self, operation: Op) -> OnTokio<'a, C, Op, M, F, Nested<J>>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<T, Error<E>>>,
            J: Decide<T, E>,
            E: fmt::Debug,
        {
            let timer = TokioTimer::on(&self.retry.clock);
            self.call_async_nested_with(timer, operation)
        }
    }

    /// Waits by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<C: Clock> Retry<C> {
        /// [`call_async_with`](Self::call_async_with) by tokio's timer.
        #[inline]
        pub fn call_async<M, Op, F, T, E>(&self, operation: Op) -> OnTokio<'_, C, Op, M, F, Flat<Errors>>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<T, E>>,
            E: fmt::Debug,
        {
            self.on_errors().call_async(operation)
        }

        /// [`call_async_nested_with`](Self::call_async_nested_with) by tokio's timer.
        #[inline]
        pub fn call_async_nested<M, Op, F, T, E>(
            &self,
            operation: Op,
        ) -> OnTokio<'_, C, Op, M, F, Nested<Errors>>
        where
            Op: Operation<M, Output = F>,
            F: Future<Output = Result<T, Error<E>>>,
            E: fmt::Debug,
        {
            self.on_errors().call_async_nested(operation)
        }
    }
}
