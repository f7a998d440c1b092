mod limit;
mod line;
mod log;
mod permit;
mod runs;
mod stats;
mod wait;

use std::fmt;
use std::time::Duration;

use resil_core::sync::{Mutex, MutexGuard, lock};
use resil_core::{Clock, Moment, MonotonicClock, Name, Observers, Reason, Rejected, Subscription, const_fn};

pub use limit::Limit;
pub use permit::SlidingPermit;
pub use stats::SlidingWindowStats;
pub use wait::SlidingAcquire;

use crate::{Event, QuotaError};
use limit::Measures;
use log::Log;
use stats::Tally;

/// A limiter for contracts of the kind "never more than N in any window of length W".
///
/// [`RateLimiter`](crate::RateLimiter) is faster and spreads calls evenly, but lets a burst through on top of its rate: a quota of 100
/// per minute may give up to 200 permits within one minute. That is right for most limits, and wrong where the other side counts.
///
/// ```
/// use resil_ratelimit::{Limit, SlidingWindow};
///
/// static MAPS: SlidingWindow = SlidingWindow::new("maps", Limit::per_minute(300));
///
/// match MAPS.try_acquire() {
///     Ok(()) => println!("go"),
///     Err(refusal) => println!("come back in {:?}", refusal.retry_after()),
/// }
/// ```
///
/// # What holds
///
/// **Never more.** In every window `[t, t + W)`, whatever t is and however calls come, at most N permits are given. The window is half
/// open: N permits at t and N more at t + W are within the contract, the first of them at t + W − 1 ns is not. This also holds when
/// those who wait come late, because a runtime was blocked or the machine was suspended: they do not make up for it all at once.
///
/// **Never less than possible.** Up to 1,024 permits, or with [`Limit::exact`], the instant of each permit is kept: whoever asks is
/// given what the contract allows, and a permit comes back exactly W after it was given.
///
/// **Late by less than a slice.** For more permits, or with [`Limit::slices`], the window is cut into slices of `W / slices`, rounded up
/// to nanoseconds, and all permits of one slice count at the instant of the last of them. That is never earlier than they were given,
/// so the contract is kept; and as both lie in one slice, it is later by less than a slice: a permit comes back after W, and before
/// W plus one slice. [`Limit::lateness`] tells by how much at most. Memory and time per call do not depend on N.
///
/// What is limited are the instants at which permits are given. On its way to the other side a call may lose or gain some time on the
/// one before it: where that side counts strictly, make the window longer by as much as the way may vary.
///
/// # Waiting
///
/// [`acquire_with`](Self::acquire_with) waits on any runtime, [`acquire_blocking`](Self::acquire_blocking) on threads. Those who wait
/// book the instant at which there will be room for them, so they are served in the order in which they came, light and heavy ones, and
/// nobody overtakes them. Who gives up takes its booking out of the line; those behind it keep their instants. Who comes late for its
/// instant may leave the next ones without room at theirs: then these wait on, in their order. What was reserved for somebody who does
/// not come for a whole window is free for others; it goes first when it comes.
///
/// # As a policy
///
/// Calls are made through [`PolicyExt`](crate::PolicyExt). A call that another policy refused gives its permit back; one that was made
/// has used it, whatever became of it.
///
/// ```
/// use resil_ratelimit::{Limit, ManualClock, PolicyExt, SlidingWindow};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let maps = SlidingWindow::with_clock("maps".into(), Limit::per_second(2), clock.clone());
/// let call = || maps.call(|| Ok::<_, ()>("found"));
/// assert!(call().is_ok());
/// clock.advance(Duration::from_millis(900));
/// assert!(call().is_ok());
/// assert_eq!(call().unwrap_err().retry_after(), Some(Duration::from_millis(100)));
/// clock.advance(Duration::from_millis(100));
/// assert!(call().is_ok()); // the first one has left the window
/// assert_eq!(call().unwrap_err().retry_after(), Some(Duration::from_millis(900)));
/// ```
///
/// # Cost
///
/// A lock, a reading of the clock, and time that does not grow with the permits of the window: constant where there is room, and where
/// there is none, logarithmic in what is kept of it. Giving up in the middle of a line moves what is kept of the others. Memory: 16
/// bytes for each permit of an exact window and for each slice of another, allocated by the first permit for up to 1,024 of them,
/// beyond that as needed; and 24 bytes for each waiter.
///
/// One window stands for one contract, so share it: in a `static`, by reference or in an `Arc`.
pub struct SlidingWindow<C = MonotonicClock> {
    book: Mutex<Book>,
    observers: Observers<Event>,
    name: Name,
    limit: Limit,
    clock: C,
}

/// What is only touched under the lock.
#[derive(Debug)]
struct Book {
    log: Log,
    tally: Tally,
    /// How often the window was reset: older permits have nothing to give back.
    resets: u64,
}

/// More permits than there are in a window: no wait would help.
const MORE_THAN_THE_LIMIT: Reason = Reason::Other("more permits than the limit");

impl SlidingWindow {
    const_fn! {
        /// A window for a `static`, checked when it is compiled.
        ///
        /// ```compile_fail,E0080
        /// use resil_ratelimit::{Limit, SlidingWindow};
        /// // "permits is out of range, allowed is 1 or more"
        /// static MAPS: SlidingWindow = SlidingWindow::new("maps", Limit::per_minute(0));
        /// ```
        ///
        /// # Panics
        /// If the limit is out of its range, in const evaluation as an error of compilation. Use [`try_new`](Self::try_new) for limits
        /// that come from outside.
        pub const fn new(name: &'static str, limit: Limit) -> Self {
            Self::with_clock(Name::new(name), limit, MonotonicClock)
        }

        /// A window without a name: texts say "unnamed".
        ///
        /// # Panics
        /// As [`new`](Self::new).
        pub const fn unnamed(limit: Limit) -> Self {
            Self::with_clock(Name::UNNAMED, limit, MonotonicClock)
        }

        /// A window, or what of the limit is out of its range. For a name from configuration see [`Name::intern`].
        pub const fn try_new(name: &'static str, limit: Limit) -> Result<Self, QuotaError> {
            match limit.measures() {
                Ok(measures) => Ok(Self::checked(Name::new(name), limit, measures, MonotonicClock)),
                Err(error) => Err(error),
            }
        }
    }
}

impl<C: Clock> SlidingWindow<C> {
    const_fn! {
        /// A window on a clock of your own.
        ///
        /// ```
        /// use resil_ratelimit::{Limit, ManualClock, SlidingWindow};
        /// use std::time::Duration;
        ///
        /// let clock = ManualClock::new();
        /// let maps = SlidingWindow::with_clock("maps".into(), Limit::per_minute(1), clock.clone());
        /// assert!(maps.try_acquire().is_ok());
        /// assert_eq!(maps.try_acquire().unwrap_err().retry_after(), Some(Duration::from_secs(60)));
        /// clock.advance(Duration::from_secs(60));
        /// assert!(maps.try_acquire().is_ok());
        /// ```
        ///
        /// # Panics
        /// As [`new`](SlidingWindow::new).
        pub const fn with_clock(name: Name, limit: Limit, clock: C) -> Self {
            match limit.measures() {
                Ok(measures) => Self::checked(name, limit, measures, clock),
                Err(error) => panic!("{}", error.complaint()),
            }
        }
    }

    const_fn! {
        const fn checked(name: Name, limit: Limit, measures: Measures, clock: C) -> Self {
            let book = Book { log: Log::new(measures), tally: Tally::ZERO, resets: 0 };
            Self { book: Mutex::new(book), observers: Observers::new(), name, limit, clock }
        }
    }

    /// A window on a clock of your own, or what of the limit is out of its range.
    pub fn try_with_clock(name: Name, limit: Limit, clock: C) -> Result<Self, QuotaError> {
        limit.measures().map(|measures| Self::checked(name, limit, measures, clock))
    }

    /// The window's name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The limit that it was made with.
    pub const fn limit(&self) -> Limit {
        self.limit
    }

    /// The length of the window.
    pub const fn window(&self) -> Duration {
        self.limit.window()
    }

    /// Whether every permit comes back exactly one window after it was given; else see [`Limit::lateness`].
    pub const fn is_exact(&self) -> bool {
        self.limit.is_exact()
    }

    /// Takes one permit, or says when there will be one.
    ///
    /// The hint is exact and never zero: a nanosecond before it, one would be refused again, and after it given, unless others come in
    /// between. Only where some who wait are late for their instants it is an estimate.
    pub fn try_acquire(&self) -> Result<(), Rejected> {
        self.take(1).map(drop)
    }

    /// Takes `permits` at once or none, or says when there will be so many, as [`try_acquire`](Self::try_acquire). None are always there.
    ///
    /// # Errors
    /// More permits than the limit are refused without a hint, as no wait would help.
    pub fn try_acquire_n(&self, permits: u32) -> Result<(), Rejected> {
        if permits == 0 { Ok(()) } else { self.take(permits).map(drop) }
    }

    /// The permits that are free now; none while there are waiters whose instant is still to come. Changes nothing.
    pub fn available(&self) -> u32 {
        let (mut book, now) = self.open();
        book.log.available(now.as_nanos())
    }

    /// How long until one permit is free, zero if there is one. Changes nothing.
    pub fn time_until_available(&self) -> Duration {
        self.time_until_available_n(1).unwrap_or(Duration::MAX)
    }

    /// How long until `permits` are free at once, [`Duration::MAX`] beyond the end of the clock's time; `None` if they are more than the
    /// limit, and so never will be. Changes nothing.
    pub fn time_until_available_n(&self, permits: u32) -> Option<Duration> {
        if permits == 0 {
            return Some(Duration::ZERO);
        }
        if permits > self.limit.permits() {
            return None;
        }
        let (mut book, now) = self.open();
        let at = book.log.next(permits, now.as_nanos()).map(Moment::from_nanos);
        Some(at.map_or(Duration::MAX, |at| at.saturating_duration_since(now)))
    }

    /// Forgets all permits that were given: the window is empty, as if the other side had begun to count anew. Counters go on.
    ///
    /// Bookings keep their instants, and whoever comes is served behind them.
    pub fn reset(&self) {
        let mut book = lock(&self.book);
        book.log.forget();
        book.resets += 1;
        self.tell(book, || Event::Reset(self.name));
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> SlidingWindowStats {
        let (mut book, now) = self.open();
        let (tally, available) = (book.tally, book.log.available(now.as_nanos()));
        drop(book);
        SlidingWindowStats {
            name: self.name,
            limit: self.limit.permits(),
            window: self.limit.window(),
            acquired: tally.acquired,
            refunded: tally.refunded,
            rejected: tally.rejected,
            waited: tally.waited,
            waited_time: tally.waited_time,
            cancelled: tally.cancelled,
            expired_bookings: tally.expired_bookings,
            available,
            events_lost: self.observers.events_lost(),
            listener_panics: self.observers.listener_panics(),
        }
    }

    /// Calls `listener` for every later refusal, wait and reset, until the returned subscription is dropped.
    ///
    /// Listeners run after locks are released, one event at a time, on the thread of some caller; so they should be quick. They may
    /// call the window. One that panics is counted in [`SlidingWindowStats::listener_panics`] and harms nobody.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.observers.observe(listener)
    }

    /// The book, and the time as of when it was opened: so no permit counts earlier than one that was given before it.
    fn open(&self) -> (MutexGuard<'_, Book>, Moment) {
        let book = lock(&self.book);
        let now = self.clock.now();
        (book, now)
    }

    /// Takes `permits`, which are not 0, at once or none.
    fn take(&self, permits: u32) -> Result<SlidingPermit, Rejected> {
        let (mut book, now) = self.open();
        if permits > self.limit.permits() {
            return Err(self.refuse(book, Rejected::new(self.name, MORE_THAN_THE_LIMIT)));
        }
        match book.log.take(permits, now.as_nanos()) {
            Ok(at) => {
                book.tally.acquired += u64::from(permits);
                Ok(SlidingPermit { at, resets: book.resets })
            }
            Err(at) => {
                let refusal = self.until(at, now);
                Err(self.refuse(book, refusal))
            }
        }
    }

    /// The refusal of what there is no room for before `at`.
    fn until(&self, at: Option<u64>, now: Moment) -> Rejected {
        let refusal = Rejected::new(self.name, Reason::RateLimited);
        match at {
            Some(at) => refusal.with_retry_after_nanos(at.saturating_sub(now.as_nanos())),
            None => refusal,
        }
    }

    fn refuse(&self, mut book: MutexGuard<'_, Book>, refusal: Rejected) -> Rejected {
        book.tally.rejected += 1;
        self.tell(book, || Event::Rejected(refusal));
        refusal
    }

    /// Tells listeners of something that happened under the lock, in the order of the lock.
    fn tell(&self, book: MutexGuard<'_, Book>, event: impl FnOnce() -> Event) {
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

impl<C: Clock> fmt::Debug for SlidingWindow<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlidingWindow")
            .field("name", &self.name)
            .field("limit", &self.limit)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
