use resil_core::sync::MutexGuard;
use resil_core::{Clock, Moment, Policy, Reason, Rejected, Verdict};

use super::stats::add;
use super::{Book, LimitsPermit, RateLimits};
use crate::Event;
use crate::admission::MORE_THAN_THE_BURST;
use crate::cell::NotNow;
use crate::event::Waited;
use crate::joint::Claim;
use crate::place::{Bookable, Booked};

impl<const N: usize, C: Clock> RateLimits<N, C> {
    /// Takes one permit of each quota, or says when all will have one: an exact hint, never zero.
    pub fn try_acquire(&self) -> Result<(), Rejected> {
        self.take([1; N]).map(drop)
    }

    /// Takes `permits`, a number for each quota, at once or none at all, or says when they will be there: an exact hint, never zero. None
    /// are always there.
    ///
    /// # Errors
    /// More permits than a burst are refused without a hint, as no wait would help.
    pub fn try_acquire_each(&self, permits: [u32; N]) -> Result<(), Rejected> {
        if permits == [0; N] { Ok(()) } else { self.take(permits).map(drop) }
    }

    /// Takes `permits`, which are not all 0, at once or none.
    pub(super) fn take(&self, permits: [u32; N]) -> Result<Claim<N>, Rejected> {
        let (mut book, now) = self.open();
        match book.joint.take(permits, now) {
            Ok(claim) => {
                add(&mut book.tally.acquired, permits);
                Ok(claim)
            }
            Err(not_now) => Err(self.refuse(book, not_now)),
        }
    }

    /// Gives back what of a claim was not spent.
    pub(super) fn refund(&self, claim: Claim<N>, spent: [u32; N]) {
        self.settle_up(Some(claim), claim.permits(), spent);
    }

    /// Gives back what is held and was not used, and charges what was used and is not held.
    pub(super) fn settle_up(&self, claim: Option<Claim<N>>, held: [u32; N], used: [u32; N]) {
        let each =
            |number: fn(u32, u32) -> u32| std::array::from_fn(|quota| number(held[quota], used[quota]));
        let (spent, debt): ([u32; N], [u32; N]) =
            (each(u32::min), each(|held, used| used.saturating_sub(held)));
        let (mut book, now) = self.open();
        if let Some(claim) = claim.filter(|_| spent != held) {
            add(&mut book.tally.refunded, each(u32::saturating_sub));
            book.joint.put_back(claim, spent, now);
        }
        if debt != [0; N] {
            add(&mut book.tally.acquired, debt);
            book.joint.owe(debt, now);
        }
    }

    fn refuse(&self, mut book: MutexGuard<'_, Book<N>>, not_now: NotNow) -> Rejected {
        book.tally.rejected += 1;
        let refusal = match not_now {
            NotNow::After(nanos) => {
                Rejected::new(self.name, Reason::RateLimited).with_retry_after_nanos(nanos)
            }
            NotNow::Never => Rejected::new(self.name, MORE_THAN_THE_BURST),
            // The end of time.
            NotNow::Unclear => Rejected::new(self.name, Reason::RateLimited),
        };
        self.tell(book, || Event::Rejected(refusal));
        refusal
    }
}

impl<const N: usize, C: Clock> Bookable for RateLimits<N, C> {
    type Clock = C;
    type Amount = [u32; N];

    const NOTHING: [u32; N] = [0; N];

    fn clock(&self) -> &C {
        &self.clock
    }

    fn book(
        &self,
        permits: [u32; N],
        latest: impl FnOnce() -> Moment,
    ) -> Result<Booked<LimitsPermit<N>>, Rejected> {
        let latest = latest();
        let (mut book, since) = self.open();
        match book.joint.book(permits, since, latest) {
            Ok(claim) => Ok(Booked { permit: LimitsPermit(claim), at: claim.at, since }),
            Err(not_now) => Err(self.refuse(book, not_now)),
        }
    }

    fn arrive(
        &self,
        LimitsPermit(claim): LimitsPermit<N>,
        permits: [u32; N],
        since: Option<Moment>,
    ) -> LimitsPermit<N> {
        let (mut book, now) = self.open();
        let claim = book.joint.keep(claim, permits, now);
        add(&mut book.tally.acquired, permits);
        if let Some(since) = since {
            let time = now.saturating_duration_since(since);
            book.tally.waited += 1;
            book.tally.waited_time = book.tally.waited_time.saturating_add(time);
            let permits = permits.into_iter().max().unwrap_or(0);
            self.tell(book, || Event::Waited(Waited { name: self.name, permits, time }));
        }
        LimitsPermit(claim)
    }

    fn give_up(&self, LimitsPermit(claim): LimitsPermit<N>) {
        let (mut book, now) = self.open();
        book.tally.cancelled += 1;
        book.joint.put_back(claim, [0; N], now);
    }
}

impl<const N: usize, C: Clock> Policy for RateLimits<N, C> {
    type Permit = LimitsPermit<N>;

    fn admit(&self) -> Result<LimitsPermit<N>, Rejected> {
        self.take([1; N]).map(LimitsPermit)
    }

    /// A call that was made has used its permits, whatever became of it.
    fn settle(&self, _: LimitsPermit<N>, _: Verdict) {}

    fn release(&self, permit: LimitsPermit<N>) {
        self.refund(permit.0, [0; N]);
    }
}
