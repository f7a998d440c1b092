use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::current::{self, Entered, Lazy};
use super::{Deadline, TimeLimit};
use crate::moment::saturating_nanos;
use crate::{Clock, Moment, Name, TimedOut, Timer};

pin_project! {
    /// A future under a time limit, which begins at its first poll, and the sleep until its end: what timeouts are made of. For
    /// authors of policies, who poll it with [`poll_on`](Limited::poll_on).
    ///
    /// The limit is the current deadline while the future is polled, unless a deadline around it ends earlier; it is cut off at whichever
    /// it is. Cancel-safe if the future is.
    ///
    /// A future that is ready at its first poll costs no timer and no allocation. It costs no reading of the clock either, unless there
    /// is a deadline around it, or it asks for the [current one](Deadline::current), or the clock has no [`reader`](Clock::reader). For
    /// that, the limit begins when it is first needed: by the future in its first poll, or at the latest by the end of that poll if it is
    /// not ready. What passes in the first poll before then does not count. With [`since`](Start::since) it does.
    ///
    /// ```
    /// use resil_core::{Clock, Cut, Limited, ManualClock, Name, Start};
    /// use std::future::{pending, poll_fn};
    /// use std::{pin::pin, time::Duration};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = ManualClock::new(); // as the clock and as the timer
    /// let start = Start::of(Duration::from_secs(2));
    /// let mut limited = pin!(Limited::new(start, clock.clone(), pending::<()>()));
    /// let timed = poll_fn(|cx| limited.as_mut().poll_on(cx, Name::new("payments"), &clock));
    /// let (cut, ()) = tokio::join!(timed, async { clock.advance(Duration::from_secs(2)) });
    /// assert!(matches!(cut, Err(Cut::Over(cut)) if cut.to_string() == "payments: timed out after 2s"));
    /// # });
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Limited<F, T> where T: Timer {
        #[pin]
        future: F,
        // Made when the future is first pending.
        #[pin]
        sleep: Option<T::Sleep>,
        timer: T,
        // What of it is known depends on the stage.
        deadline: Deadline,
        stage: Stage,
        is_current: bool,
        // Whether the sleep has its turn before the future in the next poll.
        is_sleep_first: bool,
    }
}

/// How long the limit of a [`Limited`] future is, and how it begins: at the first poll, unless [`since`](Start::since) says when.
///
/// ```
/// use resil_core::{Clock, ManualClock, Start};
/// use std::time::Duration;
///
/// let apart = Start::of(Duration::from_secs(2)).since(ManualClock::new().now()).alone();
/// # let _ = apart;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a limit has no effect before it begins"]
pub struct Start {
    nanos: u64,
    end: Moment,
    stage: Stage,
    is_current: bool,
}

/// What is known of the end of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It is so long after the beginning, which is to come.
    After,
    /// When it is, but not whether that is over already.
    Queued,
    /// When it is.
    At,
}

/// How a [`Limited`] future was cut off.
///
/// ```
/// use resil_core::{Cut, Name, TimedOut};
/// # let over = TimedOut::at_end_of(Name::new("payments"));
/// fn tell(cut: Cut) -> String {
///     match cut {
///         Cut::Expired(limit) => format!("not started: {limit}"),
///         Cut::Over(limit) => format!("cut off: {limit}"),
///     }
/// }
/// # assert_eq!(tell(Cut::Expired(over)), "not started: payments: timed out");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// There was no time left: it has not been polled.
    Expired(TimedOut),
    /// It was pending when its time was over.
    Over(TimedOut),
}

impl From<Cut> for TimedOut {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Expired(limit) | Cut::Over(limit) => limit,
        }
    }
}

impl Start {
    /// A limit of this `length`, at most 584 years, begins when the future is first polled.
    pub const fn of(length: Duration) -> Self {
        Self::of_nanos(saturating_nanos(length))
    }

    /// A limit of so many nanoseconds begins when the future is first polled.
    #[inline]
    pub const fn of_nanos(nanos: u64) -> Self {
        Self { nanos, end: Moment::MAX, stage: Stage::After, is_current: true }
    }

    /// The limit began at `begin`: if it is over at the first poll, the future is not polled at all.
    #[inline]
    pub const fn since(self, begin: Moment) -> Self {
        let end = Moment::from_nanos(begin.as_nanos().saturating_add(self.nanos));
        Self { end, stage: Stage::Queued, ..self }
    }

    /// The limit has nothing to do with the current deadline: that is neither heeded nor set.
    #[inline]
    pub const fn alone(self) -> Self {
        Self { is_current: false, ..self }
    }
}

impl<F, T: Timer> Limited<F, T> {
    /// `future` under a limit that begins with `start`, by `timer`.
    #[inline]
    pub const fn new(start: Start, timer: T, future: F) -> Self {
        Self {
            future,
            sleep: None,
            timer,
            deadline: Deadline { name: Name::UNNAMED, at: start.end, limit: start.nanos },
            stage: start.stage,
            is_current: start.is_current,
            is_sleep_first: false,
        }
    }

    /// `future` until `deadline`, with one poll at least.
    pub(super) const fn until(deadline: Deadline, timer: T, future: F) -> Self {
        Self {
            future,
            sleep: None,
            timer,
            deadline,
            stage: Stage::At,
            is_current: true,
            is_sleep_first: false,
        }
    }

    /// When it is cut off; `None` before its first poll.
    pub fn deadline(&self) -> Option<Deadline> {
        (self.stage == Stage::At).then_some(self.deadline)
    }
}

impl<F: Future, T: Timer> Limited<F, T> {
    /// Polls the future, whose limit is called `name` and counts on `clock`: the same ones at each poll.
    // The name comes in here and is not kept from the beginning on, as a future that is ready at once is over before its own memory can
    // be read back without a stall. And only what such a future does is here, so that all of it fits into the caller.
    #[expect(clippy::inline_always, reason = "a real call costs as much as its limit")]
    #[inline(always)]
    pub fn poll_on(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        name: Name,
        clock: &impl Clock,
    ) -> Poll<Result<F::Output, Cut>> {
        let this = self.as_mut().project();
        let mut entered = Entered::Apart;
        if !begin_lazily(&mut entered, this.deadline, *this.stage, *this.is_current, name, clock) {
            return self.poll_slowly(cx, name, clock);
        }
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        self.pend(cx, name, clock, entered, false)
    }

    /// A poll of what has begun, or begins under a deadline.
    #[cold]
    #[inline(never)]
    fn poll_slowly(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        name: Name,
        clock: &impl Clock,
    ) -> Poll<Result<F::Output, Cut>> {
        let mut this = self.as_mut().project();
        // In turns: a future that uses up its task's budget in each poll, as tokio counts it, would starve a sleep that always comes
        // second, and one that always comes first costs even the last poll something. At the same instant the future wins either way.
        let is_over = *this.is_sleep_first && is_ready(this.sleep.as_mut().as_pin_mut(), cx);
        let mut entered = Entered::Apart;
        if !begin(&mut entered, this.deadline, this.stage, *this.is_current, name, clock) {
            return Poll::Ready(Err(Cut::Expired(this.deadline.timed_out())));
        }
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        self.pend(cx, name, clock, entered, is_over)
    }

    /// What follows a poll in which the future was not ready.
    #[cold]
    #[inline(never)]
    fn pend(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        name: Name,
        clock: &impl Clock,
        entered: Entered,
        mut is_over: bool,
    ) -> Poll<Result<F::Output, Cut>> {
        let mut this = self.project();
        let first = this.sleep.is_none();
        if first {
            if *this.stage == Stage::After && !entered.has_begun() {
                let now = clock.now();
                *this.deadline = TimeLimit { name, nanos: this.deadline.limit }.starting_at(now);
                this.sleep.set(Some(this.timer.sleep_from(now, this.deadline.at)));
            } else {
                // What is current now is this limit or an earlier one, and whoever asked for it in this poll has been told the same.
                *this.deadline = entered.deadline().unwrap_or(*this.deadline);
                this.sleep.set(Some(this.timer.sleep_until(this.deadline.at)));
            }
            *this.stage = Stage::At;
        }
        drop(entered);
        is_over = is_over || (!*this.is_sleep_first && is_ready(this.sleep.as_pin_mut(), cx));
        *this.is_sleep_first = !first && !*this.is_sleep_first;
        if is_over { Poll::Ready(Err(Cut::Over(this.deadline.timed_out()))) } else { Poll::Pending }
    }
}

#[inline]
fn is_ready<S: Future>(sleep: Option<Pin<&mut S>>, cx: &mut Context<'_>) -> bool {
    sleep.is_some_and(|sleep| sleep.poll(cx).is_ready())
}

/// Makes a limit current that begins when it is needed, if nothing is current, or leaves it alone if it is to be; whether that is all that
/// is needed.
#[inline]
fn begin_lazily(
    entered: &mut Entered,
    deadline: &Deadline,
    stage: Stage,
    is_current: bool,
    name: Name,
    clock: &impl Clock,
) -> bool {
    if stage != Stage::After || deadline.limit == 0 {
        return false;
    }
    let limit = TimeLimit { name, nanos: deadline.limit };
    !is_current || clock.reader().is_some_and(|now| entered.enter_on_nothing(Lazy { limit, now }))
}

/// Makes the deadline current for a poll, unless it is over before the future has begun; whether it is not.
// What was entered is not returned but left where it stays: copying it would cost more than all the rest.
#[inline]
fn begin(
    entered: &mut Entered,
    deadline: &mut Deadline,
    stage: &mut Stage,
    is_current: bool,
    name: Name,
    clock: &impl Clock,
) -> bool {
    if begin_lazily(entered, deadline, *stage, is_current, name, clock) {
        return true;
    }
    begin_under(entered, deadline, stage, is_current, name, clock)
}

/// [`begin`], where something is current or the end is known.
fn begin_under(
    entered: &mut Entered,
    deadline: &mut Deadline,
    stage: &mut Stage,
    is_current: bool,
    name: Name,
    clock: &impl Clock,
) -> bool {
    if *stage != Stage::At {
        deadline.name = name;
        let limit = TimeLimit { name, nanos: deadline.limit };
        if limit.nanos == 0 {
            return false;
        }
        if *stage == Stage::After
            && let Some(now) = clock.reader()
            && entered.enter_lazily(Lazy { limit, now })
        {
            return true;
        }
        let now = clock.now();
        if *stage == Stage::After {
            *deadline = limit.starting_at(now);
        }
        if is_current {
            *deadline = deadline.within(current::resolve());
        }
        *stage = Stage::At;
        if deadline.at <= now {
            return false;
        }
    }
    if is_current {
        entered.enter(*deadline);
    }
    true
}

impl<F, T: Timer> fmt::Debug for Limited<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Limited");
        match self.stage {
            Stage::After => debug.field("limit", &Duration::from_nanos(self.deadline.limit)),
            Stage::Queued | Stage::At => debug.field("until", &self.deadline.at),
        };
        debug.finish_non_exhaustive()
    }
}
