//! Words to the service manager.

use std::io;

use resil_core::background::notify;
use sd_notify::NotifyState;

use crate::{Config, HeartbeatError, State, Status};

/// Tells systemd that the service is ready, how it is, and that it stops. Without `NOTIFY_SOCKET` there is nobody to tell.
#[derive(Debug)]
pub(crate) struct Systemd {
    /// Whether a service that says `starting` is not ready yet.
    ready_later: bool,
    is_ready: bool,
    /// The last `STATUS=`.
    told: String,
}

impl Systemd {
    /// For the beats of a heartbeat with these settings. It is an error if the second would come too late for `WatchdogSec=`.
    pub(crate) fn new(config: Config) -> Result<Self, HeartbeatError> {
        let Config { interval, ready_later, .. } = config;
        match sd_notify::watchdog_enabled() {
            Some(watchdog) if interval >= watchdog => {
                Err(HeartbeatError::WatchdogTooShort { interval, watchdog })
            }
            _ => Ok(Self { ready_later, is_ready: false, told: String::new() }),
        }
    }

    /// Tells a beat. A process that stands still is not said to live: systemd is to end it, and start it anew.
    pub(crate) fn tell(&mut self, state: &State) -> io::Result<()> {
        let status = state.status.unwrap_or(Status::Running);
        let text = text(status, state);
        let mut words = Vec::new();
        let is_ready =
            self.is_ready || status == Status::Running || (status == Status::Starting && !self.ready_later);
        if is_ready && !self.is_ready {
            words.push(NotifyState::Ready);
        }
        match status {
            Status::Starting | Status::Running => words.push(NotifyState::Watchdog),
            Status::Stalled => {}
            Status::Stopped => words.push(NotifyState::Stopping),
        }
        if text != self.told {
            words.push(NotifyState::Status(&text));
        }
        if !words.is_empty() {
            notify(&words)?;
        }
        self.is_ready = is_ready;
        self.told = text;
        Ok(())
    }
}

/// A line for `systemctl status`. It is one line whatever the workers are called, as each line is a word of its own.
fn text(status: Status, state: &State) -> String {
    let text = match state.stalled() {
        stalled if stalled.is_empty() => status.to_string(),
        stalled => format!("{status}, no progress by {}", stalled.join(", ")),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
