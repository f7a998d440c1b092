mod current;
mod limited;
mod run;
mod scoped;
mod time_limit;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::{Clock, Moment, MonotonicClock, Name, TimedOut, Timer};

use current::Entered;
pub use limited::{Cut, Limited, Start};
pub use run::Run;
pub use scoped::Scoped;
pub use time_limit::TimeLimit;

/// The name of a limit that was given none.
const NAME: Name = Name::new("deadline");

/// 584 years: the length of a limit of which only the end is known.
const UNKNOWN: u64 = u64::MAX;

/// The instant by which a whole piece of work has to be done, however many calls it makes.
///
/// The *current* deadline follows the work: [`scope`](Deadline::scope) sets it around each poll of a future, on any runtime, and
/// [`scope_blocking`](Deadline::scope_blocking) around a closure. Policies that wait read it.
///
/// It counts on [`MonotonicClock`] unless a method takes a clock.
///
/// ```
/// use resil_core::Deadline;
/// use std::time::Duration;
///
/// let deadline = Deadline::after(Duration::from_secs(60));
/// deadline.scope_blocking(|| {
///     let current = Deadline::current().expect("set by the scope");
///     assert!(current.remaining() <= Duration::from_secs(60));
///     current.check()?; // between two steps of the work
///     Ok::<_, resil_core::TimedOut>(())
/// })?;
/// assert!(Deadline::current().is_none());
/// # Ok::<_, resil_core::TimedOut>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[must_use = "a deadline has no effect unless it is asked or scoped"]
pub struct Deadline {
    name: Name,
    at: Moment,
    /// Nanoseconds, or [`UNKNOWN`]: it is copied at each poll, and a `Duration` is twice as long.
    limit: u64,
}

impl Deadline {
    /// The deadline that ends at `moment`.
    pub const fn at(moment: Moment) -> Self {
        Self { name: NAME, at: moment, limit: UNKNOWN }
    }

    /// The deadline that ends `limit` from now.
    pub fn after(limit: Duration) -> Self {
        Self::after_on(&MonotonicClock, limit)
    }

    /// The deadline that ends `limit` from now on `clock`.
    pub fn after_on(clock: &impl Clock, limit: Duration) -> Self {
        TimeLimit::new(NAME, limit).starting_at(clock.now())
    }

    /// The same instant under a name of yours, which [`TimedOut`] then tells; without, it tells "deadline".
    ///
    /// ```
    /// use resil_core::{Deadline, Moment};
    /// let checkout = Deadline::at(Moment::ZERO).named("checkout");
    /// assert_eq!(checkout.check().unwrap_err().to_string(), "checkout: timed out");
    /// ```
    pub fn named(self, name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The name of the limit that it came from.
    pub const fn name(self) -> Name {
        self.name
    }

    /// How long the limit was that it came from; `None` if only its end is known.
    pub const fn limit(self) -> Option<Duration> {
        match self.limit {
            UNKNOWN => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// The instant at which it ends.
    pub const fn moment(self) -> Moment {
        self.at
    }

    /// The time that is left, zero once it has ended.
    pub fn remaining(self) -> Duration {
        self.remaining_on(&MonotonicClock)
    }

    /// The time that is left on `clock`.
    pub fn remaining_on(self, clock: &impl Clock) -> Duration {
        self.at.saturating_duration_since(clock.now())
    }

    /// Whether it has ended.
    pub fn is_expired(self) -> bool {
        self.remaining().is_zero()
    }

    /// Whether it has ended on `clock`.
    pub fn is_expired_on(self, clock: &impl Clock) -> bool {
        self.remaining_on(clock).is_zero()
    }

    /// `Ok` before the deadline, and the error that says how long it was after it: for synchronous code, between two steps.
    pub fn check(self) -> Result<(), TimedOut> {
        self.check_on(&MonotonicClock)
    }

    /// [`check`](Deadline::check) on `clock`.
    pub fn check_on(self, clock: &impl Clock) -> Result<(), TimedOut> {
        if self.is_expired_on(clock) { Err(self.timed_out()) } else { Ok(()) }
    }

    /// The deadline of a part of the work: `limit` from now, and never later than this one.
    pub fn child(self, limit: Duration) -> Self {
        self.child_on(&MonotonicClock, limit)
    }

    /// [`child`](Deadline::child) on `clock`.
    pub fn child_on(self, clock: &impl Clock, limit: Duration) -> Self {
        self.earlier(Self::after_on(clock, limit))
    }

    /// The deadline of the scope that this code runs in, if there is one.
    ///
    /// A [limit](TimeLimit) that is to begin when it is first needed begins here.
    #[inline]
    pub fn current() -> Option<Self> {
        current::resolve()
    }

    /// [`check`](Deadline::check) of the current deadline, and `Ok` where there is none: between two steps of synchronous work that may
    /// have been called under one.
    ///
    /// ```
    /// use resil_core::{Deadline, Moment, TimedOut};
    ///
    /// fn import(rows: &[u32]) -> Result<usize, TimedOut> {
    ///     for _row in rows {
    ///         Deadline::check_current()?;
    ///     }
    ///     Ok(rows.len())
    /// }
    /// assert_eq!(import(&[1, 2, 3]), Ok(3));
    /// assert!(Deadline::at(Moment::ZERO).scope_blocking(|| import(&[1, 2, 3])).is_err());
    /// ```
    pub fn check_current() -> Result<(), TimedOut> {
        Self::check_current_on(&MonotonicClock)
    }

    /// [`check_current`](Deadline::check_current) on `clock`.
    pub fn check_current_on(clock: &impl Clock) -> Result<(), TimedOut> {
        Self::current().map_or(Ok(()), |current| current.check_on(clock))
    }

    /// Runs `f` with this as the current deadline, or with the one of an outer scope if that is earlier.
    ///
    /// A thread that is spawned has no current deadline. To take one along:
    ///
    /// ```
    /// use resil_core::Deadline;
    /// use std::thread;
    ///
    /// # let answer =
    /// Deadline::after(std::time::Duration::from_secs(60)).scope_blocking(|| {
    ///     let current = Deadline::current();
    ///     thread::spawn(move || match current {
    ///         Some(deadline) => deadline.scope_blocking(work),
    ///         None => work(),
    ///     })
    /// # .join()
    /// });
    /// # fn work() -> bool { Deadline::current().is_some() }
    /// # assert!(answer.unwrap());
    /// ```
    pub fn scope_blocking<T>(self, f: impl FnOnce() -> T) -> T {
        let mut entered = Entered::Apart;
        entered.enter(self);
        f()
    }

    /// Runs `future` with this as the current deadline, or with the one of an outer scope if that is earlier.
    ///
    /// It cuts nothing off; [`run_with`](Deadline::run_with) does. Cancel-safe if `future` is.
    ///
    /// A task that is spawned has no current deadline: `tokio::spawn(deadline.scope(work))` takes one along.
    pub fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped::new(self, future)
    }

    /// Runs `future` with this as the current deadline, or with the one of an outer scope if that is earlier, and cuts it off there.
    ///
    /// The outer scope is the one of the first poll. A future that is ready then costs no timer. Cancel-safe if `future` is.
    pub fn run_with<F: Future, T: Timer>(self, timer: T, future: F) -> Run<F, T> {
        Run::new(self, timer, future)
    }

    /// [`run_with`](Deadline::run_with) tokio's timer. To be polled inside a tokio runtime that has its timer enabled.
    ///
    /// ```
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    /// # runtime.block_on(async {
    /// use resil_core::Deadline;
    /// use std::time::Duration;
    ///
    /// let answer = Deadline::after(Duration::from_secs(60)).run(async { 42 }).await;
    /// assert_eq!(answer, Ok(42));
    /// # });
    /// ```
    #[cfg(feature = "tokio")]
    pub fn run<F: Future>(self, future: F) -> Run<F, crate::TokioTimer<MonotonicClock>> {
        self.run_with(crate::TokioTimer::on(MonotonicClock), future)
    }

    /// The earlier of the two, this one if they end together.
    pub const fn earlier(self, other: Self) -> Self {
        if other.at.as_nanos() < self.at.as_nanos() { other } else { self }
    }

    fn within(self, outer: Option<Self>) -> Self {
        outer.map_or(self, |outer| self.earlier(outer))
    }

    /// The error that this deadline is over.
    pub const fn timed_out(self) -> TimedOut {
        match self.limit() {
            Some(limit) => TimedOut::new(self.name, limit),
            None => TimedOut::at_end_of(self.name),
        }
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline")
            .field("name", &self.name)
            .field("at", &self.at)
            .field("limit", &self.limit())
            .finish()
    }
}
