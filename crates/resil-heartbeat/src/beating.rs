use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use resil_core::background::{Next, Rounds, RunRounds};
use resil_core::sync::atomic::Ordering;
use resil_core::{Clock, Moment, MonotonicClock, Timer};

use crate::shared::Shared;

/// A round of the loop, whatever the clock is.
pub(crate) type Round = Box<dyn FnMut(Moment) -> Next + Send>;

/// The rounds of a heartbeat that begins. When they end in whatever way, it no longer runs.
pub(crate) fn rounds<C: Clock + Clone + 'static>(shared: &Arc<Shared<C>>) -> Rounds<Round, C> {
    shared.has_loop.store(true, Ordering::Relaxed);
    let mut walker = Walker { shared: Arc::clone(shared), has_asked: false };
    let round: Round = Box::new(move |now| walker.go(now));
    Rounds::new(shared.clock.clone(), shared.bell.clone(), round)
}

/// Who goes the rounds.
struct Walker<C> {
    shared: Arc<Shared<C>>,
    /// Whether it has asked for the target since the heartbeat began.
    has_asked: bool,
}

impl<C: Clock> Walker<C> {
    fn go(&mut self, now: Moment) -> Next {
        if !std::mem::replace(&mut self.has_asked, true) {
            self.shared.ask_target();
        }
        self.shared.round(now)
    }
}

impl<C> Drop for Walker<C> {
    fn drop(&mut self) {
        self.shared.has_loop.store(false, Ordering::Relaxed);
    }
}

/// The beats of a [`Heartbeat`](crate::Heartbeat) as a task of any runtime: a future that is ready when the heartbeat was stopped. Made
/// by [`start_task`](crate::Builder::start_task).
///
/// Beats are written by the thread that polls it, which takes well below a millisecond without `fsync`. So a runtime whose threads are
/// all blocked does not beat, as it should be.
///
/// Dropping it ends the beats, and is no stop: nothing is written, [`is_running`](crate::Heartbeat::is_running) is false from then on,
/// and the file goes stale. The handle can still beat by hand, and stop.
///
/// ```
/// use resil_heartbeat::{Heartbeat, ManualClock};
/// use std::time::Duration;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let clock = ManualClock::new(); // as the clock and as the timer
/// let (heartbeat, beating) = Heartbeat::builder().clock(clock.clone()).start_task(clock.clone())?;
/// let task = tokio::spawn(beating);
///
/// tokio::task::yield_now().await;
/// clock.advance(Duration::from_secs(10));
/// while heartbeat.stats().beats < 2 {
///     tokio::task::yield_now().await;
/// }
/// heartbeat.stop()?;
/// task.await.unwrap();
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// # }).unwrap();
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Beating<T: Timer, C = MonotonicClock> {
    rounds: Pin<Box<RunRounds<Round, C, T>>>,
}

impl<T: Timer, C: Clock> Beating<T, C> {
    pub(crate) fn new(rounds: Rounds<Round, C>, timer: T) -> Self {
        Self { rounds: Box::pin(rounds.run_on(timer)) }
    }
}

impl<T: Timer, C: Clock> Future for Beating<T, C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.rounds.as_mut().poll(cx)
    }
}

impl<T: Timer, C> fmt::Debug for Beating<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beating").finish_non_exhaustive()
    }
}
