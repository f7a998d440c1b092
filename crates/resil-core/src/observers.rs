use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};

use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Mutex, OnceLock, lock};
use crate::{Name, const_fn, contain, seeded_bug};

/// How many events wait for slow listeners before the oldest is lost. A model has only a few.
const QUEUE: usize = if cfg!(any(loom, shuttle)) { 3 } else { 256 };

/// How many events one caller hands to listeners before it goes on with its own work.
const TURN: usize = if cfg!(any(loom, shuttle)) { 2 } else { 1_024 };

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
/// slow listener delays only the caller who delivers. A listener that panics is counted and harms nobody. At most 256 events wait;
/// then the oldest is dropped and counted.
///
/// A caller delivers at most 1,024 events before it goes on with its own work, so that neither a steady stream from other threads nor
/// a listener that answers each event with another can keep it for ever. What is then still queued goes out, in order, with the next
/// event.
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
    /// How many events have ever been queued: the number of the newest one.
    queued: u64,
    delivering: bool,
    lost: u64,
    panics: u64,
}

struct Listener<E> {
    call: Box<dyn Fn(&E) + Send + Sync>,
    /// The number of the newest event that was queued when it came: what was queued before is not for it.
    since: u64,
    gone: AtomicBool,
}

impl<E: Send + Sync + 'static> Observers<E> {
    const_fn! {
        /// No listeners yet; costs 16 bytes until the first comes.
        pub const fn new() -> Self {
            Self { shared: OnceLock::new() }
        }
    }

    /// Calls `listener` for every event that is enqueued from now on, until the returned subscription is dropped.
    pub fn observe(&self, listener: impl Fn(&E) + Send + Sync + 'static) -> Subscription {
        let shared = self.shared.get_or_init(|| Arc::new(Shared::new()));
        let call = Box::new(listener);
        let mut state = lock(&shared.state);
        let listener = Arc::new(Listener { call, since: state.queued, gone: AtomicBool::new(false) });
        let mut listeners = Vec::clone(&state.listeners);
        listeners.push(Arc::clone(&listener));
        seeded_bug!("observers_observe_in_two_steps" => {
            drop(state);
            state = lock(&shared.state);
        });
        shared.listening.store(listeners.len(), Ordering::Relaxed);
        state.listeners = Arc::new(listeners);
        drop(state);
        // Both weak: a listener may own its subscription, and a subscription may outlive the handle.
        let (shared, listener) = (Arc::downgrade(shared), Arc::downgrade(&listener));
        Subscription::new(move || detach(&shared, &listener))
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
        let oldest = if state.queue.len() == QUEUE { state.queue.pop_front() } else { None };
        state.lost += u64::from(oldest.is_some());
        state.queued += 1;
        state.queue.push_back(event);
        drop(state);
        drop(oldest);
    }

    /// Hands queued events to the listeners, unless somebody does it already. Must not be called under the policy's lock.
    pub fn deliver(&self) {
        let Some(shared) = self.shared.get() else { return };
        let mut state = lock(&shared.state);
        if state.delivering && !seeded_bug!("observers_deliver_side_by_side") {
            return;
        }
        state.delivering = true;
        for _ in 0..TURN {
            let Some((number, event)) = state.take_next() else { break };
            let listeners = Arc::clone(&state.listeners);
            drop(state);
            let hears = |listener: &&Arc<Listener<E>>| listener.hears(number);
            let panicked =
                |listener: &Arc<Listener<E>>| u64::from(contain(|| (listener.call)(&event)).is_err());
            let mut panics: u64 = listeners.iter().filter(hears).map(panicked).sum();
            // These may be the last references to what listeners own, and foreign code drops here.
            panics += u64::from(contain(move || drop((event, listeners))).is_err());
            state = lock(&shared.state);
            state.panics += panics;
        }
        seeded_bug!("observers_leave_late" => {
            drop(state);
            state = lock(&shared.state);
        });
        // Under the lock that found the queue empty: whoever enqueues after that finds nobody delivering.
        state.delivering = false;
        seeded_bug!("observers_keep_the_turn" => { state.delivering = !state.queue.is_empty(); });
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
            queued: 0,
            delivering: false,
            lost: 0,
            panics: 0,
        };
        Self { listening: AtomicUsize::new(0), state: Mutex::new(state) }
    }
}

impl<E> State<E> {
    /// The oldest event and its number.
    fn take_next(&mut self) -> Option<(u64, E)> {
        let others = (self.queue.len() as u64).saturating_sub(1);
        self.queue.pop_front().map(|event| (self.queued - others, event))
    }
}

impl<E> Listener<E> {
    fn hears(&self, number: u64) -> bool {
        let came_before = self.since < number || seeded_bug!("observers_replay_old_events");
        came_before && !self.gone.load(Ordering::Relaxed)
    }
}

/// Takes `listener` off the list. Foreign code drops at the end, outside the lock.
fn detach<E>(shared: &Weak<Shared<E>>, listener: &Weak<Listener<E>>) {
    let (Some(shared), Some(listener)) = (shared.upgrade(), listener.upgrade()) else { return };
    listener.gone.store(true, Ordering::Relaxed);
    let mut state = lock(&shared.state);
    let kept: Vec<_> =
        state.listeners.iter().filter(|known| !Arc::ptr_eq(known, &listener)).cloned().collect();
    seeded_bug!("observers_detach_in_two_steps" => {
        drop(state);
        state = lock(&shared.state);
    });
    shared.listening.store(kept.len(), Ordering::Relaxed);
    let unheard = if kept.is_empty() { std::mem::take(&mut state.queue) } else { VecDeque::new() };
    let old = std::mem::replace(&mut state.listeners, Arc::new(kept));
    drop(state);
    drop((unheard, old));
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
    /// A subscription whose drop calls `detach`: for handles that keep listeners of their own.
    pub fn new(detach: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { detach: Some(Box::new(detach)) }
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
