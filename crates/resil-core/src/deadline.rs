use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::{Clock, Moment, MonotonicClock, Name, TimedOut, Timer};

thread_local! {
    static CURRENT: Cell<Option<Deadline>> = const { Cell::new(None) };
}

const NAME: Name = Name::new("deadline");

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a deadline has no effect unless it is asked or scoped"]
pub struct Deadline {
    at: Moment,
    limit: Option<Duration>,
}

impl Deadline {
    /// The deadline that ends at `moment`.
    pub const fn at(moment: Moment) -> Self {
        Self { at: moment, limit: None }
    }

    /// The deadline that ends `limit` from now.
    pub fn after(limit: Duration) -> Self {
        Self::after_on(&MonotonicClock, limit)
    }

    /// The deadline that ends `limit` from now on `clock`.
    pub fn after_on(clock: &impl Clock, limit: Duration) -> Self {
        Self { at: clock.now().saturating_add(limit), limit: Some(limit) }
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
    pub fn current() -> Option<Self> {
        CURRENT.get()
    }

    /// Runs `f` with this as the current deadline, or with the one of an outer scope if that is earlier.
    pub fn scope_blocking<T>(self, f: impl FnOnce() -> T) -> T {
        let _entered = Entered::enter(self);
        f()
    }

    /// Runs `future` with this as the current deadline, or with the one of an outer scope if that is earlier.
    ///
    /// It cuts nothing off; [`run_with`](Deadline::run_with) does. Cancel-safe if `future` is.
    pub fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped { future, deadline: self }
    }

    /// Runs `future` with this as the current deadline, or with the one of an outer scope if that is earlier, and cuts it off there.
    ///
    /// The outer scope is the one of the first poll. A future that is ready then costs no timer. Cancel-safe if `future` is.
    pub fn run_with<F: Future, T: Timer>(self, timer: T, future: F) -> Run<F, T> {
        Run { future: self.scope(future), sleep: None, timer }
    }

    /// This deadline, or the one of the scope around it if that is earlier.
    fn within(self, outer: Option<Self>) -> Self {
        outer.map_or(self, |outer| self.earlier(outer))
    }

    fn earlier(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }

    fn timed_out(self) -> TimedOut {
        match self.limit {
            Some(limit) => TimedOut::new(NAME, limit),
            None => TimedOut::at_end_of(NAME),
        }
    }
}

/// The time in which a deadline is current; its end brings back the one before, also when a panic unwinds.
struct Entered {
    outer: Option<Deadline>,
}

impl Entered {
    fn enter(deadline: Deadline) -> Self {
        let outer = CURRENT.get();
        CURRENT.set(Some(deadline.within(outer)));
        Self { outer }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}

pin_project! {
    /// A future that runs under a current deadline; see [`Deadline::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Scoped<F> {
        #[pin]
        future: F,
        deadline: Deadline,
    }
}

impl<F> Scoped<F> {
    /// Takes the deadline of the scope around it if that is earlier.
    fn bring_forward(self: Pin<&mut Self>) {
        let deadline = self.project().deadline;
        *deadline = deadline.within(CURRENT.get());
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::enter(*this.deadline);
        this.future.poll(cx)
    }
}

pin_project! {
    /// A future that is cut off at a deadline; see [`Deadline::run_with`].
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Run<F, T> where T: Timer {
        #[pin]
        future: Scoped<F>,
        // Made when the future is first pending.
        #[pin]
        sleep: Option<T::Sleep>,
        timer: T,
    }
}

impl<F: Future, T: Timer> Future for Run<F, T> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // The timer first: a future that uses up its task's budget in each poll, as tokio counts it, would starve a timer that comes
        // second. At the same instant the future wins all the same.
        let mut is_over = this.sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready());
        let first = this.sleep.is_none();
        let mut future = this.future;
        if first {
            future.as_mut().bring_forward();
        }
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if first {
            this.sleep.set(Some(this.timer.sleep_until(future.deadline.at)));
            is_over = this.sleep.as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready());
        }
        if is_over { Poll::Ready(Err(future.deadline.timed_out())) } else { Poll::Pending }
    }
}

impl<F, T: Timer> std::fmt::Debug for Run<F, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("deadline", &self.future.deadline).finish_non_exhaustive()
    }
}
