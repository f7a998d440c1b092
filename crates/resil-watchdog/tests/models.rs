//! Models of what several threads share, under loom and shuttle: pings and looks, stops, starts, and futures that are cut off.
//!
//! Stock loom skips interleavings of the thread that built the model, so all that races runs in spawned threads, and the first one only
//! builds, joins and asserts. A wake-up that is lost shows as a deadlock. Each model names the outcomes that it has to see.
#![cfg(any(loom, shuttle))]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use resil_watchdog::sync::atomic::{AtomicBool, Ordering};
use resil_watchdog::testing::models::{Action, action, explore, race};
use resil_watchdog::{ManualClock, Watchdog};

type Dog = Watchdog<ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

/// Its monitor has looked once, and waits to be called: time stands still in a model.
fn dog() -> (Arc<Dog>, ManualClock) {
    let clock = ManualClock::new();
    let dog = Watchdog::new(4 * SECOND).clock(clock.clone()).start().expect("a thread");
    // What comes before that is of no interest.
    while dog.stats().looks == 0 {
        yield_now();
    }
    (Arc::new(dog), clock)
}

fn yield_now() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(shuttle)]
    shuttle::thread::yield_now();
}

/// One whose next look, a second from its last, finds that everybody has been silent for the timeout.
fn dog_about_to_bark() -> (Arc<Dog>, ManualClock) {
    let (dog, clock) = dog();
    for _ in 0..3 {
        clock.advance(SECOND);
        dog.look();
    }
    clock.advance(SECOND);
    (dog, clock)
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How long ago the last ping was, as it is known a second after both actions.
fn last_ping_after(dog: &Arc<Dog>, clock: &ManualClock, pings: Action<Dog, ()>) -> Duration {
    let looks = action(|dog: &Dog| dog.look());
    let _ = race(dog, vec![pings, looks]);
    clock.advance(SECOND);
    // If no look has seen it yet, the next one will.
    let last_ping = dog.stats().last_ping.expect("a ping that is lost");
    dog.stop();
    last_ping
}

/// W1. Whether the look saw it.
#[test]
fn a_ping_of_a_pinger_is_seen_by_a_look_that_races_with_it_or_by_the_next() {
    explore(&[true, false], || {
        let (dog, clock) = dog();
        let pinger = dog.pinger("worker");
        let pings = action(move |_: &Dog| {
            pinger.ping();
            // Still watched afterwards.
            std::mem::forget(pinger);
        });
        last_ping_after(&dog, &clock, pings) == SECOND
    });
}

/// W1. The same where several threads may ping. The look takes the flag by a compare-and-exchange, as loom takes an exchange apart
/// (docs/adr/0015-flags-and-exchanges.md).
#[test]
fn a_ping_of_any_thread_is_seen_by_a_look_that_races_with_it_or_by_the_next() {
    explore(&[true, false], || {
        let (dog, clock) = dog();
        last_ping_after(&dog, &clock, action(|dog: &Dog| dog.ping())) == SECOND
    });
}

/// W7. How often it has told by then.
#[test]
fn after_a_stop_nothing_is_told_any_more() {
    explore(&[0, 1], || {
        let (dog, _) = dog_about_to_bark();
        let looks = action(|dog: &Dog| {
            dog.look();
            None
        });
        let stops = action(|dog: &Dog| {
            dog.stop();
            Some(dog.fired_count())
        });
        let told = race(&dog, vec![looks, stops])[1].expect("it stops");
        assert_eq!(dog.fired_count(), told, "told after the stop");
        told
    });
}

/// W7. Which of the two has started it.
#[test]
fn of_two_who_start_it_again_one_does() {
    explore(&[[true, false], [false, true]], || {
        let (dog, _) = dog();
        dog.stop();
        let starts = || action(|dog: &Dog| dog.restart().is_ok());
        let started = race(&dog, vec![starts(), starts()]);
        assert!(dog.is_running());
        dog.stop();
        [started[0], started[1]]
    });
}

/// W5. Whether the poll saw the cut; else it is woken.
#[test]
fn a_future_that_is_cut_off_meanwhile_sees_it_or_is_woken() {
    explore(&[true, false], || {
        let (dog, clock) = dog();
        let watch = dog.watch_with(|pinger| async move {
            let _pinger = pinger;
            std::future::pending::<()>().await;
        });
        for _ in 0..3 {
            clock.advance(SECOND);
            dog.look();
        }
        clock.advance(SECOND);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let copy = Arc::clone(&flag);
        let polls = action(move |_: &Dog| {
            let mut watch = Box::pin(watch);
            let waker = Waker::from(copy);
            let is_cut =
                matches!(pin!(watch.as_mut()).poll(&mut Context::from_waker(&waker)), Poll::Ready(Err(_)));
            // Left in place, so that the look finds it whenever it comes.
            std::mem::forget(watch);
            is_cut
        });
        let looks = action(|dog: &Dog| {
            dog.look();
            false
        });
        let saw_it = race(&dog, vec![polls, looks])[0];
        // By the monitor, if that was the one who cut.
        while !saw_it && !flag.0.load(Ordering::SeqCst) {
            yield_now();
        }
        dog.stop();
        saw_it
    });
}
