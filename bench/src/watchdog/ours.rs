//! Ours.

use std::hint::black_box;
use std::sync::{Arc, Mutex};
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
fn contender(name: &str, dog: &Arc<Watchdog>, ping: impl Fn(&Watchdog) + Send + Sync + 'static) -> Contender {
    let pinged = Arc::clone(dog);
    each(name, move || ping(black_box(&pinged))).proved(noticed(dog))
}

/// Pings by a pinger.
fn pinger(dog: &Arc<Watchdog>) -> Contender {
    // One thread at a time, which is looked at once for each batch.
    let pinger = Mutex::new(dog.pinger("worker"));
    let pings = move |calls| {
        let pinger = pinger.lock().expect("no ping panics");
        for _ in 0..calls {
            black_box(&*pinger).ping();
        }
    };
    Contender::plain(A_PINGER, pings).proved(noticed(dog))
}

/// Whether the watchdog runs, and has seen that somebody is alive.
fn noticed(dog: &Arc<Watchdog>) -> impl Fn() -> Result<(), String> + Send + Sync + 'static {
    let dog = Arc::clone(dog);
    move || {
        dog.look();
        let stats = dog.stats();
        // Those of a pinger are counted; the watchdog has seen the others.
        if dog.is_running() && (stats.pings > 0 || stats.last_ping.is_some()) {
            Ok(())
        } else {
            Err(format!("noticed no ping: {stats:?}"))
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
    vec![contender(OURS, &dog(), Watchdog::ping), contender("resil, counted", &counting(), Watchdog::ping)]
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
