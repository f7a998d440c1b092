use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use resil_core::background;

use super::Release;
use crate::{ShutdownError, Signal, Signals};

/// Hooked console events: Ctrl-C and Ctrl-Break. Dropping it restores what was there before, and runs nothing.
pub(crate) struct Hooked {
    listener: Arc<Listener>,
    _release: Release,
}

struct Listener {
    has_heard: AtomicBool,
    tell: Mutex<Sender<()>>,
}

/// The system keeps one handler for the process, and it stays; who listens changes.
static LISTENERS: Mutex<(bool, Vec<Arc<Listener>>)> = Mutex::new((false, Vec::new()));

/// What Windows gives to a process that Ctrl-C ended: STATUS_CONTROL_C_EXIT.
const ENDED_BY_DEFAULT: i32 = 0xC000_013A_u32.cast_signed();

fn listeners() -> MutexGuard<'static, (bool, Vec<Arc<Listener>>)> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hooked {
    /// Calls `on_signal` for each event, on a thread of its own, until this is dropped; then `release`. The second one ends the
    /// process.
    pub(crate) fn new(
        signals: Signals,
        mut on_signal: impl FnMut(Signal) + Send + 'static,
        release: Release,
    ) -> Result<Self, ShutdownError> {
        let (tell, events) = channel();
        let wait = move || events.into_iter().for_each(|()| on_signal(Signal::Interrupt));
        background::spawn("resil-shutdown signals", wait).map_err(ShutdownError::Thread)?;
        let listener = Arc::new(Listener { has_heard: AtomicBool::new(false), tell: Mutex::new(tell) });
        let mut all = listeners();
        if !all.0 {
            let explain = |error| ShutdownError::Signal(Signal::Interrupt, io::Error::other(error));
            ctrlc::try_set_handler(on_event).map_err(explain)?;
            all.0 = true;
        }
        if signals.contains(Signal::Interrupt) {
            all.1.push(Arc::clone(&listener));
        }
        Ok(Self { listener, _release: release })
    }
}

/// Runs on a thread that the system makes for the event.
fn on_event() {
    let all = listeners().1.clone();
    if all.is_empty() {
        std::process::exit(ENDED_BY_DEFAULT);
    }
    for listener in all {
        if listener.has_heard.swap(true, Ordering::SeqCst) {
            std::process::exit(128 + Signal::Interrupt.number());
        }
        let _ = listener.tell.lock().unwrap_or_else(PoisonError::into_inner).send(());
    }
}

impl Drop for Hooked {
    fn drop(&mut self) {
        listeners().1.retain(|listener| !Arc::ptr_eq(listener, &self.listener));
    }
}
