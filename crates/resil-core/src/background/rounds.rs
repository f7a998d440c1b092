use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::{Bell, Parker};
use crate::{Clock, Moment, Timer, seeded_bug};

/// When a loop goes its next round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// When that moment has come, or its bell rings. The [last](Moment::MAX) of all moments never comes.
    At(Moment),
    /// When its bell rings.
    WhenRung,
    /// It is over.
    Never,
}

/// A loop that goes its rounds at moments of its own choosing, or when its [`Bell`] rings: on a thread and as a task alike.
///
/// The first round is due at once. A round is told the time, does what is due, and says when the next one is. It may come to early
/// rounds, in which nothing is due.
///
/// ```
/// use resil_core::background::{Bell, Next, Rounds};
/// use resil_core::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let (mut beats, hands) = (0, clock.clone());
/// Rounds::new(clock, Bell::new(), |now| {
///     beats += 1;
///     hands.advance(Duration::from_secs(10)); // so that nobody has to wait for the next one
///     if beats < 3 { Next::At(now.saturating_add(Duration::from_secs(10))) } else { Next::Never }
/// })
/// .run();
/// assert_eq!(beats, 3);
/// ```
pub struct Rounds<F, C> {
    clock: C,
    bell: Bell,
    round: F,
    next: Next,
}

impl<F, C> Rounds<F, C>
where
    F: FnMut(Moment) -> Next,
    C: Clock,
{
    /// A loop that is called by `bell`.
    pub fn new(clock: C, bell: Bell, round: F) -> Self {
        Self { clock, bell, round, next: Next::At(Moment::ZERO) }
    }

    /// Goes its rounds on this thread until it is over. A panic of a round ends it.
    pub fn run(mut self) {
        let parker = Parker::new();
        let waker = parker.waker();
        loop {
            match self.go(&waker) {
                Next::At(at) => parker.wait(&self.clock, Some(at)),
                Next::WhenRung => parker.wait(&self.clock, None),
                Next::Never => return,
            }
        }
    }

    /// Goes its rounds as a task of any runtime, and sleeps by `timer`, whose clock should be its own. Dropping the future ends it.
    pub fn run_on<T: Timer>(self, timer: T) -> RunRounds<F, C, T> {
        RunRounds { rounds: self, timer, asleep_until: None, sleep: None }
    }

    /// Goes a round if one is due, and says when the next one is.
    fn go(&mut self, waker: &Waker) -> Next {
        let is_called = self.bell.has_rung(waker);
        let now = self.clock.now();
        if is_called || matches!(self.next, Next::At(at) if now >= at) {
            self.next = match (self.round)(now) {
                // Or a clock that stands at its end would make it turn for ever.
                Next::At(Moment::MAX) => Next::WhenRung,
                next => next,
            };
            seeded_bug!("rounds_forget_rings_meanwhile" => { self.bell.has_rung(waker); });
        }
        self.next
    }
}

impl<F, C: fmt::Debug> fmt::Debug for Rounds<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clock, bell: _, round: _, next } = self;
        f.debug_struct("Rounds").field("clock", clock).field("next", next).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Rounds::run_on`].
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct RunRounds<F, C, T: Timer> {
        rounds: Rounds<F, C>,
        timer: T,
        asleep_until: Option<Moment>,
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

impl<F, C, T> Future for RunRounds<F, C, T>
where
    F: FnMut(Moment) -> Next,
    C: Clock,
    T: Timer,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let at = match this.rounds.go(cx.waker()) {
            Next::At(at) => at,
            Next::WhenRung => {
                this.sleep.set(None);
                return Poll::Pending;
            }
            Next::Never => return Poll::Ready(()),
        };
        if this.sleep.is_none() || *this.asleep_until != Some(at) {
            *this.asleep_until = Some(at);
            this.sleep.set(Some(this.timer.sleep_until(at)));
        }
        let Some(sleep) = this.sleep.as_mut().as_pin_mut() else { return Poll::Pending };
        if sleep.poll(cx).is_ready() {
            this.sleep.set(None);
            // The next round is due. It is gone in a poll of its own, so that other tasks come in between.
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<F, C: fmt::Debug, T: Timer> fmt::Debug for RunRounds<F, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunRounds").field("rounds", &self.rounds).finish_non_exhaustive()
    }
}
