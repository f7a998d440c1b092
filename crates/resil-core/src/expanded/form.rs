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

impl<T, E> Returns<Result<T, Error<E>>> {
    /// Errors pass through.
    #[inline]
    pub const fn form(self) -> Passing<T, E> {
        Passing(PhantomData)
    }
}

/// The form of any other result.
pub trait FormOfResult: Sized {
    /// The form.
    type Form;
    /// Refusals are converted.
    fn form(self) -> Self::Form;
}

impl<T, E> FormOfResult for Returns<Result<T, E>> {
    type Form = Converting<T, E>;

    #[inline]
    fn form(self) -> Converting<T, E> {
        Converting(PhantomData)
    }
}

/// The form of what is no result. Its method takes a reference, so that it is found last.
pub trait FormOfAnything {
    /// The form.
    type Form;
    /// No refusal can be told.
    fn form(&self) -> Self::Form;
}

impl<R> FormOfAnything for Returns<R> {
    type Form = Plain<R>;

    #[inline]
    fn form(&self) -> Plain<R> {
        Plain(PhantomData)
    }
}

/// How a function tells what became of its call.
pub trait Form: Copy {
    /// What the body returns.
    type Returned;
    /// What it returns of it when all is well.
    type Value;
    /// The call's own error.
    type Error;
    /// Whether the call can say that it was refused; one that cannot waits for as long as it takes.
    const CAN_BE_REFUSED: bool;

    /// What the body returned, for the guards around it.
    fn enter(self, returned: Self::Returned) -> Result<Self::Value, Error<Self::Error>>;
}

/// Whether a function of this form can say that its call was refused.
#[inline]
pub const fn can_be_refused<R: Form>(_form: R) -> bool {
    R::CAN_BE_REFUSED
}

/// A `Result<T, Error<E>>`, which passes through.
pub struct Passing<T, E>(PhantomData<fn() -> (T, E)>);

/// A `Result<T, E>` whose error is made from a refusal.
pub struct Converting<T, E>(PhantomData<fn() -> (T, E)>);

/// Anything else.
pub struct Plain<R>(PhantomData<fn() -> R>);

macro_rules! copied {
    ($($form:ident<$($parameter:ident),+>),+) => {$(
        impl<$($parameter),+> Clone for $form<$($parameter),+> {
            #[inline]
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($parameter),+> Copy for $form<$($parameter),+> {}

        impl<$($parameter),+> fmt::Debug for $form<$($parameter),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($form))
            }
        }
    )+};
}

copied!(Returns<R>, Passing<T, E>, Converting<T, E>, Plain<R>);

impl<T, E> Form for Passing<T, E> {
    type Returned = Result<T, Error<E>>;
    type Value = T;
    type Error = E;
    const CAN_BE_REFUSED: bool = true;

    #[inline]
    fn enter(self, returned: Self::Returned) -> Result<T, Error<E>> {
        returned
    }
}

impl<T, E> Passing<T, E> {
    /// What the caller gets where a wait may be refused.
    #[inline]
    pub fn leave_line(self, result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }

    /// What the caller gets where calls are refused.
    #[inline]
    pub fn leave_guard(self, result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }

    /// What the caller gets where calls are refused and cut off.
    #[inline]
    pub fn leave_limit(self, result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }
}

impl<T, E> Form for Converting<T, E> {
    type Returned = Result<T, E>;
    type Value = T;
    type Error = E;
    const CAN_BE_REFUSED: bool = true;

    #[inline]
    fn enter(self, returned: Self::Returned) -> Result<T, Error<E>> {
        returned.map_err(Error::Inner)
    }
}

impl<T, E> Converting<T, E> {
    /// What the caller gets where a wait may be refused.
    #[inline]
    pub fn leave_line<M>(self, result: Result<T, Error<E>>) -> Result<T, E>
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
    pub fn leave_guard<M>(self, result: Result<T, Error<E>>) -> Result<T, E>
    where
        E: FromRefusal<M>,
    {
        leave(result, E::from_refusal, |cut| unreachable!("a guard cut a call off: {cut}"))
    }

    /// What the caller gets where calls are refused and cut off.
    #[inline]
    pub fn leave_limit<M, L>(self, result: Result<T, Error<E>>) -> Result<T, E>
    where
        E: FromRefusal<M> + FromTimeout<L>,
    {
        leave(result, E::from_refusal, E::from_timeout)
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

impl<R> Form for Plain<R> {
    type Returned = R;
    type Value = R;
    type Error = Infallible;
    const CAN_BE_REFUSED: bool = false;

    #[inline]
    fn enter(self, returned: R) -> Result<R, Error<Infallible>> {
        Ok(returned)
    }
}

impl<R> Plain<R> {
    /// What the caller gets where a wait ends well, however long it takes.
    ///
    /// # Panics
    /// If it is refused all the same: behind a line that is longer than a clock can count.
    #[inline]
    pub fn leave_line(self, result: Result<R, Error<Infallible>>) -> R {
        match result {
            Ok(returned) => returned,
            Err(error) => panic!("{error}"),
        }
    }

    /// What does not compile, as the caller could not be told of a refusal.
    #[inline]
    pub fn leave_guard(self, result: Result<R, Error<Infallible>>) -> R
    where
        R: CanSayRefused,
    {
        self.leave_line(result)
    }

    /// What does not compile, as the caller could not be told of a refusal.
    #[inline]
    pub fn leave_limit(self, result: Result<R, Error<Infallible>>) -> R
    where
        R: CanSayRefused,
    {
        self.leave_line(result)
    }
}
