use std::path::{Path, PathBuf};
use std::time::Duration;

use resil_core::sync::{Mutex, lock};

use crate::grace::Grace;
use crate::{Liveness, ReadError, State, contents, linux};

/// Reads the file of a heartbeat, kstlib's or this crate's.
///
/// It never waits and never reads more than 64 KiB, whatever is at that path, and whatever is in it is a state or an error.
///
/// ```
/// use resil_heartbeat::{Heartbeat, read};
///
/// let path = std::env::temp_dir().join("resil-doc-read/app.heartbeat");
/// let heartbeat = Heartbeat::to_file(&path).metadata("version", "1.4").start()?;
/// let state = read(&path).unwrap();
/// assert_eq!(state.pid, Some(std::process::id()));
/// assert_eq!(state.metadata.get::<String>("version").as_deref(), Some("1.4"));
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<State, ReadError> {
    let path = path.as_ref();
    State::from_bytes(&contents::read(path)?).map_err(|why| ReadError::Corrupt { path: path.to_owned(), why })
}

/// What becomes of the process whose heartbeat's file that is, if its last beat may be `max_age` old.
///
/// There is a verdict on whatever is at that path. After a suspend of the system, a process that lives may be called stale until its
/// next beat; a [`Reader`] knows better.
///
/// ```
/// use resil_heartbeat::{Heartbeat, liveness};
/// use std::time::Duration;
///
/// let path = std::env::temp_dir().join("resil-doc-liveness/app.heartbeat");
/// let heartbeat = Heartbeat::to_file(&path).start()?;
/// assert!(liveness(&path, Duration::from_secs(60)).is_alive());
/// drop(heartbeat);
/// assert!(liveness(&path, Duration::from_secs(60)).is_stopped());
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
pub fn liveness(path: impl AsRef<Path>, max_age: Duration) -> Liveness {
    judge(read(path), Some(max_age)).0
}

/// Whether the process lives whose heartbeat's file that is: whether its last beat is no older than three of its own intervals, or 30 s
/// where it names none.
///
/// ```
/// assert!(!resil_heartbeat::is_alive("/run/no/such.heartbeat"));
/// ```
pub fn is_alive(path: impl AsRef<Path>) -> bool {
    judge(read(path), None).0.is_alive()
}

/// Whether the process lives whose heartbeat's file that is, if its last beat may be `max_age` old.
///
/// ```
/// use std::time::Duration;
/// assert!(!resil_heartbeat::is_alive_within("/run/no/such.heartbeat", Duration::from_secs(30)));
/// ```
pub fn is_alive_within(path: impl AsRef<Path>, max_age: Duration) -> bool {
    liveness(path, max_age).is_alive()
}

fn judge(read: Result<State, ReadError>, max_age: Option<Duration>) -> (Liveness, Option<State>) {
    match read {
        Ok(state) => (state.liveness(max_age.unwrap_or_else(|| state.max_age())), Some(state)),
        Err(error) => (Liveness::of_error(&error), None),
    }
}

/// Looks at the file of a heartbeat again and again, as a supervisor does, and remembers enough to be patient after a suspend.
///
/// When the system wakes up, whoever looks first may find a file whose writer has not had the time to beat. So where a suspend shows
/// in the clocks, a file that was not stale before has one interval more before it is called that. That can be seen on Linux.
///
/// ```
/// use resil_heartbeat::{Heartbeat, Reader};
/// use std::time::Duration;
///
/// let path = std::env::temp_dir().join("resil-doc-reader/app.heartbeat");
/// let heartbeat = Heartbeat::to_file(&path).start()?;
///
/// let reader = Reader::new(&path).max_age(Duration::from_secs(60));
/// let liveness = reader.check(); // now and then
/// assert!(liveness.is_alive(), "{liveness}");
/// assert_eq!(reader.last().unwrap().instance, heartbeat.state().instance);
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    max_age: Option<Duration>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    grace: Grace,
    last: Option<State>,
}

impl Reader {
    /// For the file at `path`, which may be as old as three of its own intervals, or 30 s where it names none.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), max_age: None, memory: Mutex::default() }
    }

    /// How old the last beat may be, in place of what the file says.
    #[must_use = "the reader is taken and returned"]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age: Some(max_age), ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file, and judges it. There is a verdict on whatever is there.
    pub fn check(&self) -> Liveness {
        let (found, state) = judge(read(&self.path), self.max_age);
        let interval = |state: &State| state.interval.or(self.max_age).unwrap_or_else(|| state.max_age());
        let interval = state.as_ref().map(interval).unwrap_or_default();
        let mut memory = lock(&self.memory);
        if state.is_some() {
            memory.last = state;
        }
        memory.grace.weigh(found, interval, linux::clocks())
    }

    /// The last state that it could read.
    pub fn last(&self) -> Option<State> {
        lock(&self.memory).last.clone()
    }
}
