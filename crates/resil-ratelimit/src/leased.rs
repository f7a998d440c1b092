use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::sync::place;
use resil_core::{Clock, MonotonicClock, Policy, Rejected, Verdict, seeded_bug};

use crate::quota_error::{Value, range};
use crate::{QuotaError, RateLimiter, Stats};

/// A limiter that hands its permits to threads in small batches, so that most calls touch neither the clock nor a shared word.
///
/// The price is exactness: a permit that lies in a thread's batch may be used at any later time, so in a span T up to
/// [`max_excess`](Self::max_excess) permits more than `burst + rate · T` are given: the batch times the number of slots, of which there
/// are two for each processor. None is lost: who finds the limiter empty takes from the other threads' batches.
///
/// For limits that protect one's own machine, from many threads at once. A contract with somebody else wants the
/// [`RateLimiter`] itself.
///
/// ```
/// use resil_ratelimit::{Leased, Quota, RateLimiter};
///
/// static INTAKE: RateLimiter = RateLimiter::new("intake", Quota::per_second(1_000_000).burst(10_000));
///
/// let intake = Leased::new(&INTAKE, 32)?;
/// assert!(intake.try_acquire().is_ok());
/// # Ok::<_, resil_ratelimit::QuotaError>(())
/// ```
pub struct Leased<P, C = MonotonicClock> {
    limiter: P,
    batch: u32,
    slots: Box<[Slot]>,
    clock: PhantomData<fn() -> C>,
}

/// What lies ready for the threads of one place: one cache line, or two where the processor fetches them in pairs.
#[repr(align(128))]
struct Slot {
    held: AtomicU64,
}

impl<P: Borrow<RateLimiter<C>>, C: Clock> Leased<P, C> {
    /// `limiter`, by reference or in an `Arc`, whose permits are handed out in batches of `batch`: 1 to the burst, and at most 1,024.
    pub fn new(limiter: P, batch: u32) -> Result<Self, QuotaError> {
        if !(1..=limiter.borrow().quota().burst_size().min(1_024)).contains(&batch) {
            return Err(QuotaError::new(range::BATCH, Value::Count(batch.into())));
        }
        let slots = slots();
        Ok(Self { limiter, batch, slots, clock: PhantomData })
    }

    /// The limiter that the permits come from.
    pub fn limiter(&self) -> &RateLimiter<C> {
        self.limiter.borrow()
    }

    /// The permits of a batch.
    pub const fn batch(&self) -> u32 {
        self.batch
    }

    /// How many permits more than the limiter's bound may be given in any span of time.
    pub fn max_excess(&self) -> u64 {
        u64::from(self.batch) * self.slots.len() as u64
    }

    /// How many permits lie in the threads' batches.
    pub fn leased(&self) -> u64 {
        self.slots.iter().map(|slot| slot.held.load(Ordering::Relaxed)).sum()
    }

    /// Takes one permit from this thread's batch, from the limiter, or from the batch of another thread; or says when there will be one.
    #[inline]
    pub fn try_acquire(&self) -> Result<(), Rejected> {
        let slot = self.slot();
        if take_one(slot) { Ok(()) } else { self.lease(slot) }
    }

    /// The limiter's statistics, without what lies in the batches: exact at rest.
    pub fn stats(&self) -> Stats {
        let stats = self.limiter().stats();
        Stats { acquired: stats.acquired.saturating_sub(self.leased()), ..stats }
    }

    #[inline]
    fn slot(&self) -> &AtomicU64 {
        // Their number is a power of two.
        &self.slots[place() as usize & (self.slots.len() - 1)].held
    }

    #[cold]
    fn lease(&self, slot: &AtomicU64) -> Result<(), Rejected> {
        let limiter = self.limiter();
        if let Some(charge) = limiter.take_if_any(self.batch) {
            let rest = u64::from(self.batch) - 1;
            seeded_bug!("lease_added" => {
                slot.fetch_add(rest, Ordering::Relaxed);
                return Ok(());
            });
            if rest > 0 && slot.compare_exchange(0, rest, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                // Another thread that has the same slot was faster; two batches would break the bound.
                limiter.refund(charge.without_the_first(1));
            }
            return Ok(());
        }
        if limiter.take_if_any(1).is_some() || self.slots.iter().any(|slot| take_one(&slot.held)) {
            return Ok(());
        }
        limiter.try_acquire()
    }

    /// Puts a permit that was not used into a batch that has room for it.
    fn put_back(&self) {
        let has_room = |slot: &&Slot| {
            let add = |held: u64| (held < u64::from(self.batch)).then_some(held + 1);
            slot.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
        };
        // Where all are full, the limiter has as many to give as it may ever have; this one is lost.
        let _ = self.slots.iter().find(has_room);
    }
}

#[inline]
fn take_one(slot: &AtomicU64) -> bool {
    let mut held = slot.load(Ordering::Relaxed);
    while held > 0 {
        match slot.compare_exchange_weak(held, held - 1, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(other) => held = other,
        }
    }
    false
}

fn slots() -> Box<[Slot]> {
    #[cfg(not(any(loom, shuttle)))]
    let slots = (2 * std::thread::available_parallelism().map_or(4, usize::from)).next_power_of_two();
    #[cfg(any(loom, shuttle))]
    let slots = 1;
    (0..slots).map(|_| Slot { held: AtomicU64::new(0) }).collect()
}

impl<P: Borrow<RateLimiter<C>>, C: Clock> Policy for Leased<P, C> {
    type Permit = ();

    #[inline]
    fn admit(&self) -> Result<(), Rejected> {
        self.try_acquire()
    }

    #[inline]
    fn settle(&self, (): (), _: Verdict) {}

    #[cold]
    fn release(&self, (): ()) {
        self.put_back();
    }
}

impl<P: Borrow<RateLimiter<C>>, C: Clock> fmt::Debug for Leased<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased")
            .field("limiter", self.limiter())
            .field("batch", &self.batch)
            .field("leased", &self.leased())
            .finish_non_exhaustive()
    }
}
