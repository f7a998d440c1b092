//! A timer on the manual clock that tells what it was asked for, once.

use std::cell::Cell;
use std::rc::Rc;

use resil_ratelimit::{ManualClock, Moment, Timer};

/// The instant of the last sleep.
pub(crate) type Told = Rc<Cell<Option<Moment>>>;

pub(crate) struct Alarm {
    clock: ManualClock,
    told: Told,
}

impl Alarm {
    pub(crate) fn on(clock: &ManualClock) -> (Self, Told) {
        let told = Told::default();
        (Self { clock: clock.clone(), told: Rc::clone(&told) }, told)
    }
}

impl Timer for Alarm {
    type Sleep = <ManualClock as Timer>::Sleep;

    fn sleep_until(&self, at: Moment) -> Self::Sleep {
        assert_eq!(self.told.replace(Some(at)), None, "one wait sleeps once");
        self.clock.sleep_until(at)
    }
}
