use std::time::Duration;

use resil_core::{Moment, Name};

use crate::vigil::Id;

/// What a pinger knows of the watchdog that it belongs to, whatever its clock is.
pub(crate) trait House: Send + Sync {
    /// The watchdog's name.
    fn name(&self) -> Name;

    /// The time.
    fn now(&self) -> Moment;

    /// How long a ward has been silent, if that is too long.
    fn starving(&self, id: Id) -> Option<Duration>;

    /// Lets a ward go.
    fn dismiss(&self, id: Id);

    /// Ends the watch.
    fn stop(&self);
}
