use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resil_core::sync::atomic::{AtomicBool, Ordering};
use resil_core::sync::{Mutex, lock};
use resil_core::{Clock, MonotonicClock, contain, seeded_bug};

use crate::roll::{Entries, Roll};
use resil_core::background::Parker;

/// Tells tasks and threads that they are to stop. Clones are the same token; cloning copies a pointer.
///
/// The one of a [`GracefulShutdown`](crate::GracefulShutdown) is triggered when the intake ends. A [`child`](Token::child) is triggered
/// with its parent, or alone.
///
/// ```
/// use resil_shutdown::Token;
/// use std::time::Duration;
///
/// let token = Token::new();
/// let worker = std::thread::spawn({
///     let token = token.child();
///     move || while !token.wait_timeout(Duration::from_secs(60)) { /* a round of work */ }
/// });
/// token.trigger();
/// worker.join().unwrap();
/// ```
#[derive(Clone)]
pub struct Token {
    node: Arc<Node>,
}

pub(crate) struct Node {
    is_triggered: AtomicBool,
    waiting: Mutex<Roll<Entry>>,
    /// The parent, and the place there.
    parent: Option<(Arc<Node>, u64)>,
}

enum Entry {
    Task(Waker),
    Child(Weak<Node>),
}

impl Token {
    /// A token of its own.
    pub fn new() -> Self {
        Self { node: Arc::new(Node::new(None, false)) }
    }

    /// Whether it has been triggered: one load.
    #[inline]
    pub fn is_triggered(&self) -> bool {
        self.node.is_triggered.load(Ordering::Acquire)
    }

    /// Triggers it and its children, once and for all. Of two who do so at once, one returns before all have been told.
    pub fn trigger(&self) {
        self.node.trigger();
    }

    /// A token that is triggered together with this one, or alone.
    #[must_use = "a child has no effect unless somebody waits for it"]
    pub fn child(&self) -> Self {
        let mut waiting = lock(&self.node.waiting);
        let is_triggered = self.is_triggered();
        seeded_bug!("token_child_looks_first" => {
            drop(waiting);
            waiting = lock(&self.node.waiting);
        });
        let node = Arc::new_cyclic(|child| {
            let place = (!is_triggered).then(|| waiting.add(Entry::Child(Weak::clone(child))));
            Node::new(place.map(|place| (Arc::clone(&self.node), place)), is_triggered)
        });
        drop(waiting);
        Self { node }
    }

    /// A future that is ready once the token is triggered, on any runtime. It does not borrow the token. Cancel-safe.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let token = resil_shutdown::Token::new();
    /// let stop = token.triggered();
    /// token.trigger();
    /// stop.await;
    /// # });
    /// ```
    pub fn triggered(&self) -> Triggered {
        Triggered { node: Arc::clone(&self.node), place: None }
    }

    /// Blocks this thread until the token is triggered.
    pub fn wait(&self) {
        let _ = self.wait_until(None);
    }

    /// Blocks this thread until the token is triggered, or for `timeout`; whether it has been triggered.
    #[must_use = "it says whether the token was triggered"]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.wait_until(Some(timeout))
    }

    fn wait_until(&self, timeout: Option<Duration>) -> bool {
        let until = timeout.map(|timeout| MonotonicClock.now().saturating_add(timeout));
        self.is_triggered() || Parker::new().run(self.triggered(), &MonotonicClock, until, || false).is_some()
    }

    #[cfg(feature = "tokio-util")]
    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Wakes `waker` when the token is triggered, at once if it has been.
    #[cfg_attr(
        not(any(feature = "crossbeam", feature = "tokio-util")),
        expect(dead_code, reason = "for conversions")
    )]
    pub(crate) fn wake_when_triggered(&self, waker: Waker) {
        let mut place = None;
        if let Err(waker) = self.node.enlist(&mut place, waker) {
            waker.wake();
        }
    }
}

impl Node {
    fn new(parent: Option<(Arc<Self>, u64)>, is_triggered: bool) -> Self {
        Self { is_triggered: AtomicBool::new(is_triggered), waiting: Mutex::default(), parent }
    }

    pub(crate) fn trigger(&self) {
        let mut entries = self.mark();
        // Without recursion: children may be as deep as somebody likes.
        let mut above = Vec::new();
        loop {
            match entries.next() {
                // Foreign code: a waker that panics must not keep the others from being woken.
                Some(Entry::Task(waker)) => _ = contain(|| waker.wake()),
                Some(Entry::Child(child)) => {
                    let Some(child) = child.upgrade() else { continue };
                    above.push(std::mem::replace(&mut entries, child.mark()));
                }
                None => match above.pop() {
                    Some(rest) => entries = rest,
                    None => return,
                },
            }
        }
    }

    /// Marks this one alone as triggered, and hands out who is to be told.
    fn mark(&self) -> Entries<Entry> {
        seeded_bug!("token_marked_late" => {
            let entries = lock(&self.waiting).take();
            self.is_triggered.store(true, Ordering::Relaxed);
            return entries;
        });
        // Whoever enlists does so under the lock: it either sees this, or is found below.
        let order = seeded_bug!("token_marked_relaxed" => { Ordering::Relaxed } else { Ordering::Release });
        self.is_triggered.store(true, order);
        lock(&self.waiting).take()
    }

    /// Puts `waker` on the list, at `place` if it is there; gives it back if the token has been triggered.
    fn enlist(&self, place: &mut Option<u64>, waker: Waker) -> Result<(), Waker> {
        let mut waiting = lock(&self.waiting);
        if self.is_triggered.load(Ordering::Acquire) && !seeded_bug!("token_enlists_blindly") {
            return Err(waker);
        }
        let entry = Entry::Task(waker);
        let replaced = if let Some(place) = *place {
            Some(waiting.replace(place, entry))
        } else {
            *place = Some(waiting.add(entry));
            None
        };
        drop(waiting);
        // Foreign code, so outside the lock.
        drop(replaced);
        Ok(())
    }

    fn strike_off(&self, place: u64) {
        let entry = lock(&self.waiting).remove(place);
        drop(entry);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Without recursion, as in `trigger`: what hangs on this one alone ends here, too.
        let mut above = self.parent.take();
        while let Some((parent, place)) = above {
            parent.strike_off(place);
            above = Arc::into_inner(parent).and_then(|mut parent| parent.parent.take());
        }
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("is_triggered", &self.is_triggered()).finish_non_exhaustive()
    }
}

/// The future of [`Token::triggered`]. Cancel-safe.
///
/// ```
/// let token = resil_shutdown::Token::new();
/// let stop: resil_shutdown::Triggered = token.triggered();
/// # drop(stop);
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Triggered {
    node: Arc<Node>,
    place: Option<u64>,
}

impl Future for Triggered {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.node.is_triggered.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let Self { node, place } = &mut *self;
        match node.enlist(place, cx.waker().clone()) {
            Ok(()) => Poll::Pending,
            Err(_) => Poll::Ready(()),
        }
    }
}

impl Drop for Triggered {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.node.strike_off(place);
        }
    }
}

impl fmt::Debug for Triggered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Triggered").finish_non_exhaustive()
    }
}
