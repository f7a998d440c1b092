use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::current::{self, Entered, Lazy};
use super::{Deadline, TimeLimit};
use crate::{Clock, Moment, TimedOut, Timer};

pin_project! {
    /// A future under a [`TimeLimit`], which begins at its first poll, and the sleep until its end: what time-outs are made of. For
    /// authors of policies, who poll it with [`poll_on`](Limited::poll_on).
    ///
    /// The limit is the current deadline while the future is polled, unless a deadline around it ends earlier; it is cut off at whichever
    /// it is. Cancel-safe if the future is.
    ///
    /// A future that is ready at its first poll costs no timer and no allocation. It costs no reading of the clock either, unless there
    /// is a deadline around it, or it asks for the [current one](Deadline::current), or the clock has no [`reader`](Clock::reader). For
    /// that, the limit begins when it is first needed: by the future in its first poll, or at the latest by the end of that poll if it is
    /// not ready. What passes in the first poll before then does not count. With [`since`](Limited::since) it does.
    ///
    /// ```
    /// use resil_core::{Clock, Cut, Limited, ManualClock, Name, TimeLimit};
    /// use std::future::{pending, poll_fn};
    /// use std::{pin::pin, time::Duration};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = ManualClock::new(); // as the clock and as the timer
    /// let limit = TimeLimit::new(Name::new("payments"), Duration::from_secs(2));
    /// let mut limited = pin!(Limited::new(limit, clock.clone(), pending::<()>()));
    /// let timed = poll_fn(|cx| limited.as_mut().poll_on(cx, &clock));
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
        end: End,
        is_current: bool,
    }
}

/// When a limited future is cut off.
#[derive(Clone, Copy)]
enum End {
    /// So long after the beginning, which is to come.
    After(TimeLimit),
    /// Then, unless it is over before the first poll.
    Queued(Deadline),
    /// Then.
    At(Deadline),
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

impl<F, T: Timer> Limited<F, T> {
    /// `future` under `limit`, by `timer`.
    #[inline]
    pub const fn new(limit: TimeLimit, timer: T, future: F) -> Self {
        Self { future, sleep: None, timer, end: End::After(limit), is_current: true }
    }

    /// `future` until `deadline`, with one poll at least.
    pub(super) const fn until(deadline: Deadline, timer: T, future: F) -> Self {
        Self { future, sleep: None, timer, end: End::At(deadline), is_current: true }
    }

    /// The same, with a limit that began at `begin`: if it is over at the first poll, the future is not polled at all. To be called before
    /// the first poll.
    #[inline]
    pub const fn since(mut self, begin: Moment) -> Self {
        if let End::After(limit) = self.end {
            self.end = End::Queued(limit.starting_at(begin));
        }
        self
    }

    /// The same, apart from the current deadline: that is neither heeded nor set.
    #[inline]
    pub const fn alone(mut self) -> Self {
        self.is_current = false;
        self
    }

    /// When it is cut off; `None` while its limit has not begun.
    pub const fn deadline(&self) -> Option<Deadline> {
        match self.end {
            End::After(_) => None,
            End::Queued(deadline) | End::At(deadline) => Some(deadline),
        }
    }
}

impl<F: Future, T: Timer> Limited<F, T> {
    /// Polls the future, whose limit counts on `clock`, which has to be the same one at each poll.
    #[inline]
    pub fn poll_on(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        clock: &impl Clock,
    ) -> Poll<Result<F::Output, Cut>> {
        let mut this = self.project();
        // The timer first: a future that uses up its task's budget in each poll, as tokio counts it, would starve a timer that comes
        // second. At the same instant the future wins all the same.
        let is_over = this.sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready());
        let first = this.sleep.is_none();
        let entered = match begin(*this.end, *this.is_current, clock) {
            Ok((end, entered)) => {
                *this.end = end;
                entered
            }
            Err(over) => return Poll::Ready(Err(Cut::Expired(over.timed_out()))),
        };
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if !first {
            drop(entered);
            return if is_over { over(*this.end) } else { Poll::Pending };
        }
        // What is current now is this limit or an earlier one, and whoever asked for it in this poll has been told the same.
        let current = if entered.is_some() { current::resolve() } else { None };
        drop(entered);
        let deadline = match (current, *this.end) {
            (Some(deadline), _) | (None, End::At(deadline) | End::Queued(deadline)) => deadline,
            (None, End::After(limit)) => limit.starting_at(clock.now()),
        };
        *this.end = End::At(deadline);
        this.sleep.set(Some(this.timer.sleep_until(deadline.at)));
        let is_over = this.sleep.as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready());
        if is_over { over(*this.end) } else { Poll::Pending }
    }
}

fn over<O>(end: End) -> Poll<Result<O, Cut>> {
    match end {
        End::At(deadline) | End::Queued(deadline) => Poll::Ready(Err(Cut::Over(deadline.timed_out()))),
        End::After(_) => Poll::Pending,
    }
}

/// Makes the deadline current for a poll. The error is the one that is over before the future has begun.
#[inline]
fn begin(end: End, is_current: bool, clock: &impl Clock) -> Result<(End, Option<Entered>), Deadline> {
    let deadline = match end {
        End::At(deadline) => return Ok((end, is_current.then(|| Entered::enter(deadline)))),
        End::After(limit) if limit.nanos == 0 => return Err(limit.starting_at(Moment::ZERO)),
        End::After(_) if !is_current => return Ok((end, None)),
        End::After(limit) => {
            let outer = match clock.reader() {
                Some(now) => match Entered::enter_lazily(Lazy { limit, now }) {
                    Ok(entered) => return Ok((end, Some(entered))),
                    Err(outer) => Some(outer),
                },
                None => current::resolve(),
            };
            let now = clock.now();
            let deadline = limit.starting_at(now).within(outer);
            return start(deadline, is_current, now);
        }
        End::Queued(deadline) => deadline,
    };
    let outer = if is_current { current::resolve() } else { None };
    start(deadline.within(outer), is_current, clock.now())
}

fn start(deadline: Deadline, is_current: bool, now: Moment) -> Result<(End, Option<Entered>), Deadline> {
    if deadline.at <= now {
        return Err(deadline);
    }
    Ok((End::At(deadline), is_current.then(|| Entered::enter(deadline))))
}

impl<F, T: Timer> fmt::Debug for Limited<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Limited");
        match self.end {
            End::After(limit) => debug.field("limit", &limit),
            End::Queued(deadline) | End::At(deadline) => debug.field("deadline", &deadline),
        };
        debug.finish_non_exhaustive()
    }
}
