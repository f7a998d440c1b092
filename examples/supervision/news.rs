//! What a supervisor hears, in the order in which it comes.

use std::io;
use std::sync::mpsc::Sender;

use resil::GracefulShutdown;
use resil::shutdown::{Cause, Event, Signal as Wish};
use rustix::process::Signal;
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The worker has ended. It still has its number, until it is reaped.
    Ended,
    /// The supervisor is asked to end, by this signal.
    Asked(Signal),
    /// SIGHUP came.
    Hangup,
}

/// Listens to the signals that come to the supervisor.
pub(crate) fn listen(shutdown: &GracefulShutdown, tell: &Sender<News>) -> io::Result<()> {
    let asked = tell.clone();
    let listener = move |event: &Event| {
        if let Event::Requested { cause: Cause::Signal(wish), .. } = event {
            let signal = if *wish == Wish::Interrupt { Signal::INT } else { Signal::TERM };
            let _ = asked.send(News::Asked(signal));
        }
    };
    shutdown.observe(listener).forget();
    let (mut hangups, tell) = (Signals::new([SIGHUP])?, tell.clone());
    std::thread::spawn(move || hangups.forever().try_for_each(|_| tell.send(News::Hangup)));
    Ok(())
}
