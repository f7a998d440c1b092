use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use resil_core::sync::{Mutex, lock};
use resil_core::{Clock, MonotonicClock, Observers, Subscription};

#[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
use crate::UnknownName;
use crate::resolved::Resolved;
use crate::shelf::{Said, Shelf};
use crate::{Changes, Config, Event, LoadError};

/// Everything that a file names, as handles: made of a [`Config`] by [`build`](Config::build), and changed by
/// [`reload`](Self::reload) with all state kept.
///
/// ```
/// # #[cfg(all(feature = "breaker", feature = "ratelimit"))] {
/// use resil_config::{Config, PolicyExt};
///
/// let config = Config::from_yaml("
/// resilience:
///   circuit_breaker:
///     failure_threshold: 5
///     instances: { payments: { reset_timeout: 10s } }
///   rate_limiter:
///     instances: { payments: { rate: 100, per: 1s } }
/// ")?;
/// let resilience = config.build();
///
/// # fn charge() -> Result<u32, std::io::Error> { Ok(42) }
/// let (breaker, quota) =
///     (resilience.circuit_breaker("payments").unwrap(), resilience.rate_limiter("payments").unwrap());
/// let receipt = (&*quota, &*breaker).call(|| charge());
/// assert_eq!(receipt.unwrap(), 42);
/// # }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
///
/// A handle is the same however often it is asked for, so it is best asked for once, where the program starts: then an unknown name
/// is noticed there. The defaults of each section are the instance `default`.
///
/// A lookup takes no lock, and waits for no reload. Reloads wait for each other. Several of these live side by side; nothing is global
/// but the [names](resil_core::Name::intern).
pub struct Resilience<C: Clock + 'static = MonotonicClock> {
    pub(crate) shared: Arc<Shared<C>>,
}

pub(crate) struct Shared<C: Clock + 'static> {
    shelf: ArcSwap<Shelf<C>>,
    desk: Mutex<Desk>,
    observers: Observers<Event>,
    clock: C,
}

/// What there is only one of, for whoever reloads.
struct Desk {
    /// What the file says, without what code says.
    file: Resolved,
    said: Said,
}

impl Config {
    /// The handles of all that has a name, on the system's clock.
    pub fn build(&self) -> Resilience {
        self.build_on(MonotonicClock)
    }

    /// The handles of all that has a name, on a clock of your own: with a [`ManualClock`](resil_core::ManualClock) a test moves the
    /// time of all of them.
    pub fn build_on<C: Clock + Clone + 'static>(&self, clock: C) -> Resilience<C> {
        let (made, _) = Shelf::new().next(self.resolved().clone(), &clock);
        let desk = Desk { file: self.resolved().clone(), said: Said::default() };
        let shared = Shared {
            shelf: ArcSwap::from_pointee(made),
            desk: Mutex::new(desk),
            observers: Observers::new(),
            clock,
        };
        Resilience { shared: Arc::new(shared) }
    }
}

impl<C: Clock + Clone + 'static> Resilience<C> {
    /// Goes over to the settings of `config`, instance by instance, with state kept: an open circuit stays open for the rest of its time,
    /// and what was taken from a limiter stays taken. What [code says](Self::circuit_breaker_with) still wins.
    ///
    /// Nothing has changed if anything is wrong. No call fails by it: those that begin after it go by the new settings, those under way end
    /// as they began. A handle that is removed goes on working, with its last settings, for whoever still has it. A `retry` whose
    /// `budget` is another has another handle, which pipelines take at once.
    ///
    /// # Errors
    /// If a setting is out of its range once code has said what it says.
    pub fn reload(&self, config: &Config) -> Result<Changes, LoadError> {
        let outcome = self.shared.take(config);
        self.shared.deliver();
        outcome
    }

    #[cfg(any(feature = "shutdown", feature = "heartbeat", feature = "watchdog"))]
    pub(crate) fn built(&self) -> arc_swap::Guard<Arc<Shelf<C>>> {
        self.shared.shelf.load()
    }

    #[cfg(any(feature = "shutdown", feature = "heartbeat", feature = "watchdog"))]
    pub(crate) fn clock(&self) -> &C {
        &self.shared.clock
    }

    /// Calls `listener` for every later reload, also for those that are refused, until the returned subscription is dropped.
    ///
    /// Listeners run after locks are released, one event at a time, on the thread that reloads.
    pub fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.shared.observers.observe(listener)
    }
}

impl<C: Clock + Clone + 'static> Shared<C> {
    /// Goes over to `config`; listeners are told by [`deliver`](Self::deliver).
    pub(crate) fn take(&self, config: &Config) -> Result<Changes, LoadError> {
        let file = config.resolved();
        let mut desk = lock(&self.desk);
        let outcome = desk.said.over(file).map(|resolved| self.put(resolved));
        match &outcome {
            Ok(changes) => {
                desk.file = file.clone();
                self.tell(changes.clone());
            }
            Err(error) => self.refuse(error.clone()),
        }
        outcome
    }

    /// Something could not be loaded; listeners are told by [`deliver`](Self::deliver).
    pub(crate) fn refuse(&self, error: LoadError) {
        self.observers.enqueue(Event::Refused(error));
    }

    /// Tells listeners what they were not told yet. To be called without any lock.
    pub(crate) fn deliver(&self) {
        self.observers.deliver();
    }

    fn tell(&self, changes: Changes) {
        if !changes.is_empty() {
            self.observers.enqueue(Event::Reloaded(changes));
        }
    }

    /// Makes what `resolved` says. To be called by one at a time.
    fn put(&self, resolved: Resolved) -> Changes {
        let (made, changes) = self.shelf.load().next(resolved, &self.clock);
        self.shelf.store(Arc::new(made));
        changes
    }

    /// Lets code say something more.
    #[cfg(any(feature = "breaker", feature = "ratelimit", feature = "retry", feature = "timeout"))]
    fn say(&self, say: impl FnOnce(&mut Said)) -> Result<(), LoadError> {
        let mut desk = lock(&self.desk);
        let mut said = desk.said.clone();
        say(&mut said);
        let resolved = said.over(&desk.file)?;
        let changes = self.put(resolved);
        desk.said = said;
        self.tell(changes);
        drop(desk);
        self.deliver();
        Ok(())
    }
}

/// The handle of a name, and the one that code says something about.
macro_rules! handles {
    ($feature:literal, $handles:ident, $kind:ident, $handle:ty, $settings:ty,
        $(#[$get_doc:meta])* $get:ident, $(#[$with_doc:meta])* $with:ident, $names:ident, $word:literal,
        $says:ident => $override:expr) => {
        #[cfg(feature = $feature)]
        impl<C: Clock + Clone + 'static> Resilience<C> {
            $(#[$get_doc])*
            pub fn $get(&self, name: &str) -> Result<Arc<$handle>, UnknownName> {
                self.shared.shelf.load().handles.$handles.get(name)
            }

            $(#[$with_doc])*
            pub fn $with(
                &self,
                name: &str,
                $says: impl Fn($settings) -> $settings + Send + Sync + 'static,
            ) -> Result<Arc<$handle>, LoadError> {
                let says: crate::instances::Override<crate::patterns::$kind> = Arc::new($override);
                self.shared.say(|said| _ = said.$handles.insert(name.to_owned(), says))?;
                Ok(self.$get(name).unwrap_or_else(|_| unreachable!("what code has said stays")))
            }

            #[doc = concat!("The names of `", $word, "` that [`", stringify!($get), "`](Self::", stringify!($get),
                ") knows, in alphabetical order.")]
            pub fn $names(&self) -> Vec<String> {
                self.shared.shelf.load().handles.$handles.names().collect()
            }
        }
    };
}

handles! {
    "breaker", breakers, Breaker, resil_breaker::CircuitBreaker<C>, resil_breaker::Config,
    /// The circuit breaker of this name.
    ///
    /// # Errors
    /// If there is none: which ones there are.
    circuit_breaker,
    /// The circuit breaker of this name, with what code says about its settings over what the file says: for those fields only, and
    /// also after reloads. A name that the file lacks begins with the section's defaults. What was said about the same name before is
    /// forgotten. `says` is called at each reload, while it is under way, so it must not ask for another: it would wait for itself.
    ///
    /// ```
    /// use resil_config::Config;
    /// use std::time::Duration;
    ///
    /// let config = Config::from_yaml("resilience: { circuit_breaker: { reset_timeout: 10s } }")?;
    /// let resilience = config.build();
    /// let breaker = resilience.circuit_breaker_with("payments", |config| config.failure_threshold(3))?;
    /// assert_eq!(breaker.config().settings().failure_threshold, Some(3));
    /// assert_eq!(breaker.config().settings().reset_timeout, Duration::from_secs(10));
    /// # Ok::<_, resil_config::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// If a setting is then out of its range. Nothing has changed.
    circuit_breaker_with,
    circuit_breakers, "circuit_breaker",
    says => says
}

handles! {
    "ratelimit", limiters, Limiter, resil_ratelimit::RateLimiter<C>, resil_ratelimit::Config,
    /// The rate limiter of this name. The file's `max_wait` holds where a pipeline waits for it.
    ///
    /// # Errors
    /// If there is none: which ones there are.
    rate_limiter,
    /// The rate limiter of this name, with what code says over what the file says; see
    /// [`circuit_breaker_with`](Self::circuit_breaker_with).
    ///
    /// # Errors
    /// If a setting is then out of its range. Nothing has changed.
    rate_limiter_with,
    rate_limiters, "rate_limiter",
    says => says
}

handles! {
    "retry", retries, Retries, resil_retry::Retry<C>, resil_retry::Config,
    /// The retry of this name.
    ///
    /// # Errors
    /// If there is none: which ones there are.
    retry,
    /// The retry of this name, with what code says over what the file says; see
    /// [`circuit_breaker_with`](Self::circuit_breaker_with).
    ///
    /// # Errors
    /// If a setting is then out of its range. Nothing has changed.
    retry_with,
    retries, "retry",
    says => move |settings: crate::resolved::RetrySettings| {
        crate::resolved::RetrySettings { config: says(settings.config), ..settings }
    }
}

handles! {
    "timeout", timeouts, Timeouts, resil_timeout::Timeout<C>, resil_timeout::Config,
    /// The timeout of this name.
    ///
    /// # Errors
    /// If there is none: which ones there are.
    timeout,
    /// The timeout of this name, with what code says over what the file says; see
    /// [`circuit_breaker_with`](Self::circuit_breaker_with).
    ///
    /// # Errors
    /// If a setting is then out of its range. Nothing has changed.
    timeout_with,
    timeouts, "timeout",
    says => says
}

#[cfg(feature = "pipeline")]
impl<C: Clock + Clone + 'static> Resilience<C> {
    /// The pipeline of this name, which follows reloads.
    ///
    /// # Errors
    /// If there is none: which ones there are.
    pub fn pipeline(&self, name: &str) -> Result<Arc<crate::Pipeline<C>>, UnknownName> {
        self.shared.shelf.load().pipelines.get(name)
    }

    /// The names of `pipelines` that [`pipeline`](Self::pipeline) knows, in alphabetical order.
    pub fn pipelines(&self) -> Vec<String> {
        self.shared.shelf.load().pipelines.names().collect()
    }
}

impl<C: Clock + Clone + 'static> fmt::Debug for Resilience<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.shelf.load().fmt(f)
    }
}
