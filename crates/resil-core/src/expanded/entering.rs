use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::Error;
use crate::expanded::Form;

/// What `future` comes to, for the guards around it.
#[inline]
pub const fn enter_async<F: Future, R: Form<F::Output>>(form: R, future: F) -> Entering<F, R> {
    Entering { future, form }
}

pin_project! {
    /// The body of an async function, as the guards around it take it. Cancel-safe if the body is.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Entering<F, R> {
        #[pin]
        future: F,
        form: R,
    }
}

impl<F: Future, R: Form<F::Output>> Future for Entering<F, R> {
    type Output = Result<R::Value, Error<R::Error>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let form = *this.form;
        this.future.poll(cx).map(|returned| form.enter(returned))
    }
}

impl<F, R> fmt::Debug for Entering<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entering").finish_non_exhaustive()
    }
}
