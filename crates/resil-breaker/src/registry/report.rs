use std::hash::Hash;

use resil_core::{Clock, Name};

use super::{CircuitBreakers, Labels};
use crate::{RestoreError, Snapshot, State, Stats};

/// The statistics of a registry as a whole.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config};
///
/// let tenants = CircuitBreakers::<u64>::new("tenants", Config::new());
/// let _ = tenants.get(&7);
/// assert_eq!(tenants.stats().keys, 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BreakersStats {
    /// The registry's name.
    pub name: Name,
    /// How many keys it keeps.
    pub keys: usize,
    /// How many keys it keeps at most.
    pub capacity: usize,
    /// How many idle keys were pushed out by new ones.
    pub evicted: u64,
    /// How often a new key found all breakers in use.
    pub refused: u64,
    /// How often such a key was served by the shared breaker.
    pub shared: u64,
    /// Listeners that panicked when they were told that a key is there; for the others see
    /// [`Stats::listener_panics`](crate::Stats::listener_panics).
    pub listener_panics: u64,
}

/// One key of a registry with its labels and statistics.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config};
///
/// let providers = CircuitBreakers::<String>::new("providers", Config::new())
///     .with_labels(|provider| vec![("vendor", provider.to_uppercase())]);
/// let _ = providers.get("anthropic");
/// for report in providers.report() {
///     println!("{} {:?}: {}", report.key, report.labels, report.stats.state);
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KeyReport<K> {
    /// The key.
    pub key: K,
    /// Its labels.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_map"))]
    pub labels: Labels,
    /// Its breaker's statistics.
    pub stats: Stats,
}

impl<K, C> CircuitBreakers<K, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock + Clone + 'static,
{
    /// The keys, in no order.
    pub fn keys(&self) -> Vec<K> {
        self.shelves.slots().iter().map(|slot| slot.key.clone()).collect()
    }

    /// The statistics of the registry as a whole.
    pub fn stats(&self) -> BreakersStats {
        let (evicted, refused, shared) = self.shelves.pressure();
        BreakersStats {
            name: self.name,
            keys: self.len(),
            capacity: self.capacity(),
            evicted,
            refused,
            shared,
            listener_panics: self.listeners().panics(),
        }
    }

    /// Every key with its labels and statistics, in no order.
    pub fn report(&self) -> Vec<KeyReport<K>> {
        let report = |slot: &std::sync::Arc<super::shelf::Slot<K, C>>| KeyReport {
            key: slot.key.clone(),
            labels: slot.labels.clone(),
            stats: slot.breaker.stats(),
        };
        self.shelves.slots().iter().map(report).collect()
    }

    /// A snapshot of every breaker, in no order.
    pub fn snapshot_all(&self) -> Vec<(K, Snapshot)> {
        self.shelves.slots().iter().map(|slot| (slot.key.clone(), slot.breaker.snapshot())).collect()
    }

    /// Restores the breakers of `snapshots`, and returns those that were refused: a damaged one refuses only itself. A closed one
    /// makes no breaker, as a new one is closed.
    pub fn restore_all(&self, snapshots: impl IntoIterator<Item = (K, Snapshot)>) -> Vec<(K, RestoreError)> {
        let restore = |key: &K, snapshot: &Snapshot| {
            if snapshot.state() == State::Closed && self.find(key).is_none() {
                return snapshot.check(self.clock.unix_time());
            }
            // Never the shared one, which is not this key's.
            let breaker = self.get_own(key).map_err(|refusal| RestoreError::NoBreaker { refusal })?;
            breaker.restore(snapshot)
        };
        let refused =
            |(key, snapshot): (K, Snapshot)| restore(&key, &snapshot).err().map(|error| (key, error));
        snapshots.into_iter().filter_map(refused).collect()
    }
}

#[cfg(feature = "serde")]
fn as_map<S: serde::Serializer>(labels: &Labels, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(labels.iter().map(|(name, value)| (name, value)))
}
