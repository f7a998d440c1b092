use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use resil_core::sync::{Mutex, lock};
use resil_core::{
    Clock, Counters, Moment, MonotonicClock, Name, Observers, Policy, Reason, Rejected, Subscription,
    Verdict, const_fn,
};

use crate::circuit::{Circuit, News, Outcome, Refusal, Settled};
use crate::event::{Rejection, SlowCall, ThresholdExceeded, Transition};
use crate::front::{Front, Published, StateWord};
use crate::probes::ProbeId;
use crate::stats::{Counted, Facts};
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
#[repr(align(64))]
pub struct CircuitBreaker<C = MonotonicClock> {
    front: Front,
    counters: Counters<5>,
    circuit: Mutex<Option<Box<Core>>>,
    observers: Observers<Event>,
    name: Name,
    initial: Config,
    clock: C,
}

/// What is made when it is first needed, and only touched under the lock.
struct Core {
    circuit: Circuit,
    published: Published,
}

/// An admitted call: tied to the epoch in which it was admitted.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, Policy, Verdict};
///
/// let breaker = CircuitBreaker::new("payments", Config::new());
/// let permit = breaker.admit()?; // `guard()` does the same and cannot be forgotten
/// breaker.settle(permit, Verdict::Success);
/// # Ok::<_, resil_breaker::Rejected>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit goes back through `settle` or `release`"]
pub struct Permit {
    epoch: u64,
    /// When the call was admitted; read only if a slow rule exists.
    started: Moment,
    probe: ProbeId,
}

// The counters beside the circuit.
const SUCCESSES: usize = 0;
const REJECTED: usize = 1;
const IGNORED: usize = 2;
const CANCELLED: usize = 3;
const STALE: usize = 4;

impl CircuitBreaker {
    const_fn! {
        /// A closed breaker for a `static`, checked when it is compiled.
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
        lock(&self.circuit).as_ref().map_or(self.initial, |core| *core.circuit.config())
    }

    /// The state that a call would find. Changes nothing: an open circuit whose time is over reads half-open and stays as it is.
    pub fn state(&self) -> State {
        let word = self.front.state();
        if word.passes() {
            return word.state();
        }
        self.with_circuit(|circuit, now| circuit.effective_state(now))
    }

    /// Whether a call would be admitted now. Reserves nothing and changes nothing, so a call that follows may still be refused.
    pub fn can_proceed(&self) -> bool {
        let word = self.front.state();
        word.passes() || self.with_circuit(|circuit, now| circuit.would_admit(now))
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
        let (state, facts) =
            self.with_circuit(|circuit, now| (circuit.effective_state(now), circuit.facts(now)));
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
        self.with_circuit(|circuit, now| {
            let facts = circuit.facts(now);
            circuit.effective_state(now) == State::Closed
                && !circuit.is_in_motion()
                && facts.streak == 0
                && facts.failure_window.bad + facts.slow_window.bad == 0
        })
    }

    pub(crate) fn stats_of(&self, state: State, facts: Facts) -> Stats {
        let mut stats = Stats::of(self.name, state, facts, self.counted());
        stats.events_lost = self.observers.events_lost();
        stats.listener_panics = self.observers.listener_panics();
        stats
    }

    fn counted(&self) -> Counted {
        let sums = self.counters.sums();
        Counted {
            successes: sums[SUCCESSES],
            rejected: sums[REJECTED],
            ignored: sums[IGNORED],
            cancelled: sums[CANCELLED],
            stale_results: sums[STALE],
            hides_successes: !self.front.state().counts_successes(),
        }
    }

    fn count(&self, counter: usize, word: StateWord) {
        self.counters.add(counter, word.may_stripe());
    }

    /// Reads the circuit as of now.
    pub(crate) fn with_circuit<R>(&self, read: impl FnOnce(&Circuit, Moment) -> R) -> R {
        self.locked(|circuit, now| read(circuit, now))
    }

    /// Runs `act` on the circuit, with all that was recorded folded into it, and tells the listeners what came of it.
    pub(crate) fn locked<R>(&self, act: impl FnOnce(&mut Circuit, Moment) -> R) -> R {
        let mut core = lock(&self.circuit);
        let now = self.clock.now();
        let Core { circuit, published } = &mut **core.get_or_insert_with(|| {
            let circuit = Circuit::new(self.name, self.initial, RandomState::new().hash_one(0), now);
            Box::new(Core { circuit, published: Published::NONE })
        });
        circuit.absorb(self.front.take(*published));
        if circuit.wants_counts() {
            circuit.set_counts(self.counted());
        }
        let result = act(circuit, now);
        let news = circuit.take_news();
        let tell = !news.is_empty();
        if self.observers.is_observed() {
            news.into_iter().for_each(|news| self.observers.enqueue(self.event(news)));
        }
        *published = self.front.publish(circuit, *published);
        drop(core);
        if tell {
            self.observers.deliver();
        }
        result
    }

    fn event(&self, news: News) -> Event {
        match news {
            News::Changed { from, to, cause, reason, epoch, at, open_for, before } => {
                let before = Stats::of(self.name, from, before, self.counted());
                let name = self.name;
                Event::Transition(Box::new(Transition {
                    name,
                    from,
                    to,
                    cause,
                    reason,
                    epoch,
                    at,
                    open_for,
                    before,
                }))
            }
            News::Exceeded { state, cause, facts } => {
                let stats = Stats::of(self.name, state, facts, self.counted());
                Event::ThresholdExceeded(Box::new(ThresholdExceeded { name: self.name, cause, stats }))
            }
        }
    }

    #[cold]
    fn admit_by_circuit(&self) -> Result<Permit, Rejected> {
        #[cfg(seeded_bug = "check_then_act")]
        if self.state() == State::HalfOpen && self.can_proceed() {
            return Ok(Permit { epoch: self.front.state().epoch(), started: Moment::MAX, probe: 0 });
        }
        let (admitted, state) = self.locked(|circuit, now| {
            let started = circuit.config().slow_rate.map_or(Moment::MAX, |_| now);
            let admitted = circuit.admit(now);
            (admitted.map(|probe| Permit { epoch: circuit.epoch(), started, probe }), circuit.state())
        });
        admitted.map_err(|refusal| self.refuse(state, refusal))
    }

    fn refuse(&self, state: State, refusal: Refusal) -> Rejected {
        self.count(REJECTED, self.front.state());
        let rejected = Rejected::new(self.name, refusal.reason);
        let rejected = match refusal.retry_after {
            Some(wait) => rejected.with_retry_after(wait),
            None => rejected,
        };
        if self.observers.is_observed() {
            self.observers.enqueue(Event::Rejected(Rejection { state, refusal: rejected }));
            self.observers.deliver();
        }
        rejected
    }

    /// How long the call took, if that is longer than the slow rule's limit.
    fn slowness(&self, started: Moment, now: Moment) -> Option<Duration> {
        let took = now.saturating_duration_since(started);
        (took.as_nanos() > self.front.slower_than().into()).then_some(took)
    }

    fn tell_slow_call(&self, took: Duration) {
        if self.observers.is_observed() {
            let slower_than = Duration::from_nanos(self.front.slower_than());
            self.observers.enqueue(Event::SlowCall(SlowCall { name: self.name, took, slower_than }));
            self.observers.deliver();
        }
    }

    fn record_unasked(&self, verdict: Verdict) {
        let epoch = self.front.state().epoch();
        self.settle(Permit { epoch, started: Moment::MAX, probe: 0 }, verdict);
    }

    #[cold]
    fn settle_by_circuit(&self, permit: &Permit, outcome: Outcome, slow: bool, word: StateWord) -> Settled {
        let settled =
            self.locked(|circuit, now| circuit.settle(permit.epoch, permit.probe, outcome, slow, now));
        if settled == Settled::Stale {
            self.count(STALE, word);
        }
        settled
    }

    /// A result that is neither success nor failure: counted, and its slot freed.
    #[cold]
    fn settle_neutral(&self, permit: &Permit, counter: usize, word: StateWord) {
        let settled = if word.records() {
            Settled::InTime
        } else {
            self.settle_by_circuit(permit, Outcome::Neutral, false, word)
        };
        if settled == Settled::InTime {
            self.count(counter, word);
        }
    }
}

impl<C: Clock> Policy for CircuitBreaker<C> {
    type Permit = Permit;

    #[inline]
    fn admit(&self) -> Result<Permit, Rejected> {
        let word = self.front.state();
        if word.passes() {
            let started = if word.times_calls() { self.clock.now() } else { Moment::MAX };
            return Ok(Permit { epoch: word.epoch(), started, probe: 0 });
        }
        if word.is_shut() {
            let until = self.front.until();
            let now = self.clock.now();
            if now < until {
                let reason = match word.state() {
                    State::HalfOpen => Reason::CircuitHalfOpen,
                    State::ForcedOpen => Reason::CircuitForcedOpen,
                    _ => Reason::CircuitOpen,
                };
                let rest = (until < Moment::MAX).then(|| until.saturating_duration_since(now));
                return Err(self.refuse(word.state(), Refusal { reason, retry_after: rest }));
            }
        }
        self.admit_by_circuit()
    }

    #[inline]
    fn settle(&self, permit: Permit, verdict: Verdict) {
        let (tally, word) = self.front.tally_and_state();
        if permit.epoch != word.epoch() {
            return self.count(STALE, word);
        }
        let failed = match verdict {
            Verdict::Success => false,
            Verdict::Failure | Verdict::Panicked => true,
            Verdict::Cancelled if word.cancel_fails() => true,
            Verdict::Cancelled => return self.settle_neutral(&permit, CANCELLED, word),
            Verdict::Ignored => return self.settle_neutral(&permit, IGNORED, word),
        };
        if !failed && Front::is_quiet(tally, word) {
            if word.counts_successes() {
                self.count(SUCCESSES, word);
            }
            return;
        }
        let mut read = None;
        let took = if word.times_calls() && permit.started != Moment::MAX {
            let now = self.clock.now();
            read = Some(now);
            self.slowness(permit.started, now)
        } else {
            None
        };
        let now = || read.unwrap_or_else(|| self.clock.now());
        if !(word.records() && self.front.record(tally, word, failed, took.is_some(), now)) {
            let outcome = if failed { Outcome::Failure } else { Outcome::Success };
            if self.settle_by_circuit(&permit, outcome, took.is_some(), word) != Settled::InTime {
                return;
            }
        }
        if let Some(took) = took {
            self.tell_slow_call(took);
        }
    }

    fn release(&self, permit: Permit) {
        if permit.probe != 0 && cfg!(not(seeded_bug = "slot_kept")) {
            self.locked(|circuit, now| {
                circuit.settle(permit.epoch, permit.probe, Outcome::Neutral, false, now)
            });
        }
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
