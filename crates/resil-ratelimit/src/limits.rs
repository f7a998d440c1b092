mod acquire;
mod admission;
mod permit;
mod reservation;
mod stats;

use std::fmt;
use std::time::Duration;

use resil_core::sync::{Mutex, MutexGuard, lock};
use resil_core::{Clock, Moment, MonotonicClock, Name, Observers, Subscription, const_fn};

pub use acquire::LimitsAcquire;
pub use permit::LimitsPermit;
pub use reservation::LimitsReservation;
pub use stats::LimitsStats;

use crate::cell::NotNow;
use crate::event::QuotaChanged;
use crate::gcra::Gcra;
use crate::joint::Joint;
use crate::{Event, Peek, Quota, QuotaError};
use stats::Tally;

/// Several quotas of one contract that are decided together: per second and per day, or requests and tokens per minute.
///
/// Either all of them give what is asked, or none is charged and the refusal says when all would give.
///
/// ```
/// use resil_ratelimit::{Quota, RateLimits};
///
/// static OPENAI: RateLimits<2> = RateLimits::new("openai", [
///     Quota::per_minute(500),    // requests
///     Quota::per_minute(90_000), // tokens
/// ]);
///
/// match OPENAI.try_acquire_each([1, 1_500]) {
///     Ok(()) => println!("go"),
///     Err(refusal) => println!("come back in {:?}", refusal.retry_after()),
/// }
/// ```
///
/// # What holds
///
/// Each quota keeps the bound that it has alone in a [`RateLimiter`](crate::RateLimiter): in any span of time T at most
/// `burst + rate · T` of its permits are given, at the moment of [`try_acquire`](Self::try_acquire) or at the instant that a wait was
/// told. Whoever asks is given all as soon as every bound allows. Who asks a quota for no permits does not depend on it.
///
/// # Waiting
///
/// [`acquire_with`](Self::acquire_with) waits on any runtime, [`acquire_blocking`](Self::acquire_blocking) on threads. Each wait books
/// its place on all quotas for one instant, the first at which all have enough, so those who wait are served in the order in which they
/// came, light and heavy ones. Who comes later is never served first by a quota that somebody already waits for. Meanwhile the other
/// quotas keep what the wait will take: they fill up, but do not lend it.
///
/// # Giving back
///
/// What comes back and was the last to be taken is undone without a trace. From the middle, each quota gets back what still lies ahead,
/// unless somebody behind it was told an instant; then the place is kept for the next who has to wait, and is worth nothing once its
/// time has come ([`LimitsStats::expired_bookings`]).
///
/// # As a policy
///
/// A call through [`PolicyExt`](crate::PolicyExt) takes one permit of each quota, and gives them back if another policy of its tuple
/// refuses. Limits that belong to different owners, one for each tenant and one for all, stand side by side in a tuple.
///
/// # Cost
///
/// A lock, a reading of the clock, and a few nanoseconds for each quota; no call allocates, except that the first place from the middle
/// that is given up does.
pub struct RateLimits<const N: usize, C = MonotonicClock> {
    book: Mutex<Book<N>>,
    observers: Observers<Event>,
    name: Name,
    clock: C,
}

/// What is only touched under the lock.
#[derive(Debug)]
struct Book<const N: usize> {
    joint: Joint<N>,
    tally: Tally<N>,
}

impl<const N: usize> RateLimits<N> {
    const_fn! {
        /// Limits for a `static`, checked when they are compiled.
        ///
        /// ```compile_fail,E0080
        /// use resil_ratelimit::{Quota, RateLimits};
        /// // "burst is out of range, allowed is 1 or more"
        /// static SEARCH: RateLimits<2> = RateLimits::new("search", [Quota::per_second(9), Quota::per_day(100).burst(0)]);
        /// ```
        ///
        /// There has to be at least one quota:
        ///
        /// ```compile_fail,E0080
        /// let none = resil_ratelimit::RateLimits::new("none", []);
        /// ```
        ///
        /// # Panics
        /// If a quota is out of its range, in const evaluation as an error of compilation. Use [`try_new`](Self::try_new) for quotas
        /// that come from outside.
        pub const fn new(name: &'static str, quotas: [Quota; N]) -> Self {
            Self::with_clock(Name::new(name), quotas, MonotonicClock)
        }

        /// Limits without a name: texts say "unnamed".
        ///
        /// # Panics
        /// As [`new`](Self::new).
        pub const fn unnamed(quotas: [Quota; N]) -> Self {
            Self::with_clock(Name::UNNAMED, quotas, MonotonicClock)
        }

        /// Limits, or what of a quota is out of its range, and of which. For a name from configuration see [`Name::intern`].
        ///
        /// ```
        /// use resil_ratelimit::{Quota, RateLimits};
        ///
        /// let error = RateLimits::try_new("search", [Quota::per_second(9), Quota::per_day(100).burst(0)]).unwrap_err();
        /// assert_eq!(error.to_string(), "quotas[1].burst: 0 is out of range, allowed is 1 or more");
        /// ```
        pub const fn try_new(name: &'static str, quotas: [Quota; N]) -> Result<Self, QuotaError> {
            match Joint::gcras(&quotas) {
                Ok(gcras) => Ok(Self::checked(Name::new(name), quotas, gcras, MonotonicClock)),
                Err(error) => Err(error),
            }
        }
    }
}

impl<const N: usize, C: Clock> RateLimits<N, C> {
    const_fn! {
        /// Limits on a clock of your own.
        ///
        /// ```
        /// use resil_ratelimit::{ManualClock, Quota, RateLimits};
        /// use std::time::Duration;
        ///
        /// let clock = ManualClock::new();
        /// let quotas = [Quota::per_second(1), Quota::per_hour(2)];
        /// let limits = RateLimits::with_clock("search".into(), quotas, clock.clone());
        /// assert!(limits.try_acquire().is_ok());
        /// assert_eq!(limits.try_acquire().unwrap_err().retry_after(), Some(Duration::from_secs(1)));
        /// clock.advance(Duration::from_secs(1));
        /// assert!(limits.try_acquire().is_ok());
        /// // Now the hour's quota has none for longer.
        /// assert_eq!(limits.try_acquire().unwrap_err().retry_after(), Some(Duration::from_secs(1_799)));
        /// assert_eq!(limits.available(), [0, 0]);
        /// ```
        ///
        /// # Panics
        /// As [`new`](RateLimits::new).
        pub const fn with_clock(name: Name, quotas: [Quota; N], clock: C) -> Self {
            match Joint::gcras(&quotas) {
                Ok(gcras) => Self::checked(name, quotas, gcras, clock),
                Err(error) => panic!("{}", error.complaint()),
            }
        }
    }

    const_fn! {
        const fn checked(name: Name, quotas: [Quota; N], gcras: [Gcra; N], clock: C) -> Self {
            const { assert!(N > 0, "the number of quotas is out of range, allowed is 1 or more") };
            let book = Book { joint: Joint::new(quotas, gcras), tally: Tally::ZERO };
            Self { book: Mutex::new(book), observers: Observers::new(), name, clock }
        }
    }

    /// Limits on a clock of your own, or what of a quota is out of its range, and of which.
    pub fn try_with_clock(name: Name, quotas: [Quota; N], clock: C) -> Result<Self, QuotaError> {
        Joint::gcras(&quotas).map(|gcras| Self::checked(name, quotas, gcras, clock))
    }

    /// The name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The quotas in force: those that it was made with, or those of the last [`set_quotas`](Self::set_quotas).
    pub fn quotas(&self) -> [Quota; N] {
        lock(&self.book).joint.quotas()
    }

    /// What each quota would answer now by itself. Changes nothing.
    pub fn peek(&self) -> [Peek; N] {
        let (book, now) = self.open();
        book.joint.peek(now)
    }

    /// The whole permits of each quota that are free now. Changes nothing.
    pub fn available(&self) -> [u32; N] {
        self.peek().map(|peek| peek.available)
    }

    /// How long until one permit of each quota is free, zero if there is. Changes nothing.
    pub fn time_until_available(&self) -> Duration {
        self.time_until_available_each([1; N]).unwrap_or(Duration::MAX)
    }

    /// How long until all of `permits`, a number for each quota, are free at once, [`Duration::MAX`] beyond the end of time; `None` if
    /// they are more than a burst, and so never will be. Changes nothing.
    pub fn time_until_available_each(&self, permits: [u32; N]) -> Option<Duration> {
        let (book, now) = self.open();
        match book.joint.instant(permits, now) {
            Ok(at) => Some(at.saturating_duration_since(now)),
            Err(NotNow::Never) => None,
            Err(_) => Some(Duration::MAX),
        }
    }

    /// Begins anew, with the initial permits of each quota. Bookings keep their instants: where some are still to come, a quota begins
    /// anew at the last of them.
    pub fn reset(&self) {
        let (mut book, now) = self.open();
        book.joint.reset(now);
        self.tell(book, || Event::Reset(self.name));
    }

    /// Goes over to other quotas. Of each burst the same share stays consumed, and bookings keep their instants. Listeners are told each
    /// quota that differs.
    ///
    /// ```
    /// use resil_ratelimit::{ManualClock, Quota, RateLimits};
    ///
    /// let quotas = [Quota::per_second(10), Quota::per_day(1_000)];
    /// let limits = RateLimits::with_clock("search".into(), quotas, ManualClock::new());
    /// limits.try_acquire_each([5, 5])?;
    /// limits.set_quotas([Quota::per_second(100), Quota::per_day(1_000)])?;
    /// assert_eq!(limits.available(), [50, 995]);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_quotas(&self, quotas: [Quota; N]) -> Result<(), QuotaError> {
        let gcras = Joint::gcras(&quotas)?;
        let (mut book, now) = self.open();
        let before = book.joint.quotas();
        if before != quotas {
            book.joint.change(quotas, gcras, now);
            let name = self.name;
            let changes = before.into_iter().zip(quotas).filter(|(from, to)| from != to);
            self.tell_all(
                book,
                changes.map(|(from, to)| Event::QuotaChanged(QuotaChanged { name, from, to })),
            );
        }
        Ok(())
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> LimitsStats<N> {
        let (book, now) = self.open();
        let (tally, expired_bookings, available) =
            (book.tally, book.joint.expired(), book.joint.peek(now).map(|peek| peek.available));
        drop(book);
        LimitsStats {
            name: self.name,
            acquired: tally.acquired,
            refunded: tally.refunded,
            rejected: tally.rejected,
            waited: tally.waited,
            waited_time: tally.waited_time,
            cancelled: tally.cancelled,
            expired_bookings,
            available,
            events_lost: self.observers.events_lost(),
            listener_panics: self.observers.listener_panics(),
        }
    }

    /// Calls `listener` for every later refusal, wait, reset and change of a quota, until the returned subscription is dropped.
    ///
    /// [`Waited::permits`](crate::Waited::permits) is the largest number that the wait was for. Listeners run after locks are released,
    /// one event at a time, on the thread of some caller; so they should be quick. They may call the limits. One that panics is
    /// counted in [`LimitsStats::listener_panics`] and harms nobody.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.observers.observe(listener)
    }

    /// The book, and the time as of when it was opened: nobody decides by an earlier time than those before.
    fn open(&self) -> (MutexGuard<'_, Book<N>>, Moment) {
        let book = lock(&self.book);
        let now = self.clock.now();
        (book, now)
    }

    /// Tells listeners of something that happened under the lock, in the order of the lock.
    fn tell(&self, book: MutexGuard<'_, Book<N>>, event: impl FnOnce() -> Event) {
        self.tell_all(book, std::iter::once_with(event));
    }

    fn tell_all(&self, book: MutexGuard<'_, Book<N>>, events: impl Iterator<Item = Event>) {
        let is_observed = self.observers.is_observed();
        if is_observed {
            events.for_each(|event| self.observers.enqueue(event));
        }
        drop(book);
        if is_observed {
            self.observers.deliver();
        }
    }
}

impl<const N: usize, C: Clock> fmt::Debug for RateLimits<N, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits")
            .field("name", &self.name)
            .field("quotas", &self.quotas())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
