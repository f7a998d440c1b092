use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resil_core::sync::OnceLock;
use resil_core::{Clock, MonotonicClock, Name, OutOfRange, Subscription, const_fn, seeded_bug};

use crate::shared::Shared;
use crate::{
    Callback, Cause, Completed, Config, Event, InFlight, Phase, Registration, Report, Stats, Token, Triggered,
};
use resil_core::background::{Parker, Runtime};

/// Ends a process in order: no intake, what is in flight ends, callbacks run in their order, all of it within one budget.
///
/// ```
/// use resil_shutdown::GracefulShutdown;
/// use std::time::Duration;
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush orders").priority(10).within(Duration::from_secs(20)).run(|| println!("flushed"))?;
/// shutdown.register("close database").priority(20).run_async(|| async { println!("closed") })?;
///
/// let report = shutdown.run_blocking(|| {
///     println!("serving"); // until `shutdown.token()` is triggered, by a signal or by `trigger`
/// });
/// assert_eq!(report.exit_code(), 0);
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
///
/// It happens once, whoever begins it and however often: a signal, [`trigger`](Self::trigger), or the end of what
/// [`run`](Self::run) runs. Everybody who waits gets the same [`Report`].
///
/// Share it: in a `static`, by reference or in an `Arc`. It starts no thread before the end begins, but for one that waits for
/// signals while these are hooked.
pub struct GracefulShutdown<C = MonotonicClock> {
    name: Name,
    config: Config,
    clock: C,
    shared: OnceLock<Arc<Shared<C>>>,
}

impl GracefulShutdown {
    const_fn! {
        /// With the default settings: 30 s for all of it.
        pub const fn new() -> Self {
            Self::with_config(Config::new())
        }

        /// With settings that are checked when it is compiled, in a `static`.
        ///
        /// ```compile_fail,E0080
        /// use resil_shutdown::{Config, GracefulShutdown};
        /// // "timeout is out of range, allowed is 1ns to 100 years"
        /// static SHUTDOWN: GracefulShutdown =
        ///     GracefulShutdown::with_config(Config::new().timeout(std::time::Duration::ZERO));
        /// ```
        ///
        /// # Panics
        /// If a setting is out of its range, in const evaluation as an error of compilation. Use
        /// [`try_with_config`](Self::try_with_config) for settings that come from outside.
        pub const fn with_config(config: Config) -> Self {
            Self::with_clock(config, MonotonicClock)
        }

        /// With these settings, or which of them is out of its range.
        pub const fn try_with_config(config: Config) -> Result<Self, OutOfRange> {
            match config.check() {
                Ok(()) => Ok(Self::with_clock(config, MonotonicClock)),
                Err(error) => Err(error),
            }
        }
    }
}

impl<C> GracefulShutdown<C> {
    const_fn! {
        /// On a clock of your own: with a [`ManualClock`](crate::ManualClock), a test moves the time of the whole plan.
        ///
        /// # Panics
        /// As [`with_config`](GracefulShutdown::with_config).
        pub const fn with_clock(config: Config, clock: C) -> Self {
            if let Err(error) = config.check() {
                panic!("{}", error.complaint());
            }
            Self { name: Name::UNNAMED, config, clock, shared: OnceLock::new() }
        }
    }

    /// The name that its texts carry, in place of "unnamed"; to be set before the first use. One from configuration has to be
    /// [interned](Name::intern).
    #[must_use = "the handle is taken and returned"]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Name::new(name);
        self
    }

    /// The name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The settings.
    pub const fn config(&self) -> Config {
        self.config
    }
}

impl<C: Clock + Clone + 'static> GracefulShutdown<C> {
    pub(crate) fn shared(&self) -> &Arc<Shared<C>> {
        self.shared.get_or_init(|| Arc::new(Shared::new(self.name, self.config, self.clock.clone())))
    }

    /// Begins to register a callback, which runs once, when what was in flight has ended.
    ///
    /// ```
    /// use resil_shutdown::GracefulShutdown;
    /// use std::time::Duration;
    ///
    /// let shutdown = GracefulShutdown::new();
    /// shutdown.register("flush").priority(10).within(Duration::from_secs(5)).run(|| std::fs::write("/dev/null", "bye"))?;
    /// # Ok::<_, resil_shutdown::ShutdownError>(())
    /// ```
    pub fn register(&self, name: impl Into<Cow<'static, str>>) -> Registration<'_, C> {
        Registration::new(self.shared(), name.into())
    }

    /// Takes a callback back; `true` only if it has not run and will not. Also while others run already.
    pub fn unregister(&self, name: &str) -> bool {
        seeded_bug!("unregistered_in_two_steps" => {
            let is_known = self.shared().state().plan.specs().any(|spec| spec.name == name);
            let _job = is_known.then(|| self.shared().state().plan.unregister(name));
            return is_known;
        });
        let job = self.shared().state().plan.unregister(name);
        // Foreign code drops here, outside the lock.
        job.is_some()
    }

    /// The callbacks that have not begun, in the order in which they will.
    pub fn callbacks(&self) -> Vec<Callback> {
        self.shared().state().plan.specs().map(Callback::of).collect()
    }

    /// A token that is triggered when the intake is to end: at once, or after the configured `drain_delay`.
    pub fn token(&self) -> Token {
        self.shared().stopping.clone()
    }

    /// Counts something as in flight, a request for example, until the guard is dropped: callbacks wait for it. It never refuses; to
    /// refuse what comes after the end of the intake, use the handle as a [`Policy`](crate::Policy).
    pub fn in_flight(&self) -> InFlight {
        InFlight::new(self.shared())
    }

    /// Begins the end, and returns at once. Nothing happens if it has begun already.
    ///
    /// If the system has no thread to give, it is done on this one.
    pub fn trigger(&self) {
        self.shared().begin(Cause::Triggered);
    }

    /// Begins the end when it is first polled, and waits for the report. Cancel-safe: the end goes on.
    pub async fn trigger_and_wait(&self) -> Report {
        self.adopt_runtime();
        self.trigger();
        self.completed().await
    }

    /// Begins the end, and blocks this thread until all is done.
    ///
    /// Not for callbacks, nor for what counts as in flight: they would wait for themselves, until the budget ends it.
    pub fn trigger_blocking(&self) -> Report {
        self.trigger();
        self.completed_blocking()
    }

    /// A future that is ready when somebody has asked for the end: before the `drain_delay`, so for what readiness probes ask.
    /// Cancel-safe.
    pub fn requested(&self) -> Triggered {
        self.shared().requested.triggered()
    }

    /// Blocks this thread until somebody has asked for the end, or for `timeout`; whether somebody has.
    #[must_use = "it says whether somebody asked for the end"]
    pub fn requested_timeout(&self, timeout: Duration) -> bool {
        let until = self.clock.now().saturating_add(timeout);
        Parker::new().run(self.requested(), &self.clock, Some(until), || false).is_some()
    }

    /// A future of the report. It does not begin the end. Cancel-safe.
    pub fn completed(&self) -> Completed<C> {
        Completed::new(self.shared())
    }

    /// Blocks this thread until all is done. It does not begin the end.
    pub fn completed_blocking(&self) -> Report {
        Parker::new().finish(self.completed(), &self.clock)
    }

    /// Whether somebody has asked for the end: no longer ready.
    pub fn is_shutting_down(&self) -> bool {
        self.shared().requested.is_triggered()
    }

    /// How far the end has come.
    pub fn phase(&self) -> Phase {
        self.shared().phase()
    }

    /// The report, once all is done.
    pub fn report(&self) -> Option<Report> {
        self.shared().state().report.clone()
    }

    /// Calls `listener` for every later [`Event`], until the returned subscription is dropped.
    ///
    /// Listeners run one event at a time on a thread of their own, and may call the handle. One that panics is counted in
    /// [`Stats::listener_panics`]; one that is slow delays the end by a second at most.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.shared().observers.observe(listener)
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> Stats {
        Stats::of(self.shared())
    }

    /// Async callbacks that were registered outside of a runtime run with the one that this code runs in.
    pub(crate) fn adopt_runtime(&self) {
        let found = Runtime::current();
        self.shared().state().runtime.or(&found);
    }
}

impl Default for GracefulShutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock + Clone + 'static> fmt::Debug for GracefulShutdown<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GracefulShutdown")
            .field("name", &self.name)
            .field("config", &self.config)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
