use std::fmt;
use std::time::Duration;

use resil_core::sync::{Mutex, lock};
use resil_core::{Clock, Counters, MonotonicClock, Name, Observers, Subscription, const_fn};

use crate::cell::{Cell, Reading, UNSTARTED};
use crate::event::QuotaChanged;
use crate::gcra::Gcra;
use crate::holes::Holes;
use crate::{Event, Quota, QuotaError, Stats};

/// A rate limiter: gives so many permits per period, a burst of them at once, and tells everybody else when to come again.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimiter};
///
/// static SEARCH: RateLimiter = RateLimiter::new("search", Quota::per_second(100).burst(20));
///
/// match SEARCH.try_acquire() {
///     Ok(()) => println!("go"),
///     Err(refusal) => println!("come back in {:?}", refusal.retry_after()),
/// }
/// ```
///
/// Calls are made through [`PolicyExt`](crate::PolicyExt), which every policy has, or after one of the `acquire` methods, which wait:
/// [`acquire_with`](Self::acquire_with) on any runtime, [`acquire_blocking`](Self::acquire_blocking) on threads. Those who wait are
/// served in the order in which they came, and nobody overtakes them. One limiter stands for one contract, so share it: in a
/// `static`, by reference or in an `Arc`.
///
/// In any span of time T, at most `burst + rate · T` permits are given, at the moment of [`try_acquire`](Self::try_acquire) or at the
/// instant that a wait was told; and whoever asks is given one as soon as that bound allows. Permits that come back free exactly what
/// they held, as far as it still lies ahead.
///
/// The algorithm is GCRA (ITU-T I.371) on one atomic word, in whole numbers.
// In this order, so that what a call touches lies in the first cache line.
#[repr(C, align(64))]
pub struct RateLimiter<C = MonotonicClock> {
    pub(crate) cell: Cell,
    pub(crate) counts: bool,
    pub(crate) may_stripe: bool,
    pub(crate) counters: Counters<6>,
    pub(crate) book: Mutex<Book>,
    pub(crate) observers: Observers<Event>,
    name: Name,
    pub(crate) clock: C,
}

/// What is only touched under the lock.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) quota: Quota,
    pub(crate) holes: Holes,
}

// The counters.
pub(crate) const ACQUIRED: usize = 0;
pub(crate) const REFUNDED: usize = 1;
pub(crate) const REJECTED: usize = 2;
pub(crate) const WAITED: usize = 3;
pub(crate) const WAITED_NANOS: usize = 4;
pub(crate) const CANCELLED: usize = 5;

/// What a limiter would answer at one instant.
///
/// ```
/// use resil_ratelimit::{ManualClock, Quota, RateLimiter};
/// use std::time::Duration;
///
/// let limiter = RateLimiter::with_clock("search".into(), Quota::per_second(10).burst(2), ManualClock::new());
/// limiter.try_acquire()?;
/// let peek = limiter.peek();
/// assert_eq!((peek.available, peek.next_in), (1, Duration::ZERO));
/// assert_eq!(peek.full_in, Duration::from_millis(100));
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Peek {
    /// Whole permits that are free.
    pub available: u32,
    /// How long until one is free, rounded up to nanoseconds; zero if there is one.
    pub next_in: Duration,
    /// How long until the whole burst is free, rounded up to nanoseconds.
    pub full_in: Duration,
}

impl RateLimiter {
    const_fn! {
        /// A limiter for a `static`, checked when it is compiled.
        ///
        /// ```compile_fail,E0080
        /// use resil_ratelimit::{Quota, RateLimiter};
        /// // "burst is out of range, allowed is 1 or more"
        /// static SEARCH: RateLimiter = RateLimiter::new("search", Quota::per_second(100).burst(0));
        /// ```
        ///
        /// # Panics
        /// If the quota is out of its range, in const evaluation as an error of compilation. Use [`try_new`](Self::try_new) for
        /// quotas that come from outside.
        pub const fn new(name: &'static str, quota: Quota) -> Self {
            Self::with_clock(Name::new(name), quota, MonotonicClock)
        }

        /// A limiter without a name: texts say "unnamed".
        ///
        /// # Panics
        /// As [`new`](Self::new).
        pub const fn unnamed(quota: Quota) -> Self {
            Self::with_clock(Name::UNNAMED, quota, MonotonicClock)
        }

        /// A limiter, or what of the quota is out of its range. For a name from configuration see [`Name::intern`].
        pub const fn try_new(name: &'static str, quota: Quota) -> Result<Self, QuotaError> {
            match Gcra::of(quota) {
                Ok(gcra) => Ok(Self::checked(Name::new(name), quota, gcra, MonotonicClock)),
                Err(error) => Err(error),
            }
        }
    }
}

impl<C: Clock> RateLimiter<C> {
    const_fn! {
        /// A limiter on a clock of your own.
        ///
        /// ```
        /// use resil_ratelimit::{ManualClock, Quota, RateLimiter};
        /// use std::time::Duration;
        ///
        /// let clock = ManualClock::new();
        /// let limiter = RateLimiter::with_clock("search".into(), Quota::per_minute(1), clock.clone());
        /// assert!(limiter.try_acquire().is_ok());
        /// assert_eq!(limiter.try_acquire().unwrap_err().retry_after(), Some(Duration::from_secs(60)));
        /// clock.advance(Duration::from_secs(60));
        /// assert!(limiter.try_acquire().is_ok());
        /// ```
        ///
        /// # Panics
        /// As [`new`](RateLimiter::new).
        pub const fn with_clock(name: Name, quota: Quota, clock: C) -> Self {
            match Gcra::of(quota) {
                Ok(gcra) => Self::checked(name, quota, gcra, clock),
                Err(error) => panic!("{}", error.complaint()),
            }
        }
    }

    const_fn! {
        const fn checked(name: Name, quota: Quota, gcra: Gcra, clock: C) -> Self {
            Self {
                cell: Cell::new(gcra, quota.initial_permits() == quota.burst_size()),
                counts: true,
                may_stripe: true,
                counters: Counters::new(),
                book: Mutex::new(Book { quota, holes: Holes::new() }),
                observers: Observers::new(),
                name,
                clock,
            }
        }
    }

    /// A limiter on a clock of your own, or what of the quota is out of its range.
    pub fn try_with_clock(name: Name, quota: Quota, clock: C) -> Result<Self, QuotaError> {
        Gcra::of(quota).map(|gcra| Self::checked(name, quota, gcra, clock))
    }

    /// Whether permits and refusals are counted; on unless set. Each count is one atomic addition.
    #[must_use = "the limiter is taken and returned"]
    pub const fn counters(mut self, on: bool) -> Self {
        self.counts = on;
        self
    }

    /// Whether contention that is seen may spread the counters over several cache lines of 128 bytes; on unless set.
    #[must_use = "the limiter is taken and returned"]
    pub const fn striped(mut self, on: bool) -> Self {
        self.may_stripe = on;
        self
    }

    /// The limiter's name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The quota in force: the one that it was made with, or that of the last [`set_quota`](Self::set_quota).
    pub fn quota(&self) -> Quota {
        lock(&self.book).quota
    }

    /// What a call would find now. Changes nothing.
    pub fn peek(&self) -> Peek {
        self.with_reading(|Reading { tat, gcra, .. }, now| {
            let full_in = Duration::from_nanos(gcra.nanos(tat.saturating_sub(now)));
            Peek { available: gcra.available(tat, now), next_in: gcra.wait(tat, now, gcra.interval), full_in }
        })
    }

    /// The whole permits that are free now. Changes nothing.
    pub fn available(&self) -> u32 {
        self.with_reading(|Reading { tat, gcra, .. }, now| gcra.available(tat, now))
    }

    /// How long until one permit is free, zero if there is one. Changes nothing.
    pub fn time_until_available(&self) -> Duration {
        self.with_reading(|Reading { tat, gcra, .. }, now| gcra.wait(tat, now, gcra.interval))
    }

    /// How long until `permits` are free at once; `None` if they are more than the burst, and so never will be. Changes nothing.
    pub fn time_until_available_n(&self, permits: u32) -> Option<Duration> {
        self.with_reading(|Reading { tat, gcra, .. }, now| Some(gcra.wait(tat, now, gcra.cost(permits)?)))
    }

    /// Begins anew, with the quota's initial permits. Bookings keep their instants: where some are still to come, the limiter begins
    /// anew at the last of them.
    pub fn reset(&self) {
        let mut book = lock(&self.book);
        if let Some(Reading { gcra, .. }) = self.cell.read() {
            let now = gcra.ticks(self.clock.now());
            let initial = book.quota.initial_permits();
            self.cell.change(gcra, |tat| gcra.tat_with(initial, gcra.first_free(tat, now)));
            book.holes.clear();
        }
        self.tell(book, || Event::Reset(self.name));
    }

    /// Goes over to another quota. The same share of the burst stays consumed, and bookings keep their instants.
    pub fn set_quota(&self, quota: Quota) -> Result<(), QuotaError> {
        let to = Gcra::of(quota)?;
        let mut book = lock(&self.book);
        let from = book.quota;
        if let Some(Reading { gcra, .. }) = self.cell.read().filter(|_| from != quota) {
            let now = self.clock.now();
            self.cell.change(to, |tat| gcra.carry_over(tat, now, to));
            book.holes.clear();
            book.quota = quota;
            self.tell(book, || Event::QuotaChanged(QuotaChanged { name: self.name, from, to: quota }));
        }
        Ok(())
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> Stats {
        let expired_bookings = {
            let book = lock(&self.book);
            let now = self.clock.now();
            book.holes.expired_by(self.cell.read().map_or(0, |Reading { gcra, .. }| gcra.ticks(now)))
        };
        let sums = self.counters.sums();
        Stats {
            name: self.name,
            acquired: sums[ACQUIRED],
            refunded: sums[REFUNDED],
            rejected: sums[REJECTED],
            waited: sums[WAITED],
            waited_time: Duration::from_nanos(sums[WAITED_NANOS]),
            cancelled: sums[CANCELLED],
            expired_bookings,
            available: self.available(),
            counters: self.counts,
            events_lost: self.observers.events_lost(),
            listener_panics: self.observers.listener_panics(),
        }
    }

    /// Calls `listener` for every later [`Event`], until the returned subscription is dropped.
    ///
    /// Listeners run after locks are released, one event at a time, on the thread of some caller; so they should be quick. They may
    /// call the limiter. One that panics is counted in [`Stats::listener_panics`] and harms nobody.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.observers.observe(listener)
    }

    /// Runs `read` on the words as they belong together and on the present instant, in ticks.
    fn with_reading<R>(&self, read: impl FnOnce(Reading, u64) -> R) -> R {
        let now = self.clock.now();
        let mut reading = loop {
            match self.cell.read() {
                Some(reading) => break reading,
                // Until whoever changes the quota is done.
                None => drop(lock(&self.book)),
            }
        };
        let ticks = reading.gcra.ticks(now);
        if reading.tat == UNSTARTED {
            reading.tat = reading.gcra.tat_with(lock(&self.book).quota.initial_permits(), ticks);
        }
        read(reading, ticks)
    }

    /// Tells listeners of something that happened under the lock, in the order of the lock.
    fn tell(&self, book: impl Sized, event: impl FnOnce() -> Event) {
        let is_observed = self.observers.is_observed();
        if is_observed {
            self.observers.enqueue(event());
        }
        drop(book);
        if is_observed {
            self.observers.deliver();
        }
    }
}

impl<C: Clock> fmt::Debug for RateLimiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("name", &self.name)
            .field("quota", &self.quota())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
