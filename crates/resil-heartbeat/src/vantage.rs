use std::time::Duration;

use resil_core::{Clock, MonotonicClock};

use crate::{State, Timestamp, host, linux};

/// Where and when somebody looks at a [`State`]: all that a verdict depends on besides the state itself.
///
/// ```
/// use resil_heartbeat::{Liveness, State, Timestamp, Vantage};
/// use std::time::Duration;
///
/// let second = |number| Timestamp::from_unix(Duration::from_secs(number));
/// let mut state = State::new(second(1_000));
/// (state.boot_id, state.monotonic) = (Some("a boot".into()), Some(Duration::from_secs(50)));
///
/// // An hour later by the wall clock, which was stepped, and two seconds later in fact.
/// let mut here = Vantage::at(second(4_602));
/// (here.boot_id, here.monotonic) = (Some("a boot".into()), Some(Duration::from_secs(52)));
/// assert!(state.judge(&here, Duration::from_secs(30)).is_alive());
///
/// // On another host there is only the wall clock.
/// here.boot_id = None;
/// assert!(!state.judge(&here, Duration::from_secs(30)).is_alive());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vantage {
    /// The time of the wall clock.
    pub now: Timestamp,
    /// The time since the boot, suspends included; on Linux.
    pub monotonic: Option<Duration>,
    /// What tells one boot of the system from the next; on Linux.
    pub boot_id: Option<String>,
    /// The name of the host.
    pub hostname: Option<String>,
    /// The namespace in which processes have their numbers; on Linux.
    pub pid_namespace: Option<u64>,
    /// The namespace in which the time since the boot is read; on Linux.
    pub time_namespace: Option<u64>,
    /// What is known of the process with the number that the state names.
    pub process: Process,
}

/// What is known of a process.
///
/// ```
/// use resil_heartbeat::{Heartbeat, Process, Vantage};
///
/// let state = Heartbeat::builder().start()?.state();
/// assert_ne!(Vantage::of(&state).process, Process::Gone, "it is this one");
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// Nothing.
    Unknown,
    /// There is none with that number, or it has ended and only its parent does not know yet.
    Gone,
    /// There is one with that number.
    Exists {
        /// When it began, in clock ticks since the system booted, if that is known.
        started: Option<u64>,
    },
}

impl Vantage {
    /// How far the wall clock of a writer may be ahead of the reader's: 5 s. What is further ahead is from the future.
    pub const MAX_SKEW: Duration = Duration::from_secs(5);

    /// From where nothing is known but the time: another host.
    pub const fn at(now: Timestamp) -> Self {
        Self {
            now,
            monotonic: None,
            boot_id: None,
            hostname: None,
            pid_namespace: None,
            time_namespace: None,
            process: Process::Unknown,
        }
    }

    /// From this process, now. What became of the state's process is asked only where its number is sure to mean the same here.
    pub fn of(state: &State) -> Self {
        let host = host::Host::find();
        let mut here = Self {
            now: Timestamp::from_unix(MonotonicClock.unix_time()),
            monotonic: linux::since_boot(),
            boot_id: host.boot_id,
            hostname: host.hostname,
            pid_namespace: host.pid_namespace,
            time_namespace: host.time_namespace,
            process: Process::Unknown,
        };
        if let Some(pid) = state.pid.filter(|_| here.shares_processes_with(state)) {
            here.process = host::process(pid);
        }
        here
    }

    /// Whether both count the time since the same boot.
    pub(crate) fn shares_boot_with(&self, state: &State) -> bool {
        let theirs = state.started.and_then(|started| started.time_namespace);
        let is_other = |theirs| self.time_namespace.is_some_and(|own| own != theirs);
        self.boot_id.is_some() && self.boot_id == state.boot_id && !theirs.is_some_and(is_other)
    }

    /// Whether a number means the same process to both. Containers share a boot, and perhaps a name, but not this.
    pub(crate) fn shares_processes_with(&self, state: &State) -> bool {
        let theirs = state.started.and_then(|started| started.pid_namespace);
        self.boot_id.is_some()
            && self.boot_id == state.boot_id
            && self.hostname.is_some()
            && self.hostname == state.hostname
            && self.pid_namespace.is_some()
            && self.pid_namespace == theirs
    }
}
