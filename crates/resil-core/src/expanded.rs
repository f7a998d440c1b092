//! What the attributes of `resil-macros` expand to. It is no part of the interface, and may change in any version.
//!
//! A decorated function keeps its signature, so what it returns has to say what became of the call. [`Returns`] finds out in which
//! [`Form`] it does: as [`Error`] itself ([`Passing`]), as an error that is made from a refusal ([`Converting`]), or not at all
//! ([`Plain`]).

mod entering;
mod form;
mod reports;
mod told;

pub use entering::{Entering, enter_async};
pub use form::{Converting, Form, FormOfAnything, FormOfResult, Passing, Plain, Returns};
pub use reports::{CanSayRefused, FromRefusal, FromTimeout};
pub use told::{
    HasCauses, classified, classifying, cloned_for_each_attempt, hinting, holds, is_or_is_caused_by, judging,
    unknown_name,
};

use std::future::Future;

/// Takes a closure for one that is called once, so that it may give away what it captured.
#[inline]
pub const fn once<R, F: FnOnce() -> R>(f: F) -> F {
    f
}

/// Takes a closure for one that is called for each attempt.
#[inline]
pub const fn each_time<R, F: FnMut() -> R>(f: F) -> F {
    f
}

/// What `_f` returns.
#[inline]
pub const fn returned_by<R, F: FnOnce() -> R>(_f: &F) -> Returns<R> {
    Returns::new()
}

/// What `_future` comes to.
#[inline]
pub const fn output_of<F: Future>(_future: &F) -> Returns<F::Output> {
    Returns::new()
}

/// What the futures come to that `_f` makes.
#[inline]
pub const fn output_of_each<Fut: Future, F: FnMut() -> Fut>(_f: &F) -> Returns<Fut::Output> {
    Returns::new()
}
