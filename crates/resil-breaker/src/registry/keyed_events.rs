use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, Weak};

use resil_core::{Clock, Subscription};

use super::shelf::Slot;
use super::{CircuitBreakers, Labels};
use crate::{Event, State};

/// An event of one breaker of a registry, with its key and labels.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config, KeyedEvent, KeyedNews};
///
/// let providers = CircuitBreakers::<String>::new("providers", Config::new());
/// let _subscription = providers.observe(|event: &KeyedEvent<'_, String>| match event.news {
///     KeyedNews::Present(state) => println!("{} {:?} is {state}", event.key, event.labels),
///     KeyedNews::Event(news) => println!("{} {:?}: {news}", event.key, event.labels),
///     _ => {}
/// });
/// let _ = providers.get("anthropic");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyedEvent<'a, K> {
    /// The breaker's key.
    pub key: &'a K,
    /// The key's labels.
    pub labels: &'a Labels,
    /// What happened.
    pub news: KeyedNews<'a>,
}

/// What a registry tells of a key.
///
/// ```
/// use resil_breaker::{CircuitBreakers, Config, KeyedNews, State};
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// static OPEN: AtomicUsize = AtomicUsize::new(0);
///
/// let providers = CircuitBreakers::<String>::new("providers", Config::new());
/// providers.get("anthropic")?.force_open("maintenance");
/// let _subscription = providers.observe(|event| {
///     if matches!(event.news, KeyedNews::Present(State::ForcedOpen)) {
///         OPEN.fetch_add(1, Ordering::Relaxed);
///     }
/// });
/// assert_eq!(OPEN.load(Ordering::Relaxed), 1);
/// # Ok::<_, resil_breaker::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum KeyedNews<'a> {
    /// The breaker is there, in this state: told once when somebody begins to listen, or when the key is new.
    Present(State),
    /// The breaker told this.
    Event(&'a Event),
}

type Listener<K> = dyn Fn(&KeyedEvent<'_, K>) + Send + Sync;

/// Those who listen to a registry, by number.
pub(super) struct Listeners<K> {
    next: u64,
    all: Vec<(u64, Arc<Listener<K>>)>,
    /// How many of them panicked when they were told that a key is there.
    panics: u64,
}

impl<K> Default for Listeners<K> {
    fn default() -> Self {
        Self { next: 0, all: Vec::new(), panics: 0 }
    }
}

impl<K: Send + Sync + 'static> Listeners<K> {
    /// All listeners begin to listen to a new slot.
    pub(super) fn listen_to<C: Clock + 'static>(&self, slot: &Arc<Slot<K, C>>) -> Vec<Arc<Listener<K>>> {
        self.all.iter().for_each(|(number, listener)| slot.subscribe(*number, listener));
        self.all.iter().map(|(_, listener)| Arc::clone(listener)).collect()
    }

    /// Takes a listener off the list. It is foreign code, so it is dropped where no lock is held.
    fn take(&mut self, number: u64) -> Option<Arc<Listener<K>>> {
        let place = self.all.iter().position(|(known, _)| *known == number)?;
        Some(self.all.remove(place).1)
    }

    pub(super) fn panics(&self) -> u64 {
        self.panics
    }
}

impl<K: Send + Sync + 'static, C: Clock + 'static> Slot<K, C> {
    fn subscribe(self: &Arc<Self>, number: u64, listener: &Arc<Listener<K>>) {
        // The breaker must not keep the slot that keeps it.
        let (slot, listener): (Weak<Self>, _) = (Arc::downgrade(self), Arc::clone(listener));
        let subscription = self.breaker.observe(move |event| {
            if let Some(slot) = slot.upgrade() {
                listener(&KeyedEvent { key: &slot.key, labels: &slot.labels, news: KeyedNews::Event(event) });
            }
        });
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).push((number, subscription));
    }

    fn unsubscribe(&self, number: u64) {
        let mut subscriptions = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        let (gone, kept) =
            std::mem::take(&mut *subscriptions).into_iter().partition(|(known, _)| *known == number);
        *subscriptions = kept;
        drop(subscriptions);
        let _: Vec<_> = gone;
    }
}

impl<K, C> CircuitBreakers<K, C>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    C: Clock + Clone + 'static,
{
    /// Calls `listener` for the events of all present and future keys, after telling it the present states, until the returned
    /// subscription is dropped.
    ///
    /// Events come in order for each key; those of several keys may come at once. An event of a present key may overtake the telling of
    /// its state, which is then the state after it.
    pub fn observe(&self, listener: impl Fn(&KeyedEvent<'_, K>) + Send + Sync + 'static) -> Subscription {
        let listener: Arc<Listener<K>> = Arc::new(listener);
        let mut listeners = self.listeners();
        let number = listeners.next;
        listeners.next += 1;
        listeners.all.push((number, Arc::clone(&listener)));
        let present = self.shelves.slots();
        for slot in &present {
            slot.subscribe(number, &listener);
        }
        drop(listeners);
        for slot in &present {
            self.announce(slot, &*listener);
        }

        let registry = Arc::downgrade(&self.listeners);
        let shelves = Arc::downgrade(&self.shelves);
        Subscription::new(move || {
            let gone = registry
                .upgrade()
                .and_then(|listeners| listeners.lock().unwrap_or_else(PoisonError::into_inner).take(number));
            if let Some(shelves) = shelves.upgrade() {
                shelves.slots().iter().for_each(|slot| slot.unsubscribe(number));
            }
            drop(gone);
        })
    }

    /// Tells `listener` that the breaker of `slot` is there, and in which state.
    pub(super) fn announce(&self, slot: &Slot<K, C>, listener: &Listener<K>) {
        let news = KeyedNews::Present(slot.breaker.state());
        let event = KeyedEvent { key: &slot.key, labels: &slot.labels, news };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| listener(&event))) {
            // Its drop may panic too.
            std::mem::forget(payload);
            self.listeners().panics += 1;
        }
    }
}
