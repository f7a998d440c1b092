use crate::{Error, Rejected, TimedOut};

/// An error that is made from a refusal.
///
/// `M` has no meaning: with a second way that nobody takes, the compiler tells what is said here, not what the first way lacks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that the call was refused",
    label = "this error has to be made from a `Rejected`",
    note = "implement `From<resil::Rejected>` for `{Self}`, or return `Result<_, resil::Error<{Self}>>`"
)]
pub trait FromRefusal<M>: Sized {
    /// The error of a call that was refused.
    fn from_refusal(refusal: Rejected) -> Self;
}

/// An error that is made from what cut the call off.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that the call was cut off",
    label = "this error has to be made from a `TimedOut`",
    note = "implement `From<resil::TimedOut>` for `{Self}`, or return `Result<_, resil::Error<{Self}>>`"
)]
pub trait FromTimeout<M>: Sized {
    /// The error of a call that was cut off.
    fn from_timeout(cut: TimedOut) -> Self;
}

/// A type that is returned and can say that the call was refused.
#[diagnostic::on_unimplemented(
    message = "a call that may be refused has to return a `Result`, not `{Self}`",
    label = "this cannot say that the call was refused",
    note = "return `Result<_, resil::Error<_>>`, or a `Result` whose error is made from `resil::Rejected`"
)]
pub trait CanSayRefused {}

impl<T, E> CanSayRefused for Result<T, E> {}

/// Implemented by nothing.
pub trait Nothing {}

/// The way of `From`.
#[derive(Debug)]
pub struct ByFrom;

/// The way that nobody takes.
#[derive(Debug)]
pub struct ByNothing;

impl<E: From<Rejected>> FromRefusal<ByFrom> for E {
    #[inline]
    fn from_refusal(refusal: Rejected) -> Self {
        Self::from(refusal)
    }
}

impl<E: Nothing + From<Error<E>>> FromRefusal<ByNothing> for E {
    fn from_refusal(refusal: Rejected) -> Self {
        Self::from(Error::Rejected(refusal))
    }
}

impl<E: From<TimedOut>> FromTimeout<ByFrom> for E {
    #[inline]
    fn from_timeout(cut: TimedOut) -> Self {
        Self::from(cut)
    }
}

impl<E: Nothing + From<Error<E>>> FromTimeout<ByNothing> for E {
    fn from_timeout(cut: TimedOut) -> Self {
        Self::from(Error::TimedOut(cut))
    }
}
