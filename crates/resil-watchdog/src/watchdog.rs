use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use resil_core::{Clock, MonotonicClock, Name, Subscription, TimedOut};

use crate::house::House;
use crate::post::{Cord, Post};
use crate::shared::Shared;
use crate::state_file::StateFile;
use crate::{Builder, Config, Event, Pinger, Reading, Stats, Watch, WatchdogError, Watched};

/// Notices who stands still: threads and tasks that no longer ping, workers of a tokio runtime that are blocked, or a state file that
/// is no longer renewed.
///
/// ```
/// use resil_watchdog::Watchdog;
/// use std::time::Duration;
///
/// let dog = Watchdog::new(Duration::from_secs(30)).on_timeout(|silence| eprintln!("{silence}")).start()?;
/// for job in ["one", "two"] {
///     dog.ping();
///     println!("{job}");
/// }
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
///
/// A thread of its own looks once a tick, a quarter of the timeout and at most a second. Silence counts from the look that saw the last
/// ping, and is told when it has lasted for the timeout: so between the timeout and a tick more after that ping.
///
/// Share it by reference or in an `Arc`. Dropping it ends the watch.
pub struct Watchdog<C = MonotonicClock> {
    /// Where whoever has no pinger pings.
    own: Arc<Post>,
    is_counted: bool,
    shared: Arc<Shared<C>>,
    _running: Running,
}

/// Ends the watch when it is dropped.
struct Running(Arc<dyn House>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Watchdog {
    /// One that lets a silence last for `timeout`, 4 ms to 100 years: to be described further, and started.
    #[expect(clippy::new_ret_no_self, reason = "a watchdog that is not started yet is a builder")]
    pub fn new(timeout: Duration) -> Builder {
        Self::with_config(Config { timeout, ..Config::new() })
    }

    /// One with these settings: to be described further, and started.
    pub fn with_config(config: Config) -> Builder {
        Builder::new(config, None)
    }

    /// One that looks at a file that another process renews while it is alive.
    ///
    /// `reader` is given the path and the greatest age, 30 s unless [set](Builder::max_age), and says what it thinks of the file: a
    /// [`Reading`], a `bool`, a text such as `alive`, `stopped` or `stale`, or a `Result` of these. With `resil-heartbeat` that is one
    /// line:
    ///
    /// ```
    /// # use std::{path::Path, time::Duration};
    /// # mod resil_heartbeat {
    /// #     pub fn is_alive_within(_: &std::path::Path, _: std::time::Duration) -> bool { true }
    /// # }
    /// use resil_watchdog::Watchdog;
    ///
    /// let dog = Watchdog::from_state_file("run/app.heartbeat", |path, max_age| resil_heartbeat::is_alive_within(path, max_age))
    ///     .on_timeout(|silence| eprintln!("{silence}"))
    ///     .start()?;
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    ///
    /// It looks at once and then each [`check_interval`](Builder::check_interval), half of the greatest age unless set. A file that is bad is told
    /// of once, until it has been good again; one whose writer has stopped is no alarm; nor is one that is not good yet within
    /// the [`startup_grace`](Builder::startup_grace). A reader that panics is counted, and its file is bad.
    ///
    /// Pingers, futures and runtimes can be watched besides, and may be silent for as long as the file may be old. The file is not looked
    /// at more often for them.
    ///
    /// The reader runs on the monitor's thread. While it hangs nothing is told, but [`check`](Watchdog::check) is an error
    /// once it has been at work for longer than the greatest age, and [`Stats::reading_for`] shows it.
    pub fn from_state_file<R: Into<Reading>>(
        path: impl Into<PathBuf>,
        reader: impl Fn(&std::path::Path, Duration) -> R + Send + Sync + 'static,
    ) -> Builder {
        Builder::new(Config::new(), Some(StateFile::new(path.into(), reader)))
    }
}

impl<C: Clock + Clone + 'static> Watchdog<C> {
    pub(crate) fn of(shared: Arc<Shared<C>>, own: Arc<Post>) -> Self {
        let running = Running(Arc::clone(&shared) as _);
        Self { own, is_counted: shared.config.counted, shared, _running: running }
    }

    #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
    pub(crate) fn shared(&self) -> &Arc<Shared<C>> {
        &self.shared
    }

    /// Says that whoever has no pinger of its own is alive: one relaxed store, without a clock and a lock. When it was is known to one
    /// tick. Any thread may do it; those who ping often are better off with a [`pinger`](Self::pinger) each.
    ///
    /// It is counted only if the watchdog is [`counted`](Builder::counted), which makes it an atomic addition.
    ///
    /// This ping is waited for from the start, as long as nobody else is watched; where there are pingers, futures or runtimes, from the
    /// first time on that it is made. A watchdog of a state file does not wait for it.
    #[inline]
    pub fn ping(&self) {
        if self.is_counted {
            self.own.add();
        } else {
            self.own.flag();
        }
    }

    /// [`ping`](Self::ping), and when exactly: reads the clock.
    pub fn ping_timed(&self) {
        self.own.at(self.shared.clock.now());
    }

    /// [`ping`](Self::ping), and what it is about to do, which is told if this was the last that was heard of it. Takes a short lock.
    pub fn ping_with(&self, note: impl Into<Cow<'static, str>>) {
        self.own.leave(note.into());
        self.ping();
    }

    /// Somebody who is watched by this name from now on, until the pinger is dropped. Names may repeat.
    pub fn pinger(&self, name: impl Into<Cow<'static, str>>) -> Pinger {
        self.shared.pinger(name.into(), None)
    }

    /// Runs `f`, which is watched meanwhile and pings with what it is given. An error if it was silent for too long at any time, with
    /// that silence; what `f` returns is lost then.
    ///
    /// ```
    /// # let dog = resil_watchdog::Watchdog::new(std::time::Duration::from_secs(30)).start()?;
    /// let rows = dog.scope(|pinger| {
    ///     (1..=3).inspect(|_| pinger.ping()).sum::<u32>()
    /// });
    /// assert_eq!(rows, Ok(6));
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    #[track_caller]
    pub fn scope<T>(&self, f: impl FnOnce(&Pinger) -> T) -> Result<T, TimedOut> {
        let pinger = self.shared.pinger(format!("scope at {}", Location::caller()).into(), Some(Cord::new()));
        let output = f(&pinger);
        if let Some(silence) = pinger.post().cord().and_then(Cord::is_cut) {
            return Err(TimedOut::new(self.name(), silence));
        }
        pinger.check()?;
        Ok(output)
    }

    /// Watches a future: each poll is a ping, and if none comes for the timeout, it is dropped and the error says how long the silence
    /// was. Its silence counts from this call.
    ///
    /// The monitor tells the alarm whatever the runtime does, and wakes the task. A runtime that is blocked drops the future when it comes
    /// to it; what is ready by then is returned all the same. While the watchdog is stopped nothing is cut off. Allocates twice.
    ///
    /// Cancel-safe if `future` is: dropping it ends the watch.
    ///
    /// ```
    /// # use resil_watchdog::{Watchdog, background::Parker, MonotonicClock};
    /// # async fn upload() -> u32 { 42 }
    /// # let dog = Watchdog::new(std::time::Duration::from_secs(30)).start()?;
    /// # let main = async {
    /// let uploaded = dog.watch(upload()).await?;
    /// # Ok::<_, resil_watchdog::TimedOut>(uploaded) };
    /// # assert_eq!(Parker::new().finish(main, &MonotonicClock), Ok(42));
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    #[track_caller]
    pub fn watch<F: Future>(&self, future: F) -> Watch<F> {
        Watch::of_polls(future, self.future_pinger(Location::caller()), self.name())
    }

    /// [`watch`](Self::watch), where only the pings of the pinger count that `make` is given. Dropping that pinger ends the watch, and
    /// the future goes on.
    ///
    /// ```
    /// # use resil_watchdog::{Watchdog, background::Parker, MonotonicClock};
    /// # let dog = Watchdog::new(std::time::Duration::from_secs(30)).start()?;
    /// let import = dog.watch_with(|pinger| async move {
    ///     for row in 0..3 {
    ///         pinger.ping_with(format!("row {row}"));
    ///         std::future::ready(()).await;
    ///     }
    /// });
    /// # assert_eq!(Parker::new().finish(import, &MonotonicClock), Ok(()));
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    #[track_caller]
    pub fn watch_with<F: Future>(&self, make: impl FnOnce(Pinger) -> F) -> Watch<F> {
        let pinger = self.future_pinger(Location::caller());
        let post = Arc::clone(pinger.post());
        Watch::of_pings(make(pinger), post, self.name())
    }

    fn future_pinger(&self, caller: &Location<'_>) -> Pinger {
        self.shared.pinger(format!("future at {caller}").into(), Some(Cord::new()))
    }

    /// An error if anybody has been silent for too long, with the longest such silence: for code that would rather stop than be told.
    /// Reading it changes nothing. `Ok` while the watchdog is stopped.
    pub fn check(&self) -> Result<(), TimedOut> {
        let (now, state) = (self.shared.clock.now(), self.shared.state());
        let reading = state.reading_since.map(|since| now.saturating_duration_since(since));
        let stuck = reading.filter(|span| state.is_running && *span > self.shared.config.timeout);
        match state.worst(now).max(stuck) {
            Some(silence) => Err(TimedOut::new(self.name(), silence)),
            None => Ok(()),
        }
    }

    /// Looks at everybody now, on this thread, as the monitor does at each tick. For tests that move a
    /// [`ManualClock`](crate::ManualClock): tick by tick, as a clock that jumps is one of a machine that slept, and that is no silence.
    ///
    /// Does nothing while the watchdog is stopped.
    pub fn look(&self) {
        self.shared.look(None);
    }

    /// Forgets all silences, as if everybody had just begun.
    pub fn reset(&self) {
        self.shared.state().reset(self.shared.clock.now());
    }

    /// Ends the watch, from anywhere, also in a callback. What was told by then may still be on its way to callbacks. Nothing happens if
    /// it has ended before.
    pub fn stop(&self) {
        self.shared.stop();
    }

    /// Begins a new run after [`stop`](Self::stop), in which everybody has just begun.
    ///
    /// # Errors
    /// [`WatchdogError::AlreadyRunning`] if it runs, and [`WatchdogError::Thread`] if the system has no thread to give.
    pub fn restart(&self) -> Result<(), WatchdogError> {
        self.shared.start()
    }

    /// Whether it watches.
    pub fn is_running(&self) -> bool {
        self.shared.state().is_running
    }

    /// Whether the silence of somebody was told, and lasts.
    pub fn is_triggered(&self) -> bool {
        self.shared.state().is_triggered(self.shared.clock.now())
    }

    /// How often an alarm was raised, repeated ones included.
    pub fn fired_count(&self) -> u64 {
        self.shared.state().vigil.tally().alarms
    }

    /// How long whoever is watched has been silent, of several the longest: known to one tick, and never more than it really was.
    pub fn since_ping(&self) -> Duration {
        self.shared.state().longest_silence(self.shared.clock.now())
    }

    /// [`since_ping`](Self::since_ping) in seconds.
    pub fn seconds_since_ping(&self) -> f64 {
        self.since_ping().as_secs_f64()
    }

    /// The name; "unnamed" unless set.
    pub fn name(&self) -> Name {
        self.shared.name
    }

    /// The settings, with those filled in that were left open.
    pub fn config(&self) -> Config {
        self.shared.config
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> Stats {
        Stats::of(&self.shared)
    }

    /// All who are watched, in the order in which they came.
    pub fn watched(&self) -> Vec<Watched> {
        self.shared.state().list(self.shared.clock.now())
    }

    /// Calls `listener` for every later [`Event`], until the returned subscription is dropped.
    ///
    /// Listeners and callbacks run one after the other on a thread of their own, and may call the handle. One that panics is counted in
    /// [`Stats::callback_panics`]; one that hangs keeps the later ones from hearing anything, but not the monitor from its work.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.shared.bark.observe(listener)
    }
}

impl<C: Clock + Clone + 'static> fmt::Debug for Watchdog<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog")
            .field("name", &self.name())
            .field("config", &self.config())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
