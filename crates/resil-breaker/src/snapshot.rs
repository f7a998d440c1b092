use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use resil_core::{Clock, Rejected};

use crate::circuit::ByHand;
use crate::config_error::MAX_SPAN;
use crate::{CircuitBreaker, State};

/// What has to survive a restart of a circuit breaker: its state, for how long, and how often it has reopened.
///
/// Times are kept by the wall clock, so that an open circuit stays open for the rest of its time in the next process. Windows and
/// counters are not kept: they describe calls of a process that is gone. With feature `serde` it is read and written in any format;
/// a checksum finds what was damaged on the way.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, State};
///
/// let before = CircuitBreaker::new("payments", Config::new());
/// before.force_open("maintenance");
/// let saved = before.snapshot();
///
/// let after = CircuitBreaker::new("payments", Config::new());
/// after.restore(&saved)?;
/// assert_eq!(after.state(), State::ForcedOpen);
/// # Ok::<_, resil_breaker::RestoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Snapshot {
    version: u32,
    state: State,
    /// Wall-clock nanoseconds since 1970 at which it was taken.
    taken_at: u64,
    /// Nanoseconds that the state still lasts, if it ends by itself.
    remaining: Option<u64>,
    attempt: u32,
    reason: Option<String>,
    checksum: u64,
}

/// Why a [`Snapshot`] was not restored; the breaker is as it was before.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, ManualClock, RestoreError};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::with_clock("payments".into(), Config::new(), clock.clone());
/// let saved = breaker.snapshot();
/// clock.advance(Duration::from_secs(48 * 3_600));
/// let error = breaker.restore(&saved).unwrap_err();
/// assert_eq!(error.to_string(), "snapshot is 172800s old, at most 86400s are allowed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// It was written by another version of the format.
    Version {
        /// The version that it has.
        found: u32,
    },
    /// Its parts do not belong together.
    Damaged,
    /// It is older than [`Snapshot::MAX_AGE`].
    TooOld {
        /// How old it is.
        age: Duration,
    },
    /// It was taken later than now, by more than [`Snapshot::MAX_SKEW`].
    FromTheFuture {
        /// By how much.
        ahead: Duration,
    },
    /// The registry has no breaker for its key and makes none.
    NoBreaker {
        /// Why not: it is full, or the key's configuration is wrong.
        refusal: Rejected,
    },
}

impl Snapshot {
    /// How old a snapshot may be: one day.
    pub const MAX_AGE: Duration = Duration::from_secs(24 * 3_600);

    /// By how much a snapshot may seem to come from the future, as machines' clocks differ: 5 s.
    pub const MAX_SKEW: Duration = Duration::from_secs(5);

    const VERSION: u32 = 1;

    /// The state that was saved.
    pub const fn state(&self) -> State {
        self.state
    }

    /// When it was taken, as the time since 1970-01-01 UTC.
    pub const fn taken_at(&self) -> Duration {
        Duration::from_nanos(self.taken_at)
    }

    /// How long the saved state still lasted, if it ends by itself.
    pub fn remaining(&self) -> Option<Duration> {
        self.remaining.map(Duration::from_nanos)
    }

    /// Whether it may be restored at wall-clock time `unix_now`.
    pub(crate) fn check(&self, unix_now: Duration) -> Result<(), RestoreError> {
        self.age_at(unix_now).map(|_| ())
    }

    /// Not sealed yet.
    fn new(state: State, taken_at: Duration, remaining: Option<Duration>) -> Self {
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self {
            version: Self::VERSION,
            state,
            taken_at: nanos(taken_at),
            remaining: remaining.map(nanos),
            attempt: 0,
            reason: None,
            checksum: 0,
        }
    }

    fn sealed(mut self) -> Self {
        self.checksum = self.sum();
        self
    }

    /// FNV-1a (Fowler, Noll, Vo) over all other fields: it finds accidents, not forgeries.
    fn sum(&self) -> u64 {
        let numbers = [
            self.version.into(),
            self.state as u64,
            self.taken_at,
            self.remaining.map_or(u64::MAX, |nanos| nanos ^ 1 << 63),
            self.attempt.into(),
            u64::from(self.reason.is_some()),
        ];
        let text = self.reason.as_deref().unwrap_or_default().bytes();
        numbers
            .into_iter()
            .flat_map(u64::to_le_bytes)
            .chain(text)
            .fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    }

    /// How old it is at wall-clock time `unix_now`, if it may be restored then.
    fn age_at(&self, unix_now: Duration) -> Result<Duration, RestoreError> {
        if self.version != Self::VERSION {
            return Err(RestoreError::Version { found: self.version });
        }
        let nonsense = self.remaining() > Some(MAX_SPAN)
            || self.state == State::HalfOpen
            || self.state == State::Open && self.remaining.is_none()
            || self.state == State::Closed && (self.remaining.is_some() || self.reason.is_some());
        if self.checksum != self.sum() || nonsense {
            return Err(RestoreError::Damaged);
        }
        let taken_at = self.taken_at();
        let ahead = taken_at.saturating_sub(unix_now);
        if ahead > Self::MAX_SKEW {
            return Err(RestoreError::FromTheFuture { ahead });
        }
        let age = unix_now.saturating_sub(taken_at);
        if age > Self::MAX_AGE { Err(RestoreError::TooOld { age }) } else { Ok(age) }
    }
}

impl<C: Clock> CircuitBreaker<C> {
    /// What has to survive a restart. Changes nothing.
    ///
    /// A half-open circuit is saved as an open one whose time is over: the next process probes anew.
    pub fn snapshot(&self) -> Snapshot {
        let unix_now = self.clock().unix_time();
        let saved = self.with_circuit(|circuit, now| {
            let (state, until, reason) = match (circuit.effective_state(now), circuit.by_hand()) {
                (State::Closed, _) => (State::Closed, None, None),
                (State::Open | State::HalfOpen, _) => (State::Open, Some(circuit.refuses_until(now)), None),
                (state, by_hand) => {
                    let reason = by_hand.map(|by_hand| by_hand.reason.clone().into_owned());
                    (state, by_hand.and_then(|by_hand| by_hand.until), reason)
                }
            };
            let attempt = if state == State::Closed { 0 } else { circuit.effective_attempt(now) };
            let rest = until.map(|until| until.saturating_duration_since(now).min(MAX_SPAN));
            Snapshot { attempt, reason, ..Snapshot::new(state, unix_now, rest) }
        });
        saved.unwrap_or_else(|| Snapshot::new(State::Closed, unix_now, None)).sealed()
    }

    /// Takes up the state of a snapshot, less the wall-clock time that has passed since; a new epoch with the cause
    /// [`Restored`](crate::Cause::Restored).
    ///
    /// # Errors
    /// If the snapshot is old, from the future or damaged. The breaker is then as it was, so a new one starts closed.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), RestoreError> {
        let age = snapshot.age_at(self.clock().unix_time())?;
        let reason = Cow::Owned(snapshot.reason.clone().unwrap_or_default());
        self.locked(|circuit, now| {
            let until = snapshot.remaining().map(|rest| now.saturating_add(rest.saturating_sub(age)));
            circuit.restore(snapshot.state, snapshot.attempt, ByHand { reason, until }, now);
        });
        Ok(())
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found } => {
                write!(f, "snapshot has version {found}, expected {}", Snapshot::VERSION)
            }
            Self::Damaged => f.write_str("snapshot is damaged"),
            Self::NoBreaker { refusal } => write!(f, "no breaker for the snapshot, {refusal}"),
            Self::TooOld { age } => {
                let (age, allowed) = (age.as_secs(), Snapshot::MAX_AGE.as_secs());
                write!(f, "snapshot is {age}s old, at most {allowed}s are allowed")
            }
            Self::FromTheFuture { ahead } => {
                let (ahead, allowed) = (ahead.as_secs(), Snapshot::MAX_SKEW.as_secs());
                write!(f, "snapshot is {ahead}s from the future, at most {allowed}s are allowed")
            }
        }
    }
}

impl std::error::Error for RestoreError {}
