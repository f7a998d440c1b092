use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use resil_core::Verdict;

/// What to do about the result of an attempt.
///
/// A `bool` says whether to retry; of the verdicts, `Failure` does.
///
/// ```
/// use resil_retry::{Decision, Verdict};
/// use std::time::Duration;
///
/// assert_eq!(Decision::from(true), Decision::Retry);
/// assert_eq!(Decision::from(Verdict::Ignored), Decision::Done);
/// let when_they_said = Decision::RetryAfter(Duration::from_secs(30));
/// # let _ = when_they_said;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The caller gets it, be it a success or an error.
    Done,
    /// Another attempt may mend it.
    Retry,
    /// Another attempt may mend it, but not before so much time has gone by.
    RetryAfter(Duration),
}

impl From<bool> for Decision {
    fn from(retry: bool) -> Self {
        if retry { Self::Retry } else { Self::Done }
    }
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        Self::from(verdict == Verdict::Failure)
    }
}

/// How the result of an attempt is judged: what [`Retry::on`](crate::Retry::on) and its kin are made of.
///
/// ```
/// use resil_retry::{Decide, Decision, Errors};
/// assert_eq!(Errors.decide(Err::<&u32, _>(&"down")), Decision::Retry);
/// assert_eq!(Errors.decide(Ok::<_, &()>(&42)), Decision::Done);
/// ```
pub trait Decide<T, E> {
    /// What to do about `result`.
    fn decide(&self, result: Result<&T, &E>) -> Decision;
}

/// Every error is retried: the default.
///
/// ```
/// use resil_retry::{Decide, Decision, Errors};
/// assert_eq!(Errors.decide(Err::<&u32, _>(&"down")), Decision::Retry);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Errors;

impl<T, E> Decide<T, E> for Errors {
    #[inline]
    fn decide(&self, result: Result<&T, &E>) -> Decision {
        Decision::from(result.is_err())
    }
}

macro_rules! judge {
    ($(#[$meta:meta])* $name:ident<$($parameter:ident),+> { $($field:ident: $kind:ty),+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        pub struct $name<$($parameter),+> {
            $(pub(crate) $field: $kind),+
        }

        impl<$($parameter),+> fmt::Debug for $name<$($parameter),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

/// Judges by a function of the whole result; made by [`Retry::on`](crate::Retry::on).
///
/// ```
/// # use resil_retry::{Config, Retry};
/// let retry = Retry::new("payments", Config::new());
/// let by_status = retry.on(|answer: Result<&u16, &&str>| answer.map_or(true, |status| *status == 503));
/// # let _ = by_status;
/// ```
pub struct On<F, D> {
    judge: F,
    says: PhantomData<fn() -> D>,
}

impl<F, D> On<F, D> {
    pub(crate) const fn new(judge: F) -> Self {
        Self { judge, says: PhantomData }
    }
}

impl<F: Clone, D> Clone for On<F, D> {
    fn clone(&self) -> Self {
        Self::new(self.judge.clone())
    }
}

impl<F: Copy, D> Copy for On<F, D> {}

impl<F, D> fmt::Debug for On<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("On").finish_non_exhaustive()
    }
}

judge! {
    /// Retries errors for which a predicate holds; made by [`Retry::when`](crate::Retry::when).
    ///
    /// ```
    /// # use resil_retry::{Config, Retry, io_transient};
    /// let retry = Retry::new("payments", Config::new());
    /// let transient = retry.when(io_transient);
    /// # let _ = transient;
    /// ```
    When<F> { predicate: F }
}

judge! {
    /// Retries no error for which a predicate holds, whatever else is said; made by [`Retry::never`](crate::Retry::never).
    ///
    /// ```
    /// # use resil_retry::{Config, Retry};
    /// let retry = Retry::new("payments", Config::new());
    /// let unless_declined = retry.never(|error: &&str| *error == "declined");
    /// # let _ = unless_declined;
    /// ```
    Never<F, J> { predicate: F, inner: J }
}

judge! {
    /// Asks each error how long to wait at least; made by [`Retry::after`](crate::Retry::after).
    ///
    /// ```
    /// # use resil_retry::{Config, Retry};
    /// # use std::time::Duration;
    /// struct Busy { retry_after: Option<Duration> }
    ///
    /// let retry = Retry::new("payments", Config::new());
    /// let when_they_said = retry.after(|error: &Busy| error.retry_after);
    /// # let _ = when_they_said;
    /// ```
    After<F, J> { hint: F, inner: J }
}

impl<T, E, F, D> Decide<T, E> for On<F, D>
where
    F: Fn(Result<&T, &E>) -> D,
    D: Into<Decision>,
{
    #[inline]
    fn decide(&self, result: Result<&T, &E>) -> Decision {
        (self.judge)(result).into()
    }
}

impl<T, E, F: Fn(&E) -> bool> Decide<T, E> for When<F> {
    #[inline]
    fn decide(&self, result: Result<&T, &E>) -> Decision {
        Decision::from(result.is_err_and(&self.predicate))
    }
}

impl<T, E, F: Fn(&E) -> bool, J: Decide<T, E>> Decide<T, E> for Never<F, J> {
    /// T7: "never" wins.
    #[inline]
    fn decide(&self, result: Result<&T, &E>) -> Decision {
        if result.is_err_and(&self.predicate) { Decision::Done } else { self.inner.decide(result) }
    }
}

impl<T, E, F: Fn(&E) -> Option<Duration>, J: Decide<T, E>> Decide<T, E> for After<F, J> {
    #[inline]
    fn decide(&self, result: Result<&T, &E>) -> Decision {
        let decision = self.inner.decide(result);
        let hint = result.err().filter(|_| decision != Decision::Done).and_then(&self.hint);
        match (decision, hint) {
            (Decision::RetryAfter(wait), Some(hint)) => Decision::RetryAfter(wait.max(hint)),
            (_, Some(hint)) => Decision::RetryAfter(hint),
            (decision, None) => decision,
        }
    }
}
