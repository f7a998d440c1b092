use std::fmt;
use std::time::Duration;

use crate::{Rejected, TimedOut};

/// What can become of a guarded call: it was refused, it was cut off, or it ran and failed.
///
/// The list is complete, so a `match` on it needs no last arm. However many policies guard a call, there is one layer of
/// it: errors never nest.
///
/// ```
/// use resil_core::{Error, Name, Reason, Rejected};
///
/// let refused: Error<std::io::Error> = Rejected::new(Name::new("payments"), Reason::CircuitOpen).into();
/// match refused {
///     Error::Rejected(refusal) => assert_eq!(refusal.reason(), Reason::CircuitOpen),
///     Error::TimedOut(cut) => panic!("{cut}"),
///     Error::Inner(error) => panic!("{error}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// A policy refused the call; it was not made.
    Rejected(Rejected),
    /// The call was made and cut off.
    TimedOut(TimedOut),
    /// The call was made and failed with its own error.
    Inner(E),
}

impl<E> Error<E> {
    /// Whether a policy refused the call.
    pub const fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected(_))
    }

    /// Whether the call was cut off.
    pub const fn is_timed_out(&self) -> bool {
        matches!(self, Self::TimedOut(_))
    }

    /// The refusal, if it is one.
    pub const fn rejected(&self) -> Option<&Rejected> {
        match self {
            Self::Rejected(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The time after which a refused call may be admitted, if the policy knows.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Rejected(refusal) => refusal.retry_after(),
            _ => None,
        }
    }

    /// The call's own error, if it is one.
    pub const fn inner(&self) -> Option<&E> {
        match self {
            Self::Inner(error) => Some(error),
            _ => None,
        }
    }

    /// The call's own error, if it is one, by value.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Inner(error) => Some(error),
            _ => None,
        }
    }

    /// The same error, with `f` applied to the call's own.
    pub fn map_inner<F>(self, f: impl FnOnce(E) -> F) -> Error<F> {
        match self {
            Self::Rejected(refusal) => Error::Rejected(refusal),
            Self::TimedOut(cut) => Error::TimedOut(cut),
            Self::Inner(error) => Error::Inner(f(error)),
        }
    }

    /// This error without its type, for `?` in a function that returns any error.
    ///
    /// Where the call's own error is an error of `std`, `?` does that by itself. This is for those that are not: tower's and `std`'s
    /// boxed errors, `anyhow`'s, texts.
    ///
    /// ```
    /// # use resil_core::{Error, Policy, PolicyExt, Rejected, Verdict};
    /// # struct Open; impl Policy for Open { type Permit = (); fn admit(&self) -> Result<(), Rejected> { Ok(()) }
    /// #   fn settle(&self, (): (), _: Verdict) {} fn release(&self, (): ()) {} }
    /// # let policy = Open;
    /// fn charge() -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    ///     Ok("42".parse()?)
    /// }
    /// fn order(policy: &impl Policy) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    ///     Ok(policy.call(charge).map_err(Error::into_boxed)?)
    /// }
    /// # assert_eq!(order(&policy).ok(), Some(42));
    /// ```
    pub fn into_boxed(self) -> Box<dyn std::error::Error + Send + Sync>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match self {
            Self::Rejected(refusal) => refusal.into(),
            Self::TimedOut(cut) => cut.into(),
            Self::Inner(error) => error.into(),
        }
    }
}

impl<E> From<Rejected> for Error<E> {
    fn from(refusal: Rejected) -> Self {
        Self::Rejected(refusal)
    }
}

impl<E> From<TimedOut> for Error<E> {
    fn from(cut: TimedOut) -> Self {
        Self::TimedOut(cut)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(refusal) => refusal.fmt(f),
            Self::TimedOut(cut) => cut.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Error<E> {
    /// The source of the call's own error: its text is this error's text already.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(_) | Self::TimedOut(_) => None,
            Self::Inner(error) => error.source(),
        }
    }
}
