//! Where this process runs.

use crate::{Process, linux, unix};

/// What tells this host, this boot and this container from others.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) hostname: Option<String>,
    pub(crate) boot_id: Option<String>,
    pub(crate) pid_namespace: Option<u64>,
    pub(crate) time_namespace: Option<u64>,
}

impl Host {
    /// Asks the system.
    pub(crate) fn find() -> Self {
        Self {
            hostname: unix::hostname(),
            boot_id: linux::boot_id(),
            pid_namespace: linux::namespace("pid"),
            time_namespace: linux::namespace("time"),
        }
    }
}

/// What is known of the process with that number.
pub(crate) fn process(pid: u32) -> Process {
    match unix::exists(pid) {
        None => Process::Unknown,
        Some(false) => Process::Gone,
        Some(true) => match linux::stat(pid) {
            Some(stat) if stat.has_ended => Process::Gone,
            stat => Process::Exists { started: stat.map(|stat| stat.started) },
        },
    }
}
