use std::error::Error as StdError;
use std::io;
use std::ops::Deref;
use std::time::Duration;

use crate::expanded::{Form, Returns};
use crate::{Name, Reason, Rejected, Verdict};

/// An argument for one more attempt.
#[inline]
pub fn cloned_for_each_attempt<A: Clone>(argument: &A) -> A {
    argument.clone()
}

/// Whether `predicate` holds of `error`; it spares the predicate to name the type.
#[inline]
pub fn holds<E>(error: &E, predicate: impl FnOnce(&E) -> bool) -> bool {
    predicate(error)
}

/// The verdict of `classify` on `result`; it spares the classifier to name the types.
#[inline]
pub fn classified<T, E>(result: Result<&T, &E>, classify: impl FnOnce(Result<&T, &E>) -> Verdict) -> Verdict {
    classify(result)
}

/// A classifier of what a function of this form returns.
#[inline]
pub const fn classifying<R, F, C>(_returns: Returns<R>, _form: F, classify: C) -> C
where
    F: Form<R>,
    C: FnOnce(Result<&F::Value, &F::Error>) -> Verdict,
{
    classify
}

/// A predicate on the errors of a function of this form.
#[inline]
pub const fn judging<R, F, P>(_returns: Returns<R>, _form: F, predicate: P) -> P
where
    F: Form<R>,
    P: Fn(&F::Error) -> bool,
{
    predicate
}

/// How long the errors of a function of this form say to wait.
#[inline]
pub const fn hinting<R, F, H>(_returns: Returns<R>, _form: F, hint: H) -> H
where
    F: Form<R>,
    H: Fn(&F::Error) -> Option<Duration>,
{
    hint
}

/// Whether an error, or one of those that brought it about, is of the type `T`.
pub fn is_or_is_caused_by<T: StdError + 'static, M, E: HasCauses<M>>(error: &E) -> bool {
    let mut link = Some(error.first());
    while let Some(error) = link {
        // An error of input or output does not name what is in it as its source, but the source of that.
        let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if error.is::<T>() || carried.is_some_and(<dyn StdError + Send + Sync>::is::<T>) {
            return true;
        }
        link = error.source();
    }
    false
}

/// The refusal of a call whose guard is not in the registry.
#[cold]
pub const fn unknown_name(name: &'static str) -> Rejected {
    Rejected::new(Name::new(name), Reason::Other("the registry knows no such name"))
}

/// An error that can be told by its type, or by that of what brought it about: an error of `std`, or a pointer to one such as
/// `Box<dyn Error>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error that can be told by its type",
    label = "neither an error of `std` nor a pointer to one",
    note = "write a predicate, `|error| ..`"
)]
pub trait HasCauses<M> {
    /// The error itself.
    fn first(&self) -> &(dyn StdError + 'static);
}

/// An error.
#[derive(Debug)]
pub struct Itself;

/// A pointer to an error of a thread.
#[derive(Debug)]
pub struct Local;

/// A pointer to an error that moves between threads.
#[derive(Debug)]
pub struct Shared;

impl<E: StdError + 'static> HasCauses<Itself> for E {
    fn first(&self) -> &(dyn StdError + 'static) {
        self
    }
}

impl<P: Deref<Target = dyn StdError + 'static>> HasCauses<Local> for P {
    fn first(&self) -> &(dyn StdError + 'static) {
        &**self
    }
}

impl<P: Deref<Target = dyn StdError + Send + Sync + 'static>> HasCauses<Shared> for P {
    fn first(&self) -> &(dyn StdError + 'static) {
        &**self
    }
}
