use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use crate::expanded::{CanSayRefused, FromRefusal, FromTimeout};
use crate::{Error, Rejected, TimedOut};

/// The type that a function returns, as a value whose method `form` says in which form it tells what became of a call.
///
/// There are three of that name, and the compiler takes the first that fits: the one of `Returns<Result<T, Error<E>>>` itself, that of
/// [`FormOfResult`], that of [`FormOfAnything`].
pub struct Returns<R>(PhantomData<fn() -> R>);

impl<R> Returns<R> {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> Clone for Returns<R> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Returns<R> {}

impl<R> fmt::Debug for Returns<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returns")
    }
}

impl<T, E> Returns<Result<T, Error<E>>> {
    /// Errors pass through.
    #[inline]
    pub const fn form(self) -> Passing {
        Passing
    }
}

/// The form of any other result.
pub trait FormOfResult: Sized {
    /// Refusals are converted.
    #[inline]
    fn form(self) -> Converting {
        Converting
    }
}

impl<T, E> FormOfResult for Returns<Result<T, E>> {}

/// The form of what is no result. Its method takes a reference, so that it is found last.
pub trait FormOfAnything {
    /// No refusal can be told.
    #[inline]
    fn form(&self) -> Plain {
        Plain
    }
}

impl<R> FormOfAnything for Returns<R> {}

/// How a function that returns `R` tells what became of its call.
///
/// The forms themselves have no type parameters: a future that held one of `R`'s beside its body's would not be known as `Send` where
/// `R` borrows.
pub trait Form<R>: Copy {
    /// What it returns when all is well.
    type Value;
    /// The call's own error.
    type Error;

    /// What the body returned, for the guards around it.
    fn enter(self, returned: R) -> Result<Self::Value, Error<Self::Error>>;
}

/// A `Result<T, Error<E>>`, which passes through.
#[derive(Clone, Copy, Debug)]
pub struct Passing;

/// A `Result<T, E>` whose error is made from a refusal.
#[derive(Clone, Copy, Debug)]
pub struct Converting;

/// Anything else.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl<T, E> Form<Result<T, Error<E>>> for Passing {
    type Value = T;
    type Error = E;

    #[inline]
    fn enter(self, returned: Result<T, Error<E>>) -> Result<T, Error<E>> {
        returned
    }
}

impl Passing {
    /// What the caller gets where a wait may be refused.
    #[inline]
    pub fn leave_line<T, E>(self, result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }

    /// What the caller gets where calls are refused.
    #[inline]
    pub fn leave_guard<T, E>(self, result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }

    /// What the caller gets where calls are refused and cut off.
    #[inline]
    pub fn leave_limit<T, E>(self, result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }

    /// Whether a wait may outlast the current deadline.
    #[inline]
    pub const fn is_patient(self) -> bool {
        false
    }
}

impl<T, E> Form<Result<T, E>> for Converting {
    type Value = T;
    type Error = E;

    #[inline]
    fn enter(self, returned: Result<T, E>) -> Result<T, Error<E>> {
        returned.map_err(Error::Inner)
    }
}

impl Converting {
    /// What the caller gets where a wait may be refused.
    #[inline]
    pub fn leave_line<T, E, M>(self, result: Result<T, Error<E>>) -> Result<T, E>
    where
        E: FromRefusal<M>,
    {
        self.leave_guard(result)
    }

    /// What the caller gets where calls are refused.
    ///
    /// # Panics
    /// If something cut the call off all the same; nothing that it is used for does.
    #[inline]
    pub fn leave_guard<T, E, M>(self, result: Result<T, Error<E>>) -> Result<T, E>
    where
        E: FromRefusal<M>,
    {
        leave(result, E::from_refusal, |cut| unreachable!("a guard cut a call off: {cut}"))
    }

    /// What the caller gets where calls are refused and cut off.
    #[inline]
    pub fn leave_limit<T, E, M, L>(self, result: Result<T, Error<E>>) -> Result<T, E>
    where
        E: FromRefusal<M> + FromTimeout<L>,
    {
        leave(result, E::from_refusal, E::from_timeout)
    }

    /// Whether a wait may outlast the current deadline.
    #[inline]
    pub const fn is_patient(self) -> bool {
        false
    }
}

#[inline]
fn leave<T, E>(
    result: Result<T, Error<E>>,
    refused: impl FnOnce(Rejected) -> E,
    cut_off: impl FnOnce(TimedOut) -> E,
) -> Result<T, E> {
    match result {
        Ok(value) => Ok(value),
        Err(Error::Inner(error)) => Err(error),
        Err(Error::Rejected(refusal)) => Err(refused(refusal)),
        Err(Error::TimedOut(cut)) => Err(cut_off(cut)),
    }
}

impl<R> Form<R> for Plain {
    type Value = R;
    type Error = Infallible;

    #[inline]
    fn enter(self, returned: R) -> Result<R, Error<Infallible>> {
        Ok(returned)
    }
}

impl Plain {
    /// What the caller gets where a wait ends well, however long it takes.
    ///
    /// # Panics
    /// If it is refused all the same: behind a line that is longer than a clock can count.
    #[inline]
    pub fn leave_line<R>(self, result: Result<R, Error<Infallible>>) -> R {
        match result {
            Ok(returned) => returned,
            Err(error) => panic!("{error}"),
        }
    }

    /// What does not compile, as the caller could not be told of a refusal.
    #[inline]
    pub fn leave_guard<R: CanSayRefused>(self, result: Result<R, Error<Infallible>>) -> R {
        self.leave_line(result)
    }

    /// What does not compile, as the caller could not be told of a refusal.
    #[inline]
    pub fn leave_limit<R: CanSayRefused>(self, result: Result<R, Error<Infallible>>) -> R {
        self.leave_line(result)
    }

    /// Whether a wait may outlast the current deadline: nobody could be told that it did not.
    #[inline]
    pub const fn is_patient(self) -> bool {
        true
    }
}
