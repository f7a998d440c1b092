use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use resil_core::{Clock, Counters, MonotonicClock, Name, Observers, OutOfRange, Subscription, const_fn};

use crate::decision::{After, Errors, Never, On, When};
use crate::settings::Settings;
use crate::{Config, Decision, Event, RetryBudget, Retrying, Stats, StopReason, Stops};

/// Makes a call again when it fails, after a growing wait, as long as there is hope, time and budget.
///
/// ```
/// use resil_retry::{Config, Retry};
///
/// static PAYMENTS: Retry = Retry::new("payments", Config::new().max_attempts(5));
///
/// let receipt = PAYMENTS.call(|| "42".parse::<u32>());
/// assert_eq!(receipt, Ok(42));
/// ```
///
/// Calls are made through `call` and its kin; what they need not retry is said by [`on`](Self::on), [`when`](Self::when) and
/// [`never`](Self::never). After a failed attempt, in this order: is the error one to retry? Are attempts left? Would the next one
/// begin before [`max_elapsed`](Config::max_elapsed) and before the current [`Deadline`](crate::Deadline)? Is there a token in the
/// [budget](RetryBudget)? Then it waits, and tries again. Whatever stops it, the caller gets the last real result; the reason is in the
/// event and in [`stats`](Self::stats).
///
/// A call that succeeds at once reads no clock, allocates nothing and writes nothing that is shared, unless there is a budget (one
/// atomic addition), a limit of time or a deadline (a clock).
pub struct Retry<C = MonotonicClock> {
    pub(crate) settings: Settings,
    budget: Budget,
    pub(crate) counters: Counters<COUNTERS>,
    pub(crate) observers: Observers<Event>,
    name: Name,
    pub(crate) clock: C,
}

enum Budget {
    None,
    Static(&'static RetryBudget),
    Shared(Arc<RetryBudget>),
}

// The counters: these, and behind them one for each reason.
pub(crate) const RETRIED: usize = 0;
pub(crate) const RETRIES: usize = 1;
pub(crate) const RECOVERED: usize = 2;
pub(crate) const WAITED_NANOS: usize = 3;
pub(crate) const STOPPED: usize = 4;
const COUNTERS: usize = STOPPED + StopReason::ALL.len();

impl Retry {
    const_fn! {
        /// A handle for a `static`, checked when it is compiled.
        ///
        /// ```compile_fail,E0080
        /// use resil_retry::{Config, Retry};
        /// // "max_attempts is out of range, allowed is 1 or more"
        /// static PAYMENTS: Retry = Retry::new("payments", Config::new().max_attempts(0));
        /// ```
        ///
        /// # Panics
        /// If a setting is out of its range, in const evaluation as an error of compilation. Use [`try_new`](Self::try_new) for
        /// settings that come from outside.
        pub const fn new(name: &'static str, config: Config) -> Self {
            Self::with_clock(Name::new(name), config, MonotonicClock)
        }

        /// A handle without a name: texts say "unnamed".
        ///
        /// # Panics
        /// As [`new`](Self::new).
        pub const fn unnamed(config: Config) -> Self {
            Self::with_clock(Name::UNNAMED, config, MonotonicClock)
        }

        /// A handle, or what of the settings is out of its range. For a name from configuration see [`Name::intern`].
        pub const fn try_new(name: &'static str, config: Config) -> Result<Self, OutOfRange> {
            match config.check() {
                Ok(()) => Ok(Self::checked(Name::new(name), config, MonotonicClock)),
                Err(error) => Err(error),
            }
        }
    }
}

impl<C: Clock> Retry<C> {
    const_fn! {
        /// A handle on a clock of your own; its waits on threads are that clock's, too.
        ///
        /// ```
        /// use resil_retry::{Backoff, Clock, Config, ManualClock, Retry};
        /// use std::time::Duration;
        ///
        /// let clock = ManualClock::leaping(); // waits take no time
        /// let config = Config::new().backoff(Backoff::fixed(Duration::from_secs(5)));
        /// let retry = Retry::with_clock("payments".into(), config, clock.clone());
        /// let _ = retry.call(|| Err::<(), _>("down"));
        /// assert_eq!(clock.now().as_nanos(), 10_000_000_000);
        /// ```
        ///
        /// # Panics
        /// If a setting is out of its range.
        pub const fn with_clock(name: Name, config: Config, clock: C) -> Self {
            match config.check() {
                Ok(()) => Self::checked(name, config, clock),
                Err(error) => panic!("{}", error.complaint()),
            }
        }

        /// A handle on a clock of your own, or what of the settings is out of its range.
        pub const fn try_with_clock(name: Name, config: Config, clock: C) -> Result<Self, OutOfRange> {
            match config.check() {
                Ok(()) => Ok(Self::checked(name, config, clock)),
                // A clock may have a destructor, which cannot run in a `const`.
                Err(error) => { mem::forget(clock); Err(error) }
            }
        }

        const fn checked(name: Name, config: Config, clock: C) -> Self {
            let settings = Settings::new(config);
            Self { settings, budget: Budget::None, counters: Counters::new(), observers: Observers::new(), name, clock }
        }

        /// The same handle, whose retries withdraw from `budget`. It takes the place of one that was set before.
        #[must_use = "the handle is taken and returned"]
        pub const fn budget(mut self, budget: &'static RetryBudget) -> Self {
            let before = mem::replace(&mut self.budget, Budget::Static(budget));
            // No destructor can run in a `const`; one that was shared stays allocated.
            mem::forget(before);
            self
        }
    }

    /// The same handle, whose retries withdraw from `budget`. It takes the place of one that was set before.
    ///
    /// ```
    /// use resil_retry::{Config, Retry, RetryBudget};
    /// use std::sync::Arc;
    ///
    /// let budget = Arc::new(RetryBudget::new(20));
    /// let payments = Retry::new("payments", Config::new()).shared_budget(Arc::clone(&budget));
    /// let _ = payments.call(|| Ok::<_, ()>(()));
    /// assert_eq!(budget.stats().deposits, 1);
    /// ```
    #[must_use = "the handle is taken and returned"]
    pub fn shared_budget(mut self, budget: Arc<RetryBudget>) -> Self {
        self.budget = Budget::Shared(budget);
        self
    }

    /// Calls whose results are judged by `judge`: it says by a `bool`, a [`Verdict`](crate::Verdict) or a [`Decision`] whether to retry,
    /// also of results that are no errors. The caller gets the last of them.
    ///
    /// ```
    /// use resil_retry::{Config, ManualClock, Retry};
    ///
    /// let retry = Retry::with_clock("payments".into(), Config::new(), ManualClock::leaping());
    /// let by_status = retry.on(|answer: Result<&u16, &&str>| answer.map_or(true, |status| *status >= 500));
    /// assert_eq!(by_status.call(|| Ok::<u16, &str>(503)), Ok(503));
    /// assert_eq!(retry.stats().retries, 2);
    /// ```
    pub const fn on<T, E, D, F>(&self, judge: F) -> Retrying<'_, C, On<F, D>>
    where
        F: Fn(Result<&T, &E>) -> D,
        D: Into<Decision>,
    {
        Retrying::new(self, On::new(judge))
    }

    /// Calls of which only those errors are retried for which `predicate` holds.
    ///
    /// ```
    /// use resil_retry::{Config, Retry, io_transient};
    /// use std::fs;
    ///
    /// let retry = Retry::new("settings", Config::new());
    /// let missing = retry.when(io_transient).call(|| fs::read_to_string("/no/such/file"));
    /// assert!(missing.is_err()); // at once
    /// assert_eq!(retry.stats().stopped.not_retryable, 1);
    /// ```
    pub const fn when<E, F: Fn(&E) -> bool>(&self, predicate: F) -> Retrying<'_, C, When<F>> {
        Retrying::new(self, When { predicate })
    }

    /// Calls of which those errors are not retried for which `predicate` holds.
    pub const fn never<E, F: Fn(&E) -> bool>(&self, predicate: F) -> Retrying<'_, C, Never<F, Errors>> {
        Retrying::new(self, Never { predicate, inner: Errors })
    }

    /// Calls whose errors are asked how long to wait at least, for example for what `Retry-After` said.
    pub const fn after<E, F>(&self, hint: F) -> Retrying<'_, C, After<F, Errors>>
    where
        F: Fn(&E) -> Option<Duration>,
    {
        Retrying::new(self, After { hint, inner: Errors })
    }

    /// The name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The settings in force: those it was made with, or those of the last [`reconfigure`](Self::reconfigure).
    pub fn config(&self) -> Config {
        self.settings.config()
    }

    /// Goes over to other settings; statistics, budget and listeners stay. A call of which an attempt has failed keeps the settings that
    /// it found then, and one whose first attempt still runs goes on by these, but for a limit of time that came in meanwhile.
    ///
    /// ```
    /// use resil_retry::{Backoff, Config, ManualClock, Retry};
    /// use std::time::Duration;
    ///
    /// let retry = Retry::with_clock("payments".into(), Config::new(), ManualClock::leaping());
    /// retry.reconfigure(Config::new().max_attempts(5))?;
    /// let _ = retry.call(|| Err::<(), _>("down"));
    /// assert_eq!(retry.stats().retries, 4);
    ///
    /// assert!(retry.reconfigure(Config::new().max_attempts(0)).is_err()); // and nothing changes
    /// assert_eq!(retry.config().max_attempts, 5);
    /// # Ok::<(), resil_retry::OutOfRange>(())
    /// ```
    ///
    /// # Errors
    /// If a setting is out of its range: which, its value and the range.
    pub fn reconfigure(&self, config: Config) -> Result<(), OutOfRange> {
        self.settings.set(config)
    }

    /// The budget, if there is one.
    #[inline]
    pub fn retry_budget(&self) -> Option<&RetryBudget> {
        match &self.budget {
            Budget::None => None,
            Budget::Static(budget) => Some(budget),
            Budget::Shared(budget) => Some(budget),
        }
    }

    /// The statistics: a copy.
    pub fn stats(&self) -> Stats {
        let [calls_retried, retries, recovered, waited_nanos, stopped @ ..] = self.counters.sums();
        Stats {
            name: self.name,
            retried: calls_retried,
            retries,
            recovered,
            stopped: Stops::of(stopped),
            waited_time: Duration::from_nanos(waited_nanos),
            events_lost: self.observers.events_lost(),
            listener_panics: self.observers.listener_panics(),
        }
    }

    /// Calls `listener` for each failed attempt and for each end but that of a call which succeeds at once, until the returned
    /// subscription is dropped. It runs on the caller's thread, between attempts.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.observers.observe(listener)
    }

    /// Makes and tells an event if somebody listens.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.observers.is_observed() {
            self.observers.enqueue(event());
            self.observers.deliver();
        }
    }
}

impl<C: Clock> fmt::Debug for Retry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("name", &self.name)
            .field("config", &self.config())
            .field("budget", &self.retry_budget())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
