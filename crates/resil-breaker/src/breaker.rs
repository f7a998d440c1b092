use std::fmt;

use resil_core::sync::{Mutex, lock};
use resil_core::{Clock, Counters, MonotonicClock, Name, Observers, Subscription, Verdict, const_fn};

use crate::circuit::Circuit;
use crate::front::Front;
use crate::stats::Facts;
use crate::turn::Core;
use crate::{Config, ConfigError, Event, State, Stats};

/// A circuit breaker: lets calls through while the other side is well, and refuses them while it is not.
///
/// Calls are made through [`PolicyExt`](crate::PolicyExt), which every policy has: `call`, `call_async`, `guard`, `wrap`. One breaker
/// stands for one other side, so share it: in a `static`, by reference or in an `Arc`.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, Error, PolicyExt};
///
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new("payments", Config::new().failure_threshold(5));
///
/// # fn charge() -> Result<u32, std::io::Error> { Ok(42) }
/// match PAYMENTS.call(|| charge()) {
///     Ok(receipt) => println!("paid: {receipt}"),
///     Err(Error::Rejected(refusal)) => println!("try again in {:?}", refusal.retry_after()),
///     Err(error) => println!("declined: {error}"),
/// }
/// ```
///
/// The pattern is Nygard's (*Release It!*, 2007); names and numbers follow resilience4j and Polly.
///
/// Reading never changes its state: an open circuit becomes half-open when a call asks after its time, not when a clock ticks.
// In this order, so that what a call touches lies in the first cache line.
#[repr(C, align(64))]
pub struct CircuitBreaker<C = MonotonicClock> {
    pub(crate) front: Front,
    pub(crate) counters: Counters<5>,
    pub(crate) circuit: Mutex<Option<Box<Core>>>,
    pub(crate) observers: Observers<Event>,
    name: Name,
    pub(crate) initial: Config,
    pub(crate) clock: C,
}

impl CircuitBreaker {
    const_fn! {
        /// A closed breaker for a `static`, checked when it is compiled.
        ///
        /// ```compile_fail,E0080
        /// use resil_breaker::{CircuitBreaker, Config};
        /// // "failure_threshold is out of range, allowed is 1 or more"
        /// static PAYMENTS: CircuitBreaker = CircuitBreaker::new("payments", Config::new().failure_threshold(0));
        /// ```
        ///
        /// # Panics
        /// If a setting is out of its range, in const evaluation as an error of compilation. Use [`try_new`](Self::try_new) for
        /// settings that come from outside.
        pub const fn new(name: &'static str, config: Config) -> Self {
            Self::with_clock(Name::new(name), config, MonotonicClock)
        }

        /// A closed breaker without a name: texts say "unnamed".
        ///
        /// # Panics
        /// As [`new`](Self::new).
        pub const fn unnamed(config: Config) -> Self {
            Self::with_clock(Name::UNNAMED, config, MonotonicClock)
        }

        /// A closed breaker, or the setting that is out of its range. For a name from configuration see [`Name::intern`].
        pub const fn try_new(name: &'static str, config: Config) -> Result<Self, ConfigError> {
            match config.check() {
                Ok(()) => Ok(Self::unchecked(Name::new(name), config, MonotonicClock)),
                Err(error) => Err(error),
            }
        }
    }
}

impl<C: Clock> CircuitBreaker<C> {
    const_fn! {
        /// A closed breaker on a clock of your own.
        ///
        /// ```
        /// use resil_breaker::{CircuitBreaker, Config, ManualClock, PolicyExt, State};
        /// use std::time::Duration;
        ///
        /// let clock = ManualClock::new();
        /// let breaker = CircuitBreaker::with_clock("payments".into(), Config::new().failure_threshold(1), clock.clone());
        /// let _ = breaker.call(|| Err::<(), _>("down"));
        /// assert_eq!(breaker.state(), State::Open);
        /// clock.advance(Duration::from_secs(60));
        /// assert_eq!(breaker.state(), State::HalfOpen);
        /// ```
        ///
        /// # Panics
        /// As [`new`](CircuitBreaker::new).
        pub const fn with_clock(name: Name, config: Config, clock: C) -> Self {
            if let Err(error) = config.check() {
                panic!("{}", error.complaint());
            }
            Self::unchecked(name, config, clock)
        }
    }

    const_fn! {
        const fn unchecked(name: Name, config: Config, clock: C) -> Self {
            Self {
                front: Front::new(&config),
                counters: Counters::new(),
                circuit: Mutex::new(None),
                observers: Observers::new(),
                name,
                initial: config,
                clock,
            }
        }
    }

    /// A closed breaker on a clock of your own, or the setting that is out of its range.
    pub fn try_with_clock(name: Name, config: Config, clock: C) -> Result<Self, ConfigError> {
        config.check().map(|()| Self::unchecked(name, config, clock))
    }

    /// The breaker's name.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// The configuration in force: the one it was made with, or that of the last [`reconfigure`](Self::reconfigure).
    pub fn config(&self) -> Config {
        lock(&self.circuit).as_ref().map_or(self.initial, |core| *core.circuit().config())
    }

    /// The state that a call would find. Changes nothing: an open circuit whose time is over reads half-open and stays as it is.
    pub fn state(&self) -> State {
        let word = self.front.state();
        if word.passes() {
            return word.state();
        }
        self.with_circuit(Circuit::effective_state).unwrap_or(State::Closed)
    }

    /// Whether a call would be admitted now. Reserves nothing and changes nothing, so a call that follows may still be refused.
    pub fn can_proceed(&self) -> bool {
        let word = self.front.state();
        word.passes() || self.with_circuit(Circuit::would_admit).unwrap_or(true)
    }

    /// Counts a success of a call that was not admitted by this breaker: in the present epoch, as stale while open.
    pub fn record_success(&self) {
        self.record_unasked(Verdict::Success);
    }

    /// Counts a failure of a call that was not admitted by this breaker: in the present epoch, as stale while open.
    pub fn record_failure(&self) {
        self.record_unasked(Verdict::Failure);
    }

    /// The statistics at this instant.
    pub fn stats(&self) -> Stats {
        let read = |circuit: &Circuit, now| (circuit.effective_state(now), circuit.effective_facts(now));
        let (state, facts) = self.with_circuit(read).unwrap_or((State::Closed, Facts::default()));
        self.stats_of(state, facts)
    }

    /// Calls `listener` for every later [`Event`], until the returned subscription is dropped.
    ///
    /// Listeners run after locks are released, one event at a time, on the thread of some caller; so they should be quick. They may
    /// call the breaker. One that panics is counted in [`Stats::listener_panics`] and harms nobody.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.observers.observe(listener)
    }

    /// Goes over to another configuration and keeps the state, the times and, where a window's kind stays the same, its outcomes.
    pub fn reconfigure(&self, config: Config) -> Result<(), ConfigError> {
        config.check()?;
        self.locked(|circuit, _| circuit.reconfigure(config));
        Ok(())
    }

    /// Allocates now what the first recorded call would: after it, no call of a closed circuit allocates, but for the one that
    /// spreads the counters when several threads are seen.
    pub fn warm_up(&self) {
        self.locked(|_, _| ());
    }

    pub(crate) fn clock(&self) -> &C {
        &self.clock
    }

    /// Whether there is nothing that would be lost with this breaker: closed, and no failures held.
    pub(crate) fn is_pristine(&self) -> bool {
        let is_pristine = |circuit: &Circuit, now| {
            let facts = circuit.facts(now);
            circuit.effective_state(now) == State::Closed
                && !circuit.is_in_motion()
                && facts.streak == 0
                && facts.failure_window.bad + facts.slow_window.bad == 0
        };
        self.with_circuit(is_pristine).unwrap_or(true)
    }
}

impl<C: Clock> fmt::Debug for CircuitBreaker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.name)
            .field("config", &self.config())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
