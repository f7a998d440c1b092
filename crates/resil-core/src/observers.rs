use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use crate::sync::atomic::AtomicUsize;
use crate::sync::{Mutex, lock};
use crate::{Name, const_fn};

/// How many events wait for slow listeners before the oldest is lost.
const QUEUE: usize = 256;

/// How many events one caller hands to listeners before it goes on with its own work.
const TURN: usize = 1_024;

/// What an adaptor, such as the one for `tracing`, can ask of any policy's event.
pub trait Notice: fmt::Display {
    /// The policy that it comes from.
    fn name(&self) -> Name;
    /// What happened, as one word in snake case.
    fn kind(&self) -> &'static str;
    /// How much it matters to whoever carries the pager.
    fn severity(&self) -> Severity;
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Happens all the time, one by one of interest only when looking for something.
    Debug,
    /// A change that is good or expected.
    Info,
    /// A change that somebody may have to look at.
    Warn,
}

/// The listeners of one handle: for authors of policies.
///
/// Events are enqueued under the policy's lock, so that their order is that of what happened, and delivered after it is
/// released. Whoever finds nobody delivering does it; others, also a listener that makes events itself, enqueue and go on. So a
/// slow listener delays only the caller who delivers, which stops after 1,024 events. A listener that panics is counted and harms
/// nobody. At most 256 events wait; then the oldest is dropped and counted.
///
/// ```
/// use resil_core::Observers;
/// use std::sync::{Arc, Mutex};
///
/// let observers = Observers::new();
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let subscription = observers.observe({
///     let seen = Arc::clone(&seen);
///     move |event: &u32| seen.lock().unwrap().push(*event)
/// });
/// observers.enqueue(1);
/// observers.deliver();
/// drop(subscription);
/// observers.enqueue(2);
/// observers.deliver();
/// assert_eq!(*seen.lock().unwrap(), [1]);
/// ```
pub struct Observers<E: 'static> {
    shared: OnceLock<Arc<Shared<E>>>,
}

struct Shared<E> {
    listening: AtomicUsize,
    state: Mutex<State<E>>,
}

type Listeners<E> = Arc<Vec<Arc<Listener<E>>>>;

struct State<E> {
    listeners: Listeners<E>,
    queue: VecDeque<E>,
    delivering: bool,
    lost: u64,
    panics: u64,
}

struct Listener<E> {
    call: Box<dyn Fn(&E) + Send + Sync>,
    gone: AtomicBool,
}

impl<E: Send + Sync + 'static> Observers<E> {
    const_fn! {
        /// No listeners yet; costs 16 bytes until the first comes.
        pub const fn new() -> Self {
            Self { shared: OnceLock::new() }
        }
    }

    /// Calls `listener` for every later event, until the returned subscription is dropped.
    pub fn observe(&self, listener: impl Fn(&E) + Send + Sync + 'static) -> Subscription {
        let shared = self.shared.get_or_init(|| Arc::new(Shared::new()));
        let listener = Arc::new(Listener { call: Box::new(listener), gone: AtomicBool::new(false) });
        let mut state = lock(&shared.state);
        let mut listeners = Vec::clone(&state.listeners);
        listeners.push(Arc::clone(&listener));
        shared.listening.store(listeners.len(), Ordering::Relaxed);
        state.listeners = Arc::new(listeners);
        drop(state);
        let shared: Weak<Shared<E>> = Arc::downgrade(shared);
        Subscription {
            detach: Some(Box::new(move || drop(shared.upgrade().map(|shared| shared.detach(&listener))))),
        }
    }

    /// Whether anybody listens: lets a policy skip the making of frequent events.
    #[inline]
    pub fn is_observed(&self) -> bool {
        self.shared.get().is_some_and(|shared| shared.listening.load(Ordering::Relaxed) > 0)
    }

    /// Puts `event` at the end of the queue; nothing happens if nobody listens. May be called under the policy's lock.
    pub fn enqueue(&self, event: E) {
        let Some(shared) = self.shared.get() else { return };
        let mut state = lock(&shared.state);
        if state.listeners.is_empty() {
            return;
        }
        if state.queue.len() == QUEUE {
            state.queue.pop_front();
            state.lost += 1;
        }
        state.queue.push_back(event);
    }

    /// Hands queued events to the listeners, unless somebody does it already. Must not be called under the policy's lock.
    pub fn deliver(&self) {
        let Some(shared) = self.shared.get() else { return };
        let mut state = lock(&shared.state);
        if state.delivering {
            return;
        }
        state.delivering = true;
        for _ in 0..TURN {
            let Some(event) = state.queue.pop_front() else { break };
            let listeners = Arc::clone(&state.listeners);
            drop(state);
            let panics = listeners.iter().filter(|listener| !listener.survives(&event)).count();
            drop((event, listeners));
            state = lock(&shared.state);
            state.panics += panics as u64;
        }
        state.delivering = false;
    }

    /// How many events were dropped because too many waited for slow listeners.
    pub fn events_lost(&self) -> u64 {
        self.shared.get().map_or(0, |shared| lock(&shared.state).lost)
    }

    /// How many calls of listeners have panicked.
    pub fn listener_panics(&self) -> u64 {
        self.shared.get().map_or(0, |shared| lock(&shared.state).panics)
    }
}

impl<E: Send + Sync + 'static> Default for Observers<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> fmt::Debug for Observers<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observers").finish_non_exhaustive()
    }
}

impl<E> Shared<E> {
    fn new() -> Self {
        let state = State {
            listeners: Arc::default(),
            queue: VecDeque::new(),
            delivering: false,
            lost: 0,
            panics: 0,
        };
        Self { listening: AtomicUsize::new(0), state: Mutex::new(state) }
    }
}

impl<E> Listener<E> {
    /// Calls the listener; `false` if it panicked.
    fn survives(&self, event: &E) -> bool {
        if self.gone.load(Ordering::Relaxed) {
            return true;
        }
        match catch_unwind(AssertUnwindSafe(|| (self.call)(event))) {
            Ok(()) => true,
            Err(payload) => {
                // The payload is foreign too: its drop may panic again.
                drop(catch_unwind(AssertUnwindSafe(|| drop(payload))));
                false
            }
        }
    }
}

impl<E> Shared<E> {
    /// Takes the listener off the list, and gives back the old list so that foreign code drops outside the lock.
    fn detach(&self, listener: &Arc<Listener<E>>) -> (Listeners<E>, VecDeque<E>) {
        listener.gone.store(true, Ordering::Relaxed);
        let mut state = lock(&self.state);
        let kept: Vec<_> =
            state.listeners.iter().filter(|known| !Arc::ptr_eq(known, listener)).cloned().collect();
        self.listening.store(kept.len(), Ordering::Relaxed);
        let unheard = if kept.is_empty() { std::mem::take(&mut state.queue) } else { VecDeque::new() };
        (std::mem::replace(&mut state.listeners, Arc::new(kept)), unheard)
    }
}

/// Keeps a listener in place; dropping it takes the listener away.
///
/// Dropping never waits: a call of the listener that runs on another thread at that moment still comes to its end. It may be
/// dropped inside a listener, also its own.
///
/// ```
/// use resil_core::Observers;
///
/// let observers = Observers::new();
/// observers.observe(|event: &u32| println!("{event}")).forget(); // for as long as `observers` lives
/// assert!(observers.is_observed());
/// ```
#[must_use = "dropping the subscription takes the listener away"]
pub struct Subscription {
    detach: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Subscription {
    /// One subscription for several: for handles that are made of handles.
    pub fn all(subscriptions: Vec<Self>) -> Self {
        Self { detach: Some(Box::new(move || drop(subscriptions))) }
    }

    /// Leaves the listener in place for as long as its policy lives.
    pub fn forget(mut self) {
        self.detach = None;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(detach) = self.detach.take() {
            detach();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
