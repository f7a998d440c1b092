use std::fmt;
use std::time::Duration;

use resil_core::{
    Clock, Counters, Cut, MonotonicClock, Name, Observers, OutOfRange, Subscription, TimedOut, const_fn,
};

use crate::settings::Settings;
use crate::{Config, Cutoff, Event, Stats};

/// A limit on how long a call may take.
///
/// A future that is not ready by then is dropped by whoever awaits it, and the caller gets [`TimedOut`], which names the limit.
/// Synchronous code is never cut from outside: the limit is its [current deadline](crate::Deadline::current), which it checks between its
/// steps. Limits lie in each other: what is called within a call never gets more time than is left to it.
///
/// ```
/// use resil_timeout::{Error, Timeout};
/// use std::time::Duration;
///
/// static PAYMENTS: Timeout = Timeout::new(Duration::from_secs(2)).named("payments");
///
/// # async fn charge() -> Result<u32, std::io::Error> { Ok(42) }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// match PAYMENTS.call_async(charge()).await {
///     Ok(receipt) => println!("paid: {receipt}"),
///     Err(Error::TimedOut(cut)) => println!("{cut}"), // payments: timed out after 2s
///     Err(error) => println!("declined: {error}"),
/// }
/// # });
/// ```
///
/// A future that is ready when it is first polled costs a few nanoseconds: no timer, no allocation, nothing counted, and the clock is read
/// only if there is a deadline around it. Its limit begins when it is first needed in the first poll, or at that poll's end: see
/// [`Limited`](crate::Limited).
pub struct Timeout<C = MonotonicClock> {
    pub(crate) settings: Settings,
    pub(crate) name: Name,
    counters: Counters<3>,
    observers: Observers<Event>,
    pub(crate) clock: C,
}

const TIMED_OUT: usize = 0;
const EXPIRED: usize = 1;
const CANCELLED: usize = 2;

impl Timeout {
    const_fn! {
        /// Calls may take so long, 1 ns to 100 years. Without a name, texts say "unnamed".
        ///
        /// ```compile_fail,E0080
        /// use resil_timeout::Timeout;
        /// // "timeout is out of range, allowed is 1ns to 100 years"
        /// static PAYMENTS: Timeout = Timeout::new(std::time::Duration::ZERO);
        /// ```
        ///
        /// # Panics
        /// If the limit is out of its range, in const evaluation as an error of compilation. Use [`try_new`](Self::try_new) for one
        /// that comes from outside.
        pub const fn new(limit: Duration) -> Self {
            Self::with_clock(Name::UNNAMED, Config::new(limit), MonotonicClock)
        }

        /// Calls may take so long, or the error that it is out of its range.
        pub const fn try_new(limit: Duration) -> Result<Self, OutOfRange> {
            let config = Config::new(limit);
            match config.check() {
                Ok(()) => Ok(Self::unchecked(Name::UNNAMED, &config, MonotonicClock)),
                Err(error) => Err(error),
            }
        }

        /// A timeout with more settings.
        ///
        /// # Panics
        /// If a setting is out of its range, as [`new`](Self::new).
        pub const fn with_config(name: &'static str, config: Config) -> Self {
            Self::with_clock(Name::new(name), config, MonotonicClock)
        }
    }

    /// A timeout with more settings, or the one that is out of its range. For a name from configuration see [`Name::intern`].
    pub fn try_with_config(name: impl Into<Name>, config: Config) -> Result<Self, OutOfRange> {
        Self::try_with_clock(name.into(), config, MonotonicClock)
    }
}

impl<C> Timeout<C> {
    const_fn! {
        /// A timeout on a clock of your own.
        ///
        /// ```
        /// use resil_timeout::{Config, Deadline, ManualClock, Timeout};
        /// use std::time::Duration;
        ///
        /// let clock = ManualClock::new();
        /// let timeout = Timeout::with_clock("import".into(), Config::new(Duration::from_secs(2)), clock.clone());
        /// let imported = timeout.call_nested(|| {
        ///     clock.advance(Duration::from_secs(3)); // a step that takes long
        ///     Deadline::check_current_on(&clock)?;
        ///     Ok::<_, resil_timeout::Error<String>>(())
        /// });
        /// assert_eq!(imported.unwrap_err().to_string(), "import: timed out after 2s");
        /// ```
        ///
        /// # Panics
        /// If a setting is out of its range, as [`new`](Timeout::new).
        pub const fn with_clock(name: Name, config: Config, clock: C) -> Self {
            if let Err(error) = config.check() {
                panic!("{}", error.complaint());
            }
            Self::unchecked(name, &config, clock)
        }

        const fn unchecked(name: Name, config: &Config, clock: C) -> Self {
            let settings = Settings::new(config);
            Self { settings, name, counters: Counters::new(), observers: Observers::new(), clock }
        }

        /// The same, under a name, which [`TimedOut`] then tells.
        pub const fn named(mut self, name: &'static str) -> Self {
            self.name = Name::new(name);
            self
        }
    }

    /// A timeout on a clock of your own, or the setting that is out of its range.
    pub fn try_with_clock(name: Name, config: Config, clock: C) -> Result<Self, OutOfRange> {
        config.check().map(|()| Self::unchecked(name, &config, clock))
    }

    /// The timeout's name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The configuration in force: the one it was made with, or that of the last [`reconfigure`](Self::reconfigure).
    pub fn config(&self) -> Config {
        self.settings.config()
    }

    /// Goes over to another configuration. Calls that are under way keep their limits; one that begins meanwhile and asks for a limit of
    /// its own may already go by the new longest one, and by the old rest.
    ///
    /// # Errors
    /// If a setting is out of its range: which, its value and the range. Nothing changes then.
    pub fn reconfigure(&self, config: Config) -> Result<(), OutOfRange> {
        config.check()?;
        self.settings.set(&config);
        Ok(())
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> Stats {
        let [timed_out, expired, cancelled] = self.counters.sums();
        Stats {
            name: self.name,
            timed_out,
            expired,
            cancelled,
            events_lost: self.observers.events_lost(),
            listener_panics: self.observers.listener_panics(),
        }
    }

    /// Calls `listener` for every later [`Event`], until the returned subscription is dropped.
    ///
    /// Listeners run one event at a time, on the thread of some caller; so they should be quick. They may make calls under this very
    /// timeout. One that panics is counted in [`Stats::listener_panics`] and harms nobody.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.observers.observe(listener)
    }

    /// Counts and tells that a call was cut off.
    #[cold]
    pub(crate) fn tell(&self, cut: Cut) -> TimedOut {
        let limit = TimedOut::from(cut);
        let cutoff = Cutoff { name: self.name, limit };
        let (counter, event) = match cut {
            Cut::Over(_) => (TIMED_OUT, Event::TimedOut(cutoff)),
            Cut::Expired(_) => (EXPIRED, Event::Expired(cutoff)),
        };
        self.counters.add(counter, true);
        self.observers.enqueue(event);
        self.observers.deliver();
        limit
    }

    /// Counts that a future was dropped.
    #[cold]
    pub(crate) fn count_cancelled(&self) {
        self.counters.add(CANCELLED, true);
    }
}

impl<C: Clock> fmt::Debug for Timeout<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("name", &self.name)
            .field("config", &self.config())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
