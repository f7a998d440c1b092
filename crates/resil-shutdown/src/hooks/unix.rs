use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::SigId;
use signal_hook::iterator::{Handle, Signals as Iterator};
use signal_hook::{flag, low_level};

use resil_core::background;

use super::Release;
use super::former::{self, Held};
use crate::{ShutdownError, Signal, Signals};

/// Hooked signals. Dropping it restores what was there before, and runs nothing.
pub(crate) struct Hooked {
    held: Option<Held>,
    actions: Vec<SigId>,
    waiting: Handle,
    _release: Release,
}

impl Hooked {
    /// Calls `on_signal` for each signal, on a thread of its own, until this is dropped; then `release`. The first one arms the
    /// handler to end the process with the second.
    ///
    /// The handlers are those of a crate that many programs share, tokio's among them: they set a flag, write a byte into a pipe, or
    /// end the process, and do nothing else.
    pub(crate) fn new(
        signals: Signals,
        mut on_signal: impl FnMut(Signal) + Send + 'static,
        release: Release,
    ) -> Result<Self, ShutdownError> {
        former::remember(signals)?;
        let first = signals.iter().next();
        // The pipe first: from then on no signal is lost, though nobody reads yet.
        let mut arrivals = Iterator::new(std::iter::empty::<i32>())
            .map_err(|error| ShutdownError::Signal(first.unwrap_or(Signal::Terminate), error))?;
        for signal in signals.iter() {
            let add = arrivals.add_signal(signal.number());
            add.map_err(|error| ShutdownError::Signal(signal, error))?;
        }
        let armed = Arc::new(AtomicBool::new(false));
        let mut hooked =
            Self { held: None, actions: Vec::new(), waiting: arrivals.handle(), _release: release };
        for signal in signals.iter() {
            let number = signal.number();
            let explain = |error| ShutdownError::Signal(signal, error);
            // In this order, and by the handler alone: the signal that arms must not be the one that ends. It may be read from the
            // pipe while its handler still runs.
            let end = flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&armed));
            hooked.actions.push(end.map_err(explain)?);
            hooked.actions.push(flag::register(number, Arc::clone(&armed)).map_err(explain)?);
        }
        hooked.held = Some(former::hold(signals));
        // What came before the flags were in place has armed nothing.
        let early: Vec<_> = arrivals.pending().collect();
        if let Some(number) = early.first() {
            await_handlers(*number);
            armed.store(true, Ordering::SeqCst);
        }
        let wait = move || {
            for number in early.into_iter().chain(arrivals.forever()) {
                // Armed before anybody sees that it was heard.
                await_handlers(number);
                Signal::of(number).into_iter().for_each(&mut on_signal);
            }
        };
        background::spawn("resil-shutdown signals", wait).map_err(ShutdownError::Thread)?;
        Ok(hooked)
    }
}

/// Waits until no handler is at work that has begun before: a change of the registry does.
fn await_handlers(number: i32) {
    let _ = flag::register(number, Arc::default()).map(low_level::unregister);
}

impl Drop for Hooked {
    fn drop(&mut self) {
        self.held = None;
        for action in self.actions.drain(..) {
            low_level::unregister(action);
        }
        self.waiting.close();
    }
}
