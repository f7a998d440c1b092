use std::hash::Hash;
use std::sync::{Arc, PoisonError, Weak};

use resil_core::{Clock, Subscription};

use super::shelf::Slot;
use super::{CircuitBreakers, Labels};
use crate::{Event, State};

/// An event of one breaker of a registry, with its key and labels.
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
}

impl<K> Default for Listeners<K> {
    fn default() -> Self {
        Self { next: 0, all: Vec::new() }
    }
}

impl<K: Send + Sync + 'static> Listeners<K> {
    /// All listeners begin to listen to a new slot.
    pub(super) fn listen_to<C: Clock + 'static>(&self, slot: &Arc<Slot<K, C>>) -> Vec<Arc<Listener<K>>> {
        self.all.iter().for_each(|(number, listener)| slot.subscribe(*number, listener));
        self.all.iter().map(|(_, listener)| Arc::clone(listener)).collect()
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

    /// Tells `listener` that the breaker is there, and in which state.
    pub(super) fn announce(&self, listener: &Listener<K>) {
        let news = KeyedNews::Present(self.breaker.state());
        listener(&KeyedEvent { key: &self.key, labels: &self.labels, news });
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
            slot.announce(&*listener);
        }

        let registry = Arc::downgrade(&self.listeners);
        let shelves = Arc::downgrade(&self.shelves);
        Subscription::new(move || {
            if let Some(listeners) = registry.upgrade() {
                let mut listeners = listeners.lock().unwrap_or_else(PoisonError::into_inner);
                listeners.all.retain(|(known, _)| *known != number);
            }
            if let Some(shelves) = shelves.upgrade() {
                shelves.slots().iter().for_each(|slot| slot.unsubscribe(number));
            }
        })
    }
}
