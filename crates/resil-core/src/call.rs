use std::future::Future;

use crate::guard::PanicFuse;
use crate::{ByResult, CallAsync, Error, Flat, Guard, Judge, Nested, Policy, Rejected, Verdict};

/// Calls through any [`Policy`]: the methods that users meet.
///
/// `call*` runs a closure, `call_async*` a future; `*_with` takes a classifier; `*_nested` takes a call that is guarded already, so that
/// its [`Error`] passes through and errors stay flat.
///
/// ```
/// # use resil_core::{Error, Policy, PolicyExt, Rejected, Verdict};
/// # struct Open; impl Policy for Open { type Permit = (); fn admit(&self) -> Result<(), Rejected> { Ok(()) }
/// #   fn settle(&self, (): (), _: Verdict) {} fn release(&self, (): ()) {} }
/// # let (quota, api) = (Open, Open);
/// let answer = (&quota, &api).call(|| "42".parse::<u32>());
/// assert_eq!(answer, Ok(42));
/// ```
///
/// # Panics
/// A panic of the call settles as [`Verdict::Panicked`] and goes on unwinding.
pub trait PolicyExt: Policy {
    /// Runs `f` if the policy admits it; `Ok` is a success and `Err` a failure.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn call<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, Error<E>> {
        run(self, Flat(ByResult), f)
    }

    /// Runs `f` if the policy admits it, and lets `classify` judge its result.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn call_with<T, E>(
        &self,
        classify: impl FnOnce(Result<&T, &E>) -> Verdict,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Error<E>> {
        run(self, Flat(classify), f)
    }

    /// Runs `f`, which is guarded by other policies already: what they refused is ignored, what was cut off is a failure.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn call_nested<T, E>(&self, f: impl FnOnce() -> Result<T, Error<E>>) -> Result<T, Error<E>> {
        run(self, Nested(ByResult), f)
    }

    /// Runs `f`, which is guarded by other policies already, and lets `classify` judge what it did on its own account.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
    #[inline(always)]
    fn call_nested_with<T, E>(
        &self,
        classify: impl FnOnce(Result<&T, &E>) -> Verdict,
        f: impl FnOnce() -> Result<T, Error<E>>,
    ) -> Result<T, Error<E>> {
        run(self, Nested(classify), f)
    }

    /// Runs `future` if the policy admits it; asked at the first poll. Works on any runtime, allocates nothing.
    ///
    /// Cancel-safe: dropped before its end, the call settles as [`Verdict::Cancelled`].
    #[inline]
    fn call_async<F, T, E>(&self, future: F) -> CallAsync<&Self, F, Flat<ByResult>>
    where
        F: Future<Output = Result<T, E>>,
    {
        CallAsync::new(self, future, Flat(ByResult))
    }

    /// Runs `future` if the policy admits it, and lets `classify` judge its result. Cancel-safe like [`call_async`](Self::call_async).
    #[inline]
    fn call_async_with<F, T, E, C>(&self, classify: C, future: F) -> CallAsync<&Self, F, Flat<C>>
    where
        F: Future<Output = Result<T, E>>,
        C: FnOnce(Result<&T, &E>) -> Verdict,
    {
        CallAsync::new(self, future, Flat(classify))
    }

    /// Runs `future`, which is guarded by other policies already. Cancel-safe like [`call_async`](Self::call_async).
    #[inline]
    fn call_async_nested<F, T, E>(&self, future: F) -> CallAsync<&Self, F, Nested<ByResult>>
    where
        F: Future<Output = Result<T, Error<E>>>,
    {
        CallAsync::new(self, future, Nested(ByResult))
    }

    /// Runs `future`, which is guarded by other policies already, and lets `classify` judge what it did on its own account.
    /// Cancel-safe like [`call_async`](Self::call_async).
    #[inline]
    fn call_async_nested_with<F, T, E, C>(&self, classify: C, future: F) -> CallAsync<&Self, F, Nested<C>>
    where
        F: Future<Output = Result<T, Error<E>>>,
        C: FnOnce(Result<&T, &E>) -> Verdict,
    {
        CallAsync::new(self, future, Nested(classify))
    }

    /// Admits a call that the code around it makes by itself, and settles it when the guard ends.
    #[inline]
    fn guard(&self) -> Result<Guard<'_, Self>, Rejected> {
        Ok(Guard::new(self, self.admit()?))
    }

    /// Turns a function into a guarded function. Several arguments go in as a tuple.
    ///
    /// ```
    /// # use resil_core::{Policy, PolicyExt, Rejected, Verdict};
    /// # struct Open; impl Policy for Open { type Permit = (); fn admit(&self) -> Result<(), Rejected> { Ok(()) }
    /// #   fn settle(&self, (): (), _: Verdict) {} fn release(&self, (): ()) {} }
    /// static API: Open = Open;
    /// let parse = API.wrap(|text: &str| text.parse::<u32>());
    /// assert_eq!(parse("42"), Ok(42));
    /// ```
    fn wrap<A, T, E, F>(&self, f: F) -> impl Fn(A) -> Result<T, Error<E>>
    where
        F: Fn(A) -> Result<T, E>,
    {
        move |argument| self.call(|| f(argument))
    }

    /// Turns an async function into a guarded async function. Several arguments go in as a tuple.
    ///
    /// `f` itself is called at once, and the future that it returns is guarded: what must not happen when the call is refused belongs
    /// into the future, where an `async fn` has all of its body.
    fn wrap_async<'a, A, T, E, F, Fut>(
        &'a self,
        f: F,
    ) -> impl Fn(A) -> CallAsync<&'a Self, Fut, Flat<ByResult>>
    where
        F: Fn(A) -> Fut,
        Fut: Future<Output = Result<T, E>> + 'a,
    {
        move |argument| self.call_async(f(argument))
    }
}

impl<P: Policy + ?Sized> PolicyExt for P {}

#[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
#[inline(always)]
fn run<P, R, J>(policy: &P, judge: J, f: impl FnOnce() -> R) -> J::Output
where
    P: Policy + ?Sized,
    J: Judge<R>,
{
    let permit = match policy.admit() {
        Ok(permit) => permit,
        Err(refusal) => return J::refused(refusal),
    };
    run_admitted(policy, permit, judge, f)
}

/// Runs a call that is admitted already and holds `permit`.
#[expect(clippy::inline_always, reason = "a real call costs as much as an admission")]
#[inline(always)]
pub(crate) fn run_admitted<P, R, J>(
    policy: &P,
    permit: P::Permit,
    judge: J,
    f: impl FnOnce() -> R,
) -> J::Output
where
    P: Policy + ?Sized,
    J: Judge<R>,
{
    let mut permit = Some(permit);
    let fuse = PanicFuse::new(policy, &mut permit);
    let result = f();
    fuse.settle(judge.verdict(&result));
    J::ran(result)
}
