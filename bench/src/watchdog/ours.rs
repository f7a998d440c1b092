//! Ours.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use resil_watchdog::Watchdog;

use crate::contender::{Contender, Instance};
use crate::floor::each;
use crate::row::OURS;

/// A pinger of one thread.
pub const A_PINGER: &str = "resil, a pinger";

/// Nobody is silent for so long.
const TIMEOUT: Duration = Duration::from_secs(3_600);

fn dog() -> Arc<Watchdog> {
    Arc::new(Watchdog::new(TIMEOUT).start().expect("a thread"))
}

fn counting() -> Arc<Watchdog> {
    Arc::new(Watchdog::new(TIMEOUT).counted().start().expect("a thread"))
}

/// A contender that pings `dog`, which has to have noticed.
fn contender(name: &str, dog: &Arc<Watchdog>, ping: fn(&Watchdog)) -> Contender {
    let pinged = Arc::clone(dog);
    each(name, move || ping(&pinged)).proved(noticed(dog))
}

/// Pings by a pinger of the batch's own thread.
fn pinger(dog: &Arc<Watchdog>) -> Contender {
    let watching = Arc::clone(dog);
    let pings = move |calls| {
        let pinger = watching.pinger("worker");
        for _ in 0..calls {
            black_box(&pinger).ping();
        }
    };
    Contender::plain(A_PINGER, pings).proved(noticed(dog))
}

/// Whether the watchdog runs, and has seen that somebody is alive.
fn noticed(dog: &Arc<Watchdog>) -> impl Fn() -> Result<(), String> + Send + Sync + 'static {
    let dog = Arc::clone(dog);
    move || {
        dog.look();
        match (dog.is_running(), dog.stats().last_ping) {
            (true, Some(_)) => Ok(()),
            seen => Err(format!("noticed no ping: {seen:?}")),
        }
    }
}

/// Pings on one thread.
pub fn pings() -> Vec<Contender> {
    vec![
        contender(OURS, &dog(), Watchdog::ping),
        pinger(&dog()),
        contender("resil, counted", &counting(), Watchdog::ping),
        contender("resil, timed", &dog(), Watchdog::ping_timed),
    ]
}

/// Pings on two threads at once.
pub fn pings_of_two() -> Vec<Contender> {
    vec![
        contender(OURS, &dog(), Watchdog::ping),
        pinger(&dog()),
        contender("resil, counted", &counting(), Watchdog::ping),
    ]
}

/// Whether all are well.
pub fn check() -> Contender {
    let dog = dog();
    each(OURS, move || dog.check().expect("nobody is silent for so long"))
}

/// One watchdog, which runs.
pub fn instance((): ()) -> Option<Instance> {
    let dog = Watchdog::new(TIMEOUT).start().expect("a thread");
    dog.ping();
    Some(Instance { size: size_of::<Watchdog>(), keep: Box::new(dog) })
}
