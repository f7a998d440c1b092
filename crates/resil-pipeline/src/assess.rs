use std::fmt;

use resil_core::{Classify, Error, TimedOut, Verdict};
use resil_retry::{Config, Decide, Decision, Rule, Ruling};

use crate::Outcome;

/// How the results of attempts are assessed: by a closure that gets them by reference, or by [`Errors`].
///
/// ```
/// use resil_pipeline::{Assess, Errors, Outcome};
/// assert_eq!(Errors.assess(Err::<&u32, _>(&"down")), Outcome::failure());
/// assert_eq!((|_: Result<&u32, &&str>| Outcome::ignored()).assess(Err(&"declined")), Outcome::ignored());
/// ```
pub trait Assess<T, E> {
    /// What `result` means.
    fn assess(&self, result: Result<&T, &E>) -> Outcome;
}

impl<T, E, D: Into<Outcome>, F: Fn(Result<&T, &E>) -> D> Assess<T, E> for F {
    #[inline]
    fn assess(&self, result: Result<&T, &E>) -> Outcome {
        self(result).into()
    }
}

/// `Ok` is a success, and `Err` a failure that is retried: the default.
///
/// ```
/// use resil_pipeline::{Assess, Errors, Outcome};
/// assert_eq!(Errors.assess(Ok::<_, &()>(&42)), Outcome::success());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Errors;

impl<T, E> Assess<T, E> for Errors {
    #[inline]
    fn assess(&self, result: Result<&T, &E>) -> Outcome {
        Outcome::from(Verdict::of(result))
    }
}

/// A value or an error, and what it means: it is assessed once, and all who guard it go by that.
pub struct Assessed<V> {
    value: V,
    outcome: Outcome,
}

impl<V: fmt::Debug> fmt::Debug for Assessed<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

pub(crate) type AssessedResult<T, E> = Result<Assessed<T>, Error<Assessed<E>>>;

/// Assesses what came of an attempt. Refusals and timeouts mean the same to everybody.
#[inline]
pub(crate) fn assessed<T, E>(
    assess: &impl Assess<T, E>,
    result: Result<Result<T, Error<E>>, TimedOut>,
) -> AssessedResult<T, E> {
    match result {
        Ok(Ok(value)) => {
            let outcome = assess.assess(Ok(&value));
            Ok(Assessed { value, outcome })
        }
        Ok(Err(Error::Inner(value))) => {
            let outcome = assess.assess(Err(&value));
            Err(Error::Inner(Assessed { value, outcome }))
        }
        Ok(Err(Error::Rejected(refusal))) => Err(Error::Rejected(refusal)),
        Ok(Err(Error::TimedOut(cut))) | Err(cut) => Err(Error::TimedOut(cut)),
    }
}

/// Goes by what was assessed.
#[derive(Clone, Copy, Debug)]
pub struct ByOutcome;

impl<T, E> Classify<Assessed<T>, Assessed<E>> for ByOutcome {
    #[inline]
    fn classify(self, result: Result<&Assessed<T>, &Assessed<E>>) -> Verdict {
        outcome(result).verdict()
    }
}

impl<T, E> Decide<Assessed<T>, Assessed<E>> for ByOutcome {
    #[inline]
    fn decide(&self, result: Result<&Assessed<T>, &Assessed<E>>) -> Decision {
        outcome(result).decision()
    }
}

#[inline]
fn outcome<T, E>(result: Result<&Assessed<T>, &Assessed<E>>) -> Outcome {
    match result {
        Ok(assessed) => assessed.outcome,
        Err(assessed) => assessed.outcome,
    }
}

/// The retry's rule: what it makes of the last result is what the caller gets.
impl<T, E: fmt::Debug> Rule<AssessedResult<T, E>> for ByOutcome {
    type Output = Result<T, Error<E>>;

    #[inline]
    fn rule(&self, result: &AssessedResult<T, E>, config: impl FnOnce() -> Config) -> Ruling {
        resil_core::Nested(*self).rule(result, config)
    }

    fn text(result: &AssessedResult<T, E>) -> Option<String> {
        <resil_core::Nested<Self> as Rule<_>>::text(result)
    }

    #[inline]
    fn ran(result: AssessedResult<T, E>) -> Self::Output {
        match result {
            Ok(assessed) => Ok(assessed.value),
            Err(error) => Err(error.map_inner(|assessed| assessed.value)),
        }
    }

    fn cut(cut: TimedOut) -> Self::Output {
        Err(Error::TimedOut(cut))
    }
}
