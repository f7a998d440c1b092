use crate::{Policy, Rejected, Verdict};

/// One member's permit, which goes back when the tuple is not admitted as a whole.
struct Admitted<'a, P: Policy> {
    policy: &'a P,
    permit: Option<P::Permit>,
}

impl<'a, P: Policy> Admitted<'a, P> {
    #[inline]
    fn by(policy: &'a P) -> Result<Self, Rejected> {
        Ok(Self { policy, permit: Some(policy.admit()?) })
    }

    #[inline]
    fn keep(mut self) -> P::Permit {
        match self.permit.take() {
            Some(permit) => permit,
            None => unreachable!("only `keep` and `drop` take the permit, and both end this value"),
        }
    }
}

impl<P: Policy> Drop for Admitted<'_, P> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.policy.release(permit);
        }
    }
}

/// One member's permit that settles, or is released if there is no verdict, at the end of the scope.
///
/// Values drop in reverse order, also while a panic unwinds, so that a tuple is settled from right to left whatever a member does.
struct Returning<'a, P: Policy> {
    policy: &'a P,
    permit: Option<P::Permit>,
    verdict: Option<Verdict>,
}

impl<P: Policy> Drop for Returning<'_, P> {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            match self.verdict {
                Some(verdict) => self.policy.settle(permit, verdict),
                None => self.policy.release(permit),
            }
        }
    }
}

macro_rules! tuple {
    ($($P:ident $member:ident $index:tt),+) => {
        impl<$($P: Policy),+> Policy for ($($P,)+) {
            type Permit = ($($P::Permit,)+);

            #[inline]
            fn admit(&self) -> Result<Self::Permit, Rejected> {
                $(let $member = Admitted::by(&self.$index)?;)+
                Ok(($($member.keep(),)+))
            }

            #[inline]
            fn settle(&self, permit: Self::Permit, verdict: Verdict) {
                $(let $member = Returning { policy: &self.$index, permit: Some(permit.$index), verdict: Some(verdict) };)+
                let _in_reverse = ($(&$member,)+);
            }

            #[inline]
            fn release(&self, permit: Self::Permit) {
                $(let $member = Returning { policy: &self.$index, permit: Some(permit.$index), verdict: None };)+
                let _in_reverse = ($(&$member,)+);
            }
        }
    };
}

tuple!(A a 0);
tuple!(A a 0, B b 1);
tuple!(A a 0, B b 1, C c 2);
tuple!(A a 0, B b 1, C c 2, D d 3);
tuple!(A a 0, B b 1, C c 2, D d 3, E e 4);
tuple!(A a 0, B b 1, C c 2, D d 3, E e 4, F f 5);
tuple!(A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6);
tuple!(A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7);
