//! Ours.

use std::sync::Arc;
use std::time::Duration;

use resil_heartbeat::{Builder, Heartbeat, Liveness, liveness};

use crate::contender::{Contender, Instance};
use crate::floor::each;
use crate::heartbeat::place::Place;
use crate::row::OURS;

/// No beat comes by itself.
const INTERVAL: Duration = Duration::from_secs(3_600);

fn beating(place: &Place, set: fn(Builder) -> Builder) -> Heartbeat {
    set(Heartbeat::to_file(place.file()).interval(INTERVAL)).start().expect("a file and a thread")
}

fn contender(name: &str, set: fn(Builder) -> Builder) -> Contender {
    let place = Place::new();
    let heartbeat = Arc::new(beating(&place, set));
    let beats = Arc::clone(&heartbeat);
    each(name, move || beats.beat_now().expect("a disk")).proved(move || {
        match (heartbeat.stats().beats, liveness(place.file(), INTERVAL)) {
            (2.., Liveness::Alive { .. }) => Ok(()),
            seen => Err(format!("has not beaten: {seen:?}")),
        }
    })
}

/// Beats.
pub fn beats() -> Vec<Contender> {
    vec![contender(OURS, |builder| builder), contender("resil, fsynced", |builder| builder.fsync(true))]
}

/// A look at a file.
pub fn look() -> Contender {
    let place = Place::new();
    let heartbeat = beating(&place, |builder| builder);
    let file = place.file();
    each(OURS, move || {
        assert!(liveness(&file, INTERVAL).is_alive(), "{heartbeat:?} in {place:?}");
    })
}

/// A step of a worker.
pub fn advance() -> Contender {
    let heartbeat = Heartbeat::builder().interval(INTERVAL).start().expect("a thread");
    let progress = heartbeat.progress("worker");
    each(OURS, move || progress.advance())
}

/// One heartbeat, which runs.
pub fn instance((): ()) -> Option<Instance> {
    let heartbeat = Heartbeat::builder().interval(INTERVAL).start().expect("a thread");
    Some(Instance { size: size_of::<Heartbeat>(), keep: Box::new(heartbeat) })
}
