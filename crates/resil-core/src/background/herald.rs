use std::fmt;
use std::sync::Arc;

use super::spawn;
use crate::sync::{Mutex, lock};
use crate::{Observers, seeded_bug};

/// Lets listeners hear of events on a thread that comes when there is something to tell and goes when all is told: for handles whose own
/// thread must not wait for listeners.
///
/// Listeners are called one after the other, and never by two threads. What [`Observers`] promise of panics, of the order of events and
/// of those that are lost holds here too.
///
/// ```
/// use resil_core::background::Herald;
/// use std::sync::mpsc;
///
/// let herald = Herald::new("heartbeat tell");
/// let (heard, news) = mpsc::channel();
/// herald.observers().observe(move |event: &u32| heard.send(*event).unwrap()).forget();
/// herald.tell(7);
/// assert_eq!(news.recv(), Ok(7));
/// ```
pub struct Herald<E: 'static>(Arc<Hall<E>>);

struct Hall<E: 'static> {
    thread: &'static str,
    observers: Observers<E>,
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    /// Whether the thread is there.
    is_attended: bool,
    /// Whether something came since it last looked.
    has_news: bool,
}

impl<E: Send + Sync + 'static> Herald<E> {
    /// Nobody listens yet. Its thread has that name.
    pub fn new(thread: &'static str) -> Self {
        Self(Arc::new(Hall { thread, observers: Observers::new(), desk: Mutex::default() }))
    }

    /// The listeners.
    pub fn observers(&self) -> &Observers<E> {
        &self.0.observers
    }

    /// Lets listeners know of `event`, soon. Never blocks; does nothing if nobody listens.
    ///
    /// Where the system has no thread to give, they hear of it with the next event.
    pub fn tell(&self, event: E) {
        self.0.observers.enqueue(event);
        self.call();
    }

    /// Sees to it that what was enqueued with [`observers`](Self::observers) is told soon.
    pub fn call(&self) {
        if !self.0.observers.is_observed() {
            return;
        }
        let mut desk = lock(&self.0.desk);
        desk.has_news = true;
        if desk.is_attended {
            return;
        }
        desk.is_attended = true;
        drop(desk);
        let hall = Arc::clone(&self.0);
        if spawn(self.0.thread, move || hall.attend()).is_err() {
            lock(&self.0.desk).is_attended = false;
        }
    }
}

impl<E: Send + Sync + 'static> Hall<E> {
    fn attend(&self) {
        while self.has_news() {
            self.observers.deliver();
        }
    }

    /// Whether there is something to tell. Where there is not, the thread is gone: under the lock, so that whoever comes after this
    /// calls another.
    fn has_news(&self) -> bool {
        let mut desk = lock(&self.desk);
        seeded_bug!("herald_leaves_late" => {
            if !desk.has_news {
                drop(desk);
                lock(&self.desk).is_attended = false;
                return false;
            }
        });
        desk.is_attended = desk.has_news;
        std::mem::take(&mut desk.has_news)
    }
}

impl<E> fmt::Debug for Herald<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Herald").field("thread", &self.0.thread).finish_non_exhaustive()
    }
}
