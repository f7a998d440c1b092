use crate::Attempt;

/// What is tried, and tried again: a closure without an argument, or with the [`Attempt`] as its argument.
///
/// `M` only tells the two apart; nobody names it.
///
/// ```
/// use resil_retry::{Attempt, Operation};
///
/// fn needs<M>(_: impl Operation<M, Output = Result<u32, ()>>) {}
/// needs(|| Ok(42));
/// needs(|attempt: Attempt| Ok(attempt.number()));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation that can be tried again",
    label = "expected a closure that takes nothing, or an `Attempt`, and can be called more than once",
    note = "write `|| ..` or `|attempt: Attempt| ..`; what is moved out of the closure has to be cloned for each attempt"
)]
pub trait Operation<M> {
    /// What an attempt gives: a result, or a future of one.
    type Output;

    /// Makes an attempt.
    fn attempt(&mut self, attempt: Attempt) -> Self::Output;
}

impl<F, R> Operation<fn() -> R> for F
where
    F: FnMut() -> R,
{
    type Output = R;

    #[inline]
    fn attempt(&mut self, _: Attempt) -> R {
        self()
    }
}

impl<F, R> Operation<fn(Attempt) -> R> for F
where
    F: FnMut(Attempt) -> R,
{
    type Output = R;

    #[inline]
    fn attempt(&mut self, attempt: Attempt) -> R {
        self(attempt)
    }
}
