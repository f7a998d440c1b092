use std::sync::Arc;

use crate::{Rejected, Verdict};

/// Something that admits or refuses calls and is told what became of them: a circuit breaker, a limiter, a bulkhead.
///
/// Nobody calls these methods by hand: [`PolicyExt`](crate::PolicyExt) has `call`, `call_async`, `guard` and `wrap` for every policy.
/// A permit goes back to the policy that gave it, exactly once, through [`settle`](Policy::settle) or [`release`](Policy::release).
///
/// A reference, an `Arc` and a `Box` of a policy are policies, and so is a tuple of up to eight: it is asked from left to right and
/// settled from right to left, and when one refuses, what those before it gave is handed back.
///
/// ```
/// use resil_core::{Name, Policy, PolicyExt, Reason, Rejected, Verdict};
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// /// Admits so many calls, ever.
/// struct Budget(AtomicU32);
///
/// impl Policy for Budget {
///     type Permit = ();
///     fn admit(&self) -> Result<(), Rejected> {
///         match self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
///             Ok(_) => Ok(()),
///             Err(_) => Err(Rejected::new(Name::new("budget"), Reason::Other("spent"))),
///         }
///     }
///     fn settle(&self, (): (), _: Verdict) {}
///     fn release(&self, (): ()) {
///         self.0.fetch_add(1, Relaxed);
///     }
/// }
///
/// let budget = Budget(AtomicU32::new(1));
/// assert_eq!(budget.call(|| Ok::<_, ()>(7)), Ok(7));
/// assert!(budget.call(|| Ok::<_, ()>(7)).is_err_and(|e| e.is_rejected()));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy",
    label = "this cannot guard a call",
    note = "a retry, a timeout, a pipeline and a limiter whose calls wait make calls themselves, by their own `call` or attribute"
)]
pub trait Policy {
    /// What an admitted call holds until it is settled.
    type Permit: Send;

    /// Admits the next call or says why not. Never blocks.
    fn admit(&self) -> Result<Self::Permit, Rejected>;

    /// Takes note of what became of an admitted call that started.
    fn settle(&self, permit: Self::Permit, verdict: Verdict);

    /// Undoes an admission whose call never started.
    fn release(&self, permit: Self::Permit);
}

/// The policy that admits everything and is told nothing.
impl Policy for () {
    type Permit = ();

    #[inline]
    fn admit(&self) -> Result<(), Rejected> {
        Ok(())
    }
    #[inline]
    fn settle(&self, (): (), _: Verdict) {}
    #[inline]
    fn release(&self, (): ()) {}
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        impl<P: Policy + ?Sized> Policy for $pointer {
            type Permit = P::Permit;

            #[inline]
            fn admit(&self) -> Result<Self::Permit, Rejected> {
                (**self).admit()
            }
            #[inline]
            fn settle(&self, permit: Self::Permit, verdict: Verdict) {
                (**self).settle(permit, verdict);
            }
            #[inline]
            fn release(&self, permit: Self::Permit) {
                (**self).release(permit);
            }
        }
    )+};
}

forward!(&P, Arc<P>, Box<P>);

/// A policy that could not be had, for example from a full registry, refuses for the reason why.
impl<P: Policy> Policy for Result<P, Rejected> {
    type Permit = P::Permit;

    #[inline]
    fn admit(&self) -> Result<Self::Permit, Rejected> {
        match self {
            Ok(policy) => policy.admit(),
            Err(refusal) => Err(*refusal),
        }
    }

    // Only the policy gave permits.
    #[inline]
    fn settle(&self, permit: Self::Permit, verdict: Verdict) {
        if let Ok(policy) = self {
            policy.settle(permit, verdict);
        }
    }

    #[inline]
    fn release(&self, permit: Self::Permit) {
        if let Ok(policy) = self {
            policy.release(permit);
        }
    }
}
