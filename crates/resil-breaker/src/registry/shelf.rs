use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread;

use crossbeam_utils::CachePadded;
use resil_core::{Clock, Subscription};

use super::Labels;
use crate::CircuitBreaker;

/// One key with its breaker.
pub(super) struct Slot<K, C> {
    pub(super) key: K,
    pub(super) labels: Labels,
    pub(super) breaker: Arc<CircuitBreaker<C>>,
    /// Whether the breaker has a configuration of its own rather than the registry's.
    pub(super) own_config: bool,
    /// The registry's listeners, by number, as they listen to this breaker.
    pub(super) subscriptions: Mutex<Vec<(u64, Subscription)>>,
}

/// The keys, spread over several maps, so that those who read seldom meet those who write.
pub(super) struct Shelves<K, C> {
    maps: Box<[CachePadded<Shelf<K, C>>]>,
    hasher: RandomState,
    capacity: AtomicUsize,
    held: AtomicUsize,
    /// Held by whoever adds a key: how many further keys are refused before idle ones are looked for again.
    patience: Mutex<usize>,
    evicted: AtomicU64,
    refused: AtomicU64,
    shared: AtomicU64,
}

type Shelf<K, C> = RwLock<Map<K, C>>;
type Map<K, C> = HashMap<K, Arc<Slot<K, C>>>;

/// There is no room for a further key.
#[derive(Debug)]
pub(super) struct Full;

impl<K: Hash + Eq + Clone, C: Clock> Shelves<K, C> {
    pub(super) fn new(capacity: usize) -> Self {
        let maps = thread::available_parallelism().map_or(8, usize::from).saturating_mul(4).clamp(8, 128);
        Self {
            maps: (0..maps).map(|_| CachePadded::default()).collect(),
            hasher: RandomState::new(),
            capacity: AtomicUsize::new(capacity),
            held: AtomicUsize::new(0),
            patience: Mutex::new(0),
            evicted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            shared: AtomicU64::new(0),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity.load(Ordering::Relaxed)
    }

    pub(super) fn set_capacity(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::Relaxed);
    }

    pub(super) fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// How many keys were pushed out, refused, and served by the shared breaker.
    pub(super) fn pressure(&self) -> (u64, u64, u64) {
        let [evicted, refused, shared] =
            [&self.evicted, &self.refused, &self.shared].map(|n| n.load(Ordering::Relaxed));
        (evicted, refused, shared)
    }

    pub(super) fn count_shared(&self) {
        self.shared.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn find<Q, R>(&self, key: &Q, take: impl FnOnce(&Slot<K, C>) -> R) -> Option<R>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        read(self.map_of(key)).get(key).map(|slot| take(slot))
    }

    /// Adds `slot`, or returns the one that has its key already. What had to go for it is put into `pushed_out`: listeners go with
    /// it, which are foreign code, so it is dropped where no lock is held.
    pub(super) fn insert(
        &self,
        slot: &Arc<Slot<K, C>>,
        pushed_out: &mut Vec<Arc<Slot<K, C>>>,
    ) -> Result<Option<Arc<Slot<K, C>>>, Full> {
        let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        let map = self.map_of(&slot.key);
        if let Some(existing) = read(map).get(&slot.key) {
            return Ok(Some(Arc::clone(existing)));
        }
        if self.len() >= self.capacity() && !self.make_room(&mut patience, pushed_out) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Full);
        }
        write(map).insert(slot.key.clone(), Arc::clone(slot));
        self.held.fetch_add(1, Ordering::Relaxed);
        Ok(None)
    }

    pub(super) fn remove<Q>(&self, key: &Q) -> Option<Arc<Slot<K, C>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let removed = write(self.map_of(key)).remove(key)?;
        self.held.fetch_sub(1, Ordering::Relaxed);
        Some(removed)
    }

    /// All slots as they are now, in no order.
    pub(super) fn slots(&self) -> Vec<Arc<Slot<K, C>>> {
        self.maps.iter().flat_map(|map| read(map).values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Pushes out idle keys, an eighth of the capacity at once, so that a flood of new keys pays a search seldom. After a search in
    /// vain as many keys are refused without one.
    fn make_room(&self, patience: &mut usize, pushed_out: &mut Vec<Arc<Slot<K, C>>>) -> bool {
        if *patience > 0 {
            *patience -= 1;
            return false;
        }
        let batch = self.capacity().div_ceil(8);
        for map in &self.maps {
            let mut map = write(map);
            let wanted = batch - pushed_out.len();
            let idle: Vec<_> = map
                .values()
                .filter(|slot| slot.is_idle())
                .take(wanted)
                .map(|slot| slot.key.clone())
                .collect();
            pushed_out.extend(idle.iter().filter_map(|key| map.remove(key)));
        }
        if pushed_out.is_empty() {
            *patience = batch;
            return false;
        }
        self.held.fetch_sub(pushed_out.len(), Ordering::Relaxed);
        self.evicted.fetch_add(pushed_out.len() as u64, Ordering::Relaxed);
        true
    }

    fn map_of<Q: Hash + ?Sized>(&self, key: &Q) -> &Shelf<K, C> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let hash = self.hasher.hash_one(key) as usize;
        &self.maps[hash % self.maps.len()]
    }
}

impl<K, C: Clock> Slot<K, C> {
    /// Whether it is as good as new and nobody has it: only the map holds the slot, and only the slot the breaker.
    fn is_idle(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1 && Arc::strong_count(&self.breaker) == 1 && self.breaker.is_pristine()
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
