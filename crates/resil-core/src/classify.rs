use crate::{Error, Rejected, TimedOut};

/// What became of an admitted call, as its policy is told.
///
/// It is only for calls that started; a call that never did is handed back with [`Policy::release`](crate::Policy::release).
///
/// A call's result is turned into a verdict by a closure that gets the result by reference. By default `Ok` is a success and
/// `Err` a failure:
///
/// ```
/// use resil_core::Verdict;
///
/// // An answer of 5xx is a failure although it is `Ok`; a malformed request says nothing about the other side.
/// let classify = |result: Result<&u16, &&str>| match result {
///     Ok(500..) => Verdict::Failure,
///     Ok(_) => Verdict::Success,
///     Err(&"malformed") => Verdict::Ignored,
///     Err(_) => Verdict::Failure,
/// };
/// assert_eq!(classify(Ok(&503)), Verdict::Failure);
/// assert_eq!(classify(Err(&"malformed")), Verdict::Ignored);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[must_use = "a verdict has to be settled"]
pub enum Verdict {
    /// The call did what it should.
    Success,
    /// The call failed in a way that speaks against the other side.
    Failure,
    /// The call's outcome says nothing about the other side.
    Ignored,
    /// The caller gave the call up before it ended.
    Cancelled,
    /// The call panicked.
    Panicked,
}

impl Verdict {
    /// The default classification: `Ok` is a success, `Err` a failure.
    #[inline]
    pub const fn of<T, E>(result: Result<&T, &E>) -> Self {
        match result {
            Ok(_) => Self::Success,
            Err(_) => Self::Failure,
        }
    }
}

/// Turns the result of a call into its verdict and into what the caller gets.
///
/// [`Flat`] and [`Nested`] are its two forms; futures of guarded calls are generic over it so that they need no box.
pub trait Judge<R> {
    /// What the caller gets.
    type Output;

    /// The verdict on `result`.
    fn verdict(self, result: &R) -> Verdict;

    /// What the caller gets when the call ran.
    fn ran(result: R) -> Self::Output;

    /// What the caller gets when the call was refused.
    fn refused(refusal: Rejected) -> Self::Output;

    /// What the caller gets when the call was cut off.
    fn cut_off(limit: TimedOut) -> Self::Output;
}

/// How a result is classified: a closure, or [`ByResult`].
pub trait Classify<T, E> {
    /// The verdict on `result`.
    fn classify(self, result: Result<&T, &E>) -> Verdict;
}

impl<T, E, C: FnOnce(Result<&T, &E>) -> Verdict> Classify<T, E> for C {
    #[inline]
    fn classify(self, result: Result<&T, &E>) -> Verdict {
        self(result)
    }
}

/// The default classification as a value: [`Verdict::of`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ByResult;

impl<T, E> Classify<T, E> for ByResult {
    #[inline]
    fn classify(self, result: Result<&T, &E>) -> Verdict {
        Verdict::of(result)
    }
}

/// Judges a `Result<T, E>`: the call knows nothing of policies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flat<C>(pub C);

/// Judges a `Result<T, Error<E>>`: the call is itself guarded, and its errors pass through unchanged.
///
/// What an inner policy refused is ignored, what was cut off is a failure, and the rest is for the classifier.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nested<C>(pub C);

impl<T, E, C> Judge<Result<T, E>> for Flat<C>
where
    C: Classify<T, E>,
{
    type Output = Result<T, Error<E>>;

    #[inline]
    fn verdict(self, result: &Result<T, E>) -> Verdict {
        self.0.classify(result.as_ref())
    }
    #[inline]
    fn ran(result: Result<T, E>) -> Self::Output {
        result.map_err(Error::Inner)
    }
    #[inline]
    fn refused(refusal: Rejected) -> Self::Output {
        Err(Error::Rejected(refusal))
    }
    #[inline]
    fn cut_off(limit: TimedOut) -> Self::Output {
        Err(Error::TimedOut(limit))
    }
}

impl<T, E, C> Judge<Result<T, Error<E>>> for Nested<C>
where
    C: Classify<T, E>,
{
    type Output = Result<T, Error<E>>;

    #[inline]
    fn verdict(self, result: &Result<T, Error<E>>) -> Verdict {
        match result {
            Ok(value) => self.0.classify(Ok(value)),
            Err(Error::Inner(error)) => self.0.classify(Err(error)),
            Err(Error::Rejected(_)) => Verdict::Ignored,
            Err(Error::TimedOut(_)) => Verdict::Failure,
        }
    }
    #[inline]
    fn ran(result: Result<T, Error<E>>) -> Self::Output {
        result
    }
    #[inline]
    fn refused(refusal: Rejected) -> Self::Output {
        Err(Error::Rejected(refusal))
    }
    #[inline]
    fn cut_off(limit: TimedOut) -> Self::Output {
        Err(Error::TimedOut(limit))
    }
}
