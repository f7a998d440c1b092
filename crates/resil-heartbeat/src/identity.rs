//! Who beats.

use resil_core::Clock;
use resil_core::dice::unlike_others;

use crate::host::Host;
use crate::{Started, State, Timestamp, linux};

/// What every beat of one heartbeat says alike.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    pub(crate) host: Host,
    pub(crate) instance: String,
    pub(crate) started: Started,
}

impl Identity {
    /// Of a heartbeat that begins now.
    pub(crate) fn new(clock: &impl Clock) -> Self {
        let (pid, host) = (std::process::id(), Host::find());
        let started = Started {
            at: Timestamp::from_unix(clock.unix_time()),
            process: linux::stat(pid).map(|stat| stat.started),
            pid_namespace: host.pid_namespace,
            time_namespace: host.time_namespace,
        };
        Self { pid, host, instance: format!("{:016x}{:016x}", unlike_others(), unlike_others()), started }
    }

    /// A state that says so, and nothing else.
    pub(crate) fn sign(&self, timestamp: Timestamp) -> State {
        let mut state = State::new(timestamp);
        state.pid = Some(self.pid);
        state.hostname.clone_from(&self.host.hostname);
        state.instance = Some(self.instance.clone());
        state.boot_id.clone_from(&self.host.boot_id);
        state.started = Some(self.started);
        state
    }
}
