use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::moment::saturating_nanos;
use crate::{Clock, Moment, Timer};

/// A clock that stands still until a test moves it, and a timer whose sleepers wake when it does.
///
/// Clones share one time. It starts at [`Moment::ZERO`] and, as its wall clock, at 2023-11-14 22:13:20 UTC.
///
/// ```
/// use resil_core::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().saturating_duration_since(before), Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    now: AtomicU64,
    unix_nanos: AtomicU64,
    leaps: bool,
    sleepers: Mutex<Sleepers>,
}

#[derive(Debug, Default)]
struct Sleepers {
    next_id: u64,
    waiting: Vec<(u64, Moment, Waker)>,
}

impl Default for Hands {
    fn default() -> Self {
        Self {
            now: AtomicU64::new(0),
            unix_nanos: AtomicU64::new(1_700_000_000 * 1_000_000_000),
            leaps: false,
            sleepers: Mutex::default(),
        }
    }
}

impl ManualClock {
    /// A clock at [`Moment::ZERO`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A clock at [`Moment::ZERO`] that leaps to whatever is waited for, by a parked thread or by a sleeping future: waiting takes no
    /// time, and nobody has to move it. For tests in which one thread or task waits at a time.
    ///
    /// ```
    /// use resil_core::{Clock, ManualClock, Moment};
    /// let clock = ManualClock::leaping();
    /// clock.park_until(Moment::from_nanos(5_000));
    /// assert_eq!(clock.now(), Moment::from_nanos(5_000));
    /// ```
    pub fn leaping() -> Self {
        Self(Arc::new(Hands { leaps: true, ..Hands::default() }))
    }

    /// Moves it to `at` if it leaps and is not there yet.
    fn leap(&self, at: Moment) {
        let ahead = at.saturating_duration_since(self.now());
        if self.0.leaps && !ahead.is_zero() {
            self.advance(ahead);
        }
    }

    /// Moves both clocks forward and wakes every sleeper whose moment has come, in the order of their moments. Saturates at
    /// [`Moment::MAX`].
    pub fn advance(&self, span: Duration) {
        let add = |hand: &AtomicU64| {
            let old = hand.load(Ordering::Relaxed);
            hand.store(old.saturating_add(saturating_nanos(span)), Ordering::Relaxed);
        };
        let due = {
            let mut sleepers = self.sleepers();
            add(&self.0.now);
            add(&self.0.unix_nanos);
            sleepers.take_due(self.now())
        };
        due.into_iter().for_each(Waker::wake);
    }

    /// Puts the monotonic clock at `moment`, also backwards: real clocks of a broken machine do that. Wakes who is due.
    pub fn set(&self, moment: Moment) {
        let due = {
            let mut sleepers = self.sleepers();
            self.0.now.store(moment.as_nanos(), Ordering::Relaxed);
            sleepers.take_due(moment)
        };
        due.into_iter().for_each(Waker::wake);
    }

    /// Steps the wall clock to `since_1970`, and leaves the monotonic one alone. Saturates after the year 2554.
    pub fn set_unix_time(&self, since_1970: Duration) {
        // Under the lock, as `advance` reads the hand and writes it back.
        let _sleepers = self.sleepers();
        self.0.unix_nanos.store(saturating_nanos(since_1970), Ordering::Relaxed);
    }

    /// How many futures of [`Timer::sleep_until`] wait on this clock.
    pub fn sleepers_waiting(&self) -> usize {
        self.sleepers().waiting.len()
    }

    /// The earliest moment that a future of [`Timer::sleep_until`] waits for on this clock.
    pub fn next_sleeper(&self) -> Option<Moment> {
        self.sleepers().waiting.iter().map(|(_, at, _)| *at).min()
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sleepers {
    fn take_due(&mut self, now: Moment) -> Vec<Waker> {
        let mut due: Vec<_> = self.waiting.extract_if(.., |(_, at, _)| *at <= now).collect();
        due.sort_by_key(|(_, at, _)| *at);
        due.into_iter().map(|(_, _, waker)| waker).collect()
    }

    /// Sets the waker of sleeper `id`, a new one if it is none of those that wait. Gives back the waker that it had.
    fn set_waker(&mut self, id: Option<u64>, at: Moment, waker: Waker) -> (u64, Option<Waker>) {
        if let Some(known) = self.waiting.iter_mut().find(|(known, ..)| Some(*known) == id) {
            return (known.0, Some(std::mem::replace(&mut known.2, waker)));
        }
        self.next_id += 1;
        self.waiting.push((self.next_id, at, waker));
        (self.next_id, None)
    }

    fn take(&mut self, id: u64) -> Option<Waker> {
        let index = self.waiting.iter().position(|(known, ..)| *known == id)?;
        Some(self.waiting.remove(index).2)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment::from_nanos(self.0.now.load(Ordering::Relaxed))
    }

    fn unix_time(&self) -> Duration {
        Duration::from_nanos(self.0.unix_nanos.load(Ordering::Relaxed))
    }

    fn park_until(&self, at: Moment) {
        let mut sleep = self.sleep_until(at);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        if Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker)).is_pending() {
            thread::park();
        }
    }
}

/// Wakes a thread that sleeps on the clock.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Timer for ManualClock {
    type Sleep = ManualSleep;

    fn sleep_until(&self, at: Moment) -> ManualSleep {
        ManualSleep { clock: self.clone(), at, id: None }
    }
}

/// The future of [`ManualClock`]'s timer: ready once the clock has been moved to its moment. Cancel-safe.
#[derive(Debug)]
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct ManualSleep {
    clock: ManualClock,
    at: Moment,
    id: Option<u64>,
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Wakers are foreign code: they are cloned and dropped outside the lock, as they may own a sleeper of this very clock.
        let waker = cx.waker().clone();
        let clock = self.clock.clone();
        clock.leap(self.at);
        let mut sleepers = clock.sleepers();
        if clock.now() >= self.at {
            return Poll::Ready(());
        }
        let (id, replaced) = sleepers.set_waker(self.id, self.at, waker);
        drop(sleepers);
        drop(replaced);
        self.id = Some(id);
        Poll::Pending
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let waker = self.clock.sleepers().take(id);
            drop(waker);
        }
    }
}
