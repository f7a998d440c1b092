//! The tickets of a heartbeat.

use std::sync::Arc;
use std::time::Duration;

use resil_core::Moment;
use resil_core::background::Bell;
use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::sync::{Mutex, lock};

use crate::Worker;
use crate::gate::{Gate, Reading};

/// Which workers are watched, shared by the heartbeat and their tickets.
pub(crate) struct Board {
    gate: Mutex<Gate<Meter>>,
    bell: Bell,
}

/// How often a worker has advanced, times two, plus one while it waits for work.
pub(crate) type Meter = Arc<AtomicU64>;

/// One step on a [`Meter`].
pub(crate) const ADVANCE: u64 = 2;
/// Set in a [`Meter`] while its worker waits for work.
pub(crate) const PAUSED: u64 = 1;

/// How many workers a beat lists.
const LISTED: usize = 64;

impl Board {
    pub(crate) fn new(bell: Bell) -> Arc<Self> {
        Arc::new(Self { gate: Mutex::new(Gate::new()), bell })
    }

    /// Watches one more; its number.
    pub(crate) fn enter(&self, name: String, limit: Duration, meter: &Meter, now: Moment) -> u64 {
        let number = lock(&self.gate).enter(name, limit, Arc::clone(meter), now);
        // Its limit may end before the next tick.
        self.bell.ring();
        number
    }

    pub(crate) fn leave(&self, number: u64) {
        let meter = lock(&self.gate).leave(number);
        drop(meter);
        self.bell.ring();
    }

    /// Looks at all of them; whether one stands still.
    pub(crate) fn look(&self, now: Moment) -> bool {
        let mut gate = lock(&self.gate);
        gate.look(now, read);
        gate.stalled() > 0
    }

    /// When somebody has to look again.
    pub(crate) fn next_look(&self) -> Option<Moment> {
        lock(&self.gate).next_look()
    }

    /// Looks at all of them, and tells how they are.
    pub(crate) fn report(&self, now: Moment) -> (bool, Vec<Worker>) {
        let mut gate = lock(&self.gate);
        gate.look(now, read);
        (gate.stalled() > 0, gate.workers(now, LISTED))
    }

    /// How many are watched, and how many of them stood still at the last look.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let gate = lock(&self.gate);
        (gate.len(), gate.stalled())
    }
}

fn read(meter: &Meter) -> Reading {
    let word = meter.load(Ordering::Relaxed);
    Reading { advances: word / ADVANCE, is_paused: word & PAUSED != 0 }
}
