//! What happens at an alarm. Nothing here can hang the monitor: what may block runs on threads of its own.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use resil_core::background::{self, Herald};
use resil_core::{Clock, Moment, MonotonicClock, Subscription};

use crate::{Event, Silence, ThreadDump};

/// How long stderr and the listeners may take before the process is aborted, and stderr before listeners hear of an alarm.
const PATIENCE: Duration = Duration::from_secs(1);

/// The least time between two lists of threads.
const DUMP_EVERY: Duration = Duration::from_secs(1);

/// What is done at an alarm besides telling listeners.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Actions {
    /// A line on stderr.
    pub(crate) log: bool,
    /// All threads on stderr.
    pub(crate) dump: bool,
    /// The end of the process.
    pub(crate) abort: bool,
}

/// Tells of events, and raises alarms.
#[derive(Debug)]
pub(crate) struct Bark {
    actions: Actions,
    /// Listeners.
    herald: Herald<Told>,
    /// Writes to stderr, which may block for ever.
    scribe: Herald<Page>,
    /// When threads were last listed.
    last_dump: Mutex<Option<Moment>>,
}

/// An event on its way to listeners.
struct Told {
    event: Event,
    /// Open when stderr has what is to be there before listeners hear of it.
    written: Option<Arc<Gate>>,
    /// Opened when all listeners have heard.
    _heard: Option<Arc<Opener>>,
}

/// A text on its way to stderr.
struct Page {
    text: String,
    /// Opened when it is there.
    _written: Opener,
}

/// An alarm for which there is something to be written.
pub(crate) struct Sound {
    lines: String,
    written: Opener,
    /// Open when all listeners have heard.
    heard: Arc<Gate>,
}

impl Bark {
    pub(crate) fn new(actions: Actions) -> Self {
        let bark = Self {
            actions,
            herald: Herald::new("resil-watchdog tell"),
            scribe: Herald::new("resil-watchdog write"),
            last_dump: Mutex::default(),
        };
        if actions.log || actions.dump || actions.abort {
            // Nobody may be there to read it.
            let write = |page: &Page| _ = std::io::stderr().write_all(page.text.as_bytes());
            bark.scribe.observers().observe(write).forget();
        }
        bark
    }

    /// Calls `listener` for every later event, on a thread of the herald's.
    pub(crate) fn observe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.herald.observers().observe(move |told: &Told| {
            if let Some(written) = &told.written {
                written.wait(PATIENCE);
            }
            listener(&told.event);
        })
    }

    /// Puts an event at the end of the queue. May be called under the watchdog's lock.
    pub(crate) fn enqueue(&self, event: Event) {
        self.herald.observers().enqueue(Told { event, written: None, _heard: None });
    }

    /// Sees to it that what was enqueued is told soon. Not under the lock.
    pub(crate) fn call(&self) {
        self.herald.call();
    }

    /// Enqueues alarms; what is to be written, if there is something. May be called under the watchdog's lock.
    pub(crate) fn raise(&self, alarms: Vec<Silence>) -> Option<Sound> {
        let Actions { log, dump, abort } = self.actions;
        if alarms.is_empty() || !(log || dump || abort) {
            alarms.into_iter().map(Event::TimedOut).for_each(|event| self.enqueue(event));
            return None;
        }
        let (written, heard) = (Opener::new(), Opener::new());
        let sound = Sound { lines: lines(&alarms), heard: Arc::clone(&heard.0), written };
        let heard = Arc::new(heard);
        for silence in alarms {
            self.herald.observers().enqueue(Told {
                event: Event::TimedOut(silence),
                written: Some(Arc::clone(&sound.written.0)),
                _heard: Some(Arc::clone(&heard)),
            });
        }
        Some(sound)
    }

    /// Writes what there is to write, and aborts the process if that is wanted. Not under the lock.
    pub(crate) fn sound(&self, sound: Sound) {
        let Actions { log, dump, abort } = self.actions;
        let Sound { lines, written, heard } = sound;
        let mut text = if log || abort { lines } else { String::new() };
        if dump && self.is_time_for_a_dump() {
            // Before anything else has changed what threads do.
            _ = writeln!(text, "{}", ThreadDump::take());
        }
        if abort {
            text.push_str("the process is aborted\n");
        }
        let is_written = Arc::clone(&written.0);
        self.scribe.tell(Page { text, _written: written });
        self.call();
        if abort {
            let end = move || end(&is_written, &heard);
            if background::spawn("resil-watchdog end", end.clone()).is_err() {
                end();
            }
        }
    }

    /// Whether there was none in the last second: several who starve for one reason do so within moments.
    fn is_time_for_a_dump(&self) -> bool {
        let now = MonotonicClock.now();
        let mut last = self.last_dump.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = last.is_none_or(|last| now.saturating_duration_since(last) >= DUMP_EVERY);
        if is_time {
            *last = Some(now);
        }
        is_time
    }

    /// How many events were dropped because listeners were too slow.
    pub(crate) fn events_lost(&self) -> u64 {
        self.herald.observers().events_lost()
    }

    /// How many calls of listeners have panicked.
    pub(crate) fn callback_panics(&self) -> u64 {
        self.herald.observers().listener_panics()
    }
}

fn lines(alarms: &[Silence]) -> String {
    alarms.iter().fold(String::new(), |mut lines, silence| {
        _ = writeln!(lines, "{silence}");
        lines
    })
}

/// Aborts the process once stderr has the text and listeners have heard, or have had their time.
fn end(written: &Gate, heard: &Gate) {
    let until = MonotonicClock.now().saturating_add(PATIENCE);
    written.wait(PATIENCE);
    heard.wait(until.saturating_duration_since(MonotonicClock.now()));
    std::process::abort();
}

/// Closed until whoever is to open it is gone.
#[derive(Debug, Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

/// Opens its gate when it is dropped: when the work is done, and also where nobody does it.
#[derive(Debug)]
struct Opener(Arc<Gate>);

impl Opener {
    fn new() -> Self {
        Self(Arc::default())
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        *self.0.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.opened.notify_all();
    }
}

impl Gate {
    /// Waits until it is open, for `limit` at most. Whoever has waited so long does so for all who come later.
    fn wait(&self, limit: Duration) {
        let is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.opened.wait_timeout_while(is_open, limit, |is_open| !*is_open);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = true;
    }
}
