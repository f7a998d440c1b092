use std::any::Any;
use std::fmt;

use crate::{Policy, Rejected, Verdict};

/// A [`Policy`] whose permit's type is hidden, so that mixed policies fit one list; see [`BoxPolicy`].
///
/// Every policy that can be shared among threads is one. It allocates once per admitted call, unless the permit is empty; no other form allocates.
pub trait ErasedPolicy: Send + Sync {
    /// [`Policy::admit`] with a boxed permit.
    fn admit_erased(&self) -> Result<ErasedPermit, Rejected>;
    /// [`Policy::settle`] with a boxed permit. A permit of another type of policy is dropped without effect.
    fn settle_erased(&self, permit: ErasedPermit, verdict: Verdict);
    /// [`Policy::release`] with a boxed permit. A permit of another type of policy is dropped without effect.
    fn release_erased(&self, permit: ErasedPermit);
}

/// The permit of an [`ErasedPolicy`].
pub struct ErasedPermit(Box<dyn Any + Send>);

impl ErasedPermit {
    /// Hides the type of a permit.
    pub fn new(permit: impl Send + 'static) -> Self {
        Self(Box::new(permit))
    }
}

impl<P> ErasedPolicy for P
where
    P: Policy + Send + Sync,
    P::Permit: 'static,
{
    fn admit_erased(&self) -> Result<ErasedPermit, Rejected> {
        self.admit().map(ErasedPermit::new)
    }

    fn settle_erased(&self, permit: ErasedPermit, verdict: Verdict) {
        if let Ok(permit) = permit.0.downcast() {
            self.settle(*permit, verdict);
        }
    }

    fn release_erased(&self, permit: ErasedPermit) {
        if let Ok(permit) = permit.0.downcast() {
            self.release(*permit);
        }
    }
}

/// Any policy in a box: mixed policies in one `Vec`, or a policy chosen at run time.
///
/// ```
/// # use resil_core::{Policy, Rejected, Verdict};
/// # struct Open; impl Policy for Open { type Permit = u8; fn admit(&self) -> Result<u8, Rejected> { Ok(1) }
/// #   fn settle(&self, _: u8, _: Verdict) {} fn release(&self, _: u8) {} }
/// use resil_core::{BoxPolicy, PolicyExt};
///
/// let policies = [BoxPolicy::new(Open), BoxPolicy::new((Open, Open))];
/// for policy in &policies {
///     assert_eq!(policy.call(|| Ok::<_, ()>(1)), Ok(1));
/// }
/// ```
pub struct BoxPolicy(Box<dyn ErasedPolicy>);

impl BoxPolicy {
    /// Puts `policy` into a box.
    pub fn new(policy: impl ErasedPolicy + 'static) -> Self {
        Self(Box::new(policy))
    }
}

impl Policy for BoxPolicy {
    type Permit = ErasedPermit;

    fn admit(&self) -> Result<ErasedPermit, Rejected> {
        self.0.admit_erased()
    }
    fn settle(&self, permit: ErasedPermit, verdict: Verdict) {
        self.0.settle_erased(permit, verdict);
    }
    fn release(&self, permit: ErasedPermit) {
        self.0.release_erased(permit);
    }
}

impl fmt::Debug for BoxPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxPolicy")
    }
}

impl fmt::Debug for ErasedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasedPermit")
    }
}
