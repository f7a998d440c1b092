use std::fmt;
use std::sync::{Arc, Weak};

use resil_core::seeded_bug;
use resil_core::sync::{Mutex, lock};

use crate::HeartbeatError;
use crate::shared::Beats;

/// Stops a heartbeat from wherever its handle is not: from its own callbacks, a signal's thread, another part of the program.
///
/// Clones stop the same heartbeat. It keeps nothing alive, and does nothing once the heartbeat is gone.
///
/// ```
/// use resil_heartbeat::{Heartbeat, HeartbeatError};
/// use std::io;
///
/// let builder = Heartbeat::builder();
/// let stopper = builder.stopper();
/// let heartbeat = builder
///     .target(|| true)
///     .on_target_dead(move || stopper.stop().expect("there is no file that could fail"))
///     .start()?;
/// while heartbeat.is_running() {
///     std::thread::yield_now();
/// }
/// assert!(matches!(heartbeat.beat_now(), Err(HeartbeatError::Stopped)));
/// # Ok::<_, HeartbeatError>(())
/// ```
#[derive(Clone)]
pub struct Stopper(Arc<Mutex<Bond>>);

/// To what it is tied.
enum Bond {
    /// To a heartbeat that has not begun.
    ToCome,
    /// To one that has not begun, and will not.
    Refused,
    Tied(Weak<dyn Beats>),
}

impl Stopper {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Bond::ToCome)))
    }

    /// Stops the heartbeat, as [`Heartbeat::stop`](crate::Heartbeat::stop) does. One that has not begun will not: its start is an error.
    pub fn stop(&self) -> Result<(), HeartbeatError> {
        let mut bond = lock(&self.0);
        let heartbeat = match &*bond {
            Bond::Tied(heartbeat) => heartbeat.upgrade(),
            Bond::ToCome | Bond::Refused => {
                *bond = Bond::Refused;
                None
            }
        };
        drop(bond);
        heartbeat.map_or(Ok(()), |heartbeat| heartbeat.stop())
    }

    /// Ties it to a heartbeat that begins; an error if somebody has asked for its end already.
    pub(crate) fn tie(&self, heartbeat: Weak<dyn Beats>) -> Result<(), HeartbeatError> {
        let mut bond = lock(&self.0);
        if matches!(&*bond, Bond::ToCome) {
            seeded_bug!("stopper_tied_in_two_steps" => {
                drop(bond);
                bond = lock(&self.0);
            });
            *bond = Bond::Tied(heartbeat);
            return Ok(());
        }
        Err(HeartbeatError::Stopped)
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopper").finish_non_exhaustive()
    }
}
