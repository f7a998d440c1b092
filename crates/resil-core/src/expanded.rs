//! What the attributes of `resil-macros` expand to. It is no part of the interface, and may change in any version.
//!
//! A decorated function keeps its signature, so what it returns has to say what became of the call. [`Returns`] finds out in which
//! [`Form`] it does: as [`Error`](crate::Error) itself ([`Passing`]), as an error that is made from a refusal ([`Converting`]), or not at all
//! ([`Plain`]).

mod entering;
mod form;
mod leaving;
mod reports;
mod told;

pub use entering::{Entering, enter_async};
pub use form::{Converting, Form, FormOfAnything, FormOfResult, Passing, Plain, Returns};
pub use leaving::{Leaving, leave_async};
pub use reports::{CanSayRefused, FromRefusal, FromTimeout};
pub use told::{
    HasCauses, classified, classifying, cloned_for_each_attempt, hinting, holds, is_or_is_caused_by, judging,
    unknown_name,
};

use std::future::Future;

// Each gives back what it got: were it lent, an async function would have to keep it over its waits.

/// A body that is called once, so that it may give away what it captured, and what it returns.
#[inline]
pub const fn once<R, F: FnOnce() -> R>(f: F) -> (F, Returns<R>) {
    (f, Returns::new())
}

/// A body that is called for each attempt, and what it returns.
#[inline]
pub const fn each_time<R, F: FnMut() -> R>(f: F) -> (F, Returns<R>) {
    (f, Returns::new())
}

/// A body that is a future, and what it comes to.
#[inline]
pub const fn future<F: Future>(future: F) -> (F, Returns<F::Output>) {
    (future, Returns::new())
}

/// A body that is a future for each attempt, and what these come to.
#[inline]
pub const fn each_future<Fut: Future, F: FnMut() -> Fut>(f: F) -> (F, Returns<Fut::Output>) {
    (f, Returns::new())
}
