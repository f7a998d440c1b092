use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use resil_core::{Clock, MonotonicClock, Name, Reason, Rejected};

use crate::config_error::{Value, range};
use crate::{CircuitBreaker, Config, ConfigError};

mod keyed_events;
mod lookup;
mod report;
mod shelf;

use keyed_events::Listeners;
pub use keyed_events::{KeyedEvent, KeyedNews};
pub use lookup::{InsertError, Lookup};
pub use report::{BreakersStats, KeyReport};
use shelf::{Shelves, Slot};

/// Free words that describe a key, such as its provider or region; shown in reports and events.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config, Labels};
///
/// let providers = CircuitBreakers::<String>::new("providers", Config::new()).with_labels(|_| vec![("region", "eu".into())]);
/// let _ = providers.get("anthropic");
/// let labels: &Labels = &providers.report()[0].labels;
/// assert_eq!(labels[0], ("region", "eu".to_owned()));
/// ```
pub type Labels = Arc<[(&'static str, String)]>;

/// A registry that keeps one circuit breaker for each key: for providers, hosts or tenants that fail on their own.
///
/// A key's breaker is made when it is first asked for. Lookups of existing keys take no exclusive lock. At most
/// [`capacity`](Self::capacity) keys are kept: a further one pushes out idle ones (closed, no failures held, nobody has their
/// `Arc`), which are as good as new; where all are busy it is refused, or served by one shared breaker. As a search for idle ones
/// looks at every key, one in vain is not repeated for as many new keys as are an eighth of the capacity.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config, PolicyExt, State};
///
/// let providers = CircuitBreakers::<String>::new("providers", Config::new().failure_threshold(1));
/// let _ = providers.get("anthropic")?.call(|| Err::<(), _>("overloaded"));
/// assert_eq!(providers.get("anthropic")?.state(), State::Open);
/// assert_eq!(providers.get("openai")?.state(), State::Closed);
/// # Ok::<_, resil_breaker::Rejected>(())
/// ```
pub struct CircuitBreakers<K, C = MonotonicClock> {
    name: Name,
    clock: C,
    config: RwLock<Config>,
    config_of: Option<Box<ConfigOf<K>>>,
    labels_of: Option<Box<LabelsOf<K>>>,
    overflow: Overflow,
    /// Serves keys that find no room.
    shared: Arc<CircuitBreaker<C>>,
    shelves: Arc<Shelves<K, C>>,
    listeners: Arc<Mutex<Listeners<K>>>,
}

type ConfigOf<K> = dyn Fn(&K) -> Config + Send + Sync;
type LabelsOf<K> = dyn Fn(&K) -> Vec<(&'static str, String)> + Send + Sync;

/// What becomes of a new key when every breaker of a full registry is in use.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config, Overflow};
/// let tenants = CircuitBreakers::<u64>::new("tenants", Config::new()).overflow(Overflow::Shared);
/// # assert!(tenants.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It is refused with [`Reason::CapacityExhausted`].
    #[default]
    Refuse,
    /// It is served by one breaker that all such keys share.
    Shared,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> CircuitBreakers<K> {
    /// A registry of at most 10,000 breakers with `config`.
    ///
    /// # Panics
    /// If a setting is out of its range; [`try_with_clock`](Self::try_with_clock) returns it as an error.
    pub fn new(name: &'static str, config: Config) -> Self {
        match Self::try_with_clock(Name::new(name), config, MonotonicClock) {
            Ok(registry) => registry,
            Err(error) => panic!("{error}"),
        }
    }
}

impl<K, C> CircuitBreakers<K, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock + Clone + 'static,
{
    /// How many keys are kept unless configured otherwise: 10,000.
    pub const DEFAULT_CAPACITY: usize = 10_000;

    /// A registry whose breakers count on `clock`, or the setting that is out of its range.
    pub fn try_with_clock(name: Name, config: Config, clock: C) -> Result<Self, ConfigError> {
        Ok(Self {
            name,
            shared: Arc::new(CircuitBreaker::try_with_clock(name, config, clock.clone())?),
            config: RwLock::new(config),
            config_of: None,
            labels_of: None,
            overflow: Overflow::Refuse,
            shelves: Arc::new(Shelves::new(Self::DEFAULT_CAPACITY)),
            listeners: Arc::default(),
            clock,
        })
    }

    /// Asks `config_of` for the configuration of each new key. A key whose configuration is out of range is refused, for the reason
    /// that names the setting.
    #[must_use = "the registry is taken and returned"]
    pub fn with_config(mut self, config_of: impl Fn(&K) -> Config + Send + Sync + 'static) -> Self {
        self.config_of = Some(Box::new(config_of));
        self
    }

    /// Asks `labels_of` for the labels of each new key.
    #[must_use = "the registry is taken and returned"]
    pub fn with_labels(
        mut self,
        labels_of: impl Fn(&K) -> Vec<(&'static str, String)> + Send + Sync + 'static,
    ) -> Self {
        self.labels_of = Some(Box::new(labels_of));
        self
    }

    /// Keeps at most `capacity` keys: 1 to 16,777,216.
    pub fn with_capacity(self, capacity: usize) -> Result<Self, ConfigError> {
        if !(1..=1 << 24).contains(&capacity) {
            return Err(ConfigError::new(range::CAPACITY, Value::Count(capacity as u64)));
        }
        self.shelves.set_capacity(capacity);
        Ok(self)
    }

    /// Says what becomes of a new key when all breakers are in use.
    #[must_use = "the registry is taken and returned"]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// The registry's name; all its breakers carry it.
    pub const fn name(&self) -> Name {
        self.name
    }

    /// How many keys it keeps at most.
    pub fn capacity(&self) -> usize {
        self.shelves.capacity()
    }

    /// How many keys it keeps.
    pub fn len(&self) -> usize {
        self.shelves.len()
    }

    /// Whether it keeps no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The breaker of `key`, made if it is the first time that it is asked for.
    ///
    /// # Errors
    /// [`Reason::CapacityExhausted`] for a new key when all breakers are in use, unless [`Overflow::Shared`] is set. The `Result` is
    /// a policy itself, which refuses for the same reason.
    pub fn get<Q>(&self, key: &Q) -> Result<Arc<CircuitBreaker<C>>, Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.get_own(key) {
            Err(refusal)
                if refusal.reason() == Reason::CapacityExhausted && self.overflow == Overflow::Shared =>
            {
                self.shelves.count_shared();
                Ok(Arc::clone(&self.shared))
            }
            found => found,
        }
    }

    /// The breaker that is the key's own, made if it is the first time that it is asked for.
    fn get_own<Q>(&self, key: &Q) -> Result<Arc<CircuitBreaker<C>>, Rejected>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(breaker) = self.find(key) {
            return Ok(breaker);
        }
        let key = key.to_owned();
        let (config, own) = match &self.config_of {
            Some(config_of) => (config_of(&key), true),
            None => (self.config(), false),
        };
        config.check().map_err(|error| Rejected::new(self.name, Reason::Other(error.complaint())))?;
        self.insert(key, config, own).map(Lookup::into_breaker)
    }

    /// The breaker of `key`, if there is one.
    pub fn find<Q>(&self, key: &Q) -> Option<Arc<CircuitBreaker<C>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.shelves.find(key, |slot| Arc::clone(&slot.breaker))
    }

    /// The breaker of `key`, made with `config` if there is none; an existing one wins and says so.
    pub fn get_or_insert_with<Q>(&self, key: &Q, config: Config) -> Result<Lookup<C>, InsertError>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        config.check().map_err(InsertError::Config)?;
        match self.find(key) {
            Some(breaker) => Ok(Lookup::Existing(breaker)),
            None => self.insert(key.to_owned(), config, true).map_err(InsertError::Full),
        }
    }

    /// Removes `key` and returns its breaker, which works on for those who hold it.
    pub fn remove<Q>(&self, key: &Q) -> Option<Arc<CircuitBreaker<C>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.shelves.remove(key).map(|slot| Arc::clone(&slot.breaker))
    }

    /// The configuration of new keys without their own.
    pub fn config(&self) -> Config {
        *self.config.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes over to another configuration, for new keys and for those that have none of their own.
    pub fn reconfigure(&self, config: Config) -> Result<(), ConfigError> {
        config.check()?;
        // Under the lock of those who make breakers, so that none is made with the old one afterwards.
        let _listeners = self.listeners();
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        self.shared.reconfigure(config)?;
        for slot in self.shelves.slots().iter().filter(|slot| !slot.own_config) {
            slot.breaker.reconfigure(config)?;
        }
        Ok(())
    }

    /// Makes the breaker of `key`, unless somebody was faster.
    fn insert(&self, key: K, config: Config, own_config: bool) -> Result<Lookup<C>, Rejected> {
        let labels_of = |key: &K| self.labels_of.as_ref().map_or_else(Vec::new, |labels_of| labels_of(key));
        let labels: Labels = labels_of(&key).into();
        // Dropped after the lock.
        let mut pushed_out = Vec::new();
        let listeners = self.listeners();
        // Read again under the lock: it may have been changed since.
        let config = if own_config { config } else { self.config() };
        let breaker = CircuitBreaker::try_with_clock(self.name, config, self.clock.clone())
            .map_err(|error| Rejected::new(self.name, Reason::Other(error.complaint())))?;
        let slot = Arc::new(Slot {
            key,
            labels,
            breaker: Arc::new(breaker),
            own_config,
            subscriptions: Mutex::default(),
        });
        // Before anybody can find the breaker, so that no event is missed.
        let to_tell = listeners.listen_to(&slot);
        match self.shelves.insert(&slot, &mut pushed_out) {
            Ok(None) => {
                drop(listeners);
                for listener in &to_tell {
                    self.announce(&slot, &**listener);
                }
                Ok(Lookup::New(Arc::clone(&slot.breaker)))
            }
            Ok(Some(existing)) => Ok(Lookup::Existing(Arc::clone(&existing.breaker))),
            Err(shelf::Full) => Err(Rejected::new(self.name, Reason::CapacityExhausted)),
        }
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners<K>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, C> fmt::Debug for CircuitBreakers<K, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock + Clone + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakers")
            .field("name", &self.name)
            .field("config", &self.config())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
