//! Listeners that panic, block, or call the breaker: none of them harms a caller or another listener, and the order is kept.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{Config, Event, PolicyExt, State, Subscription};

const SECOND: Duration = Duration::from_secs(1);

/// Every event that the breaker tells from now on.
fn listen(breaker: &Breaker) -> (Receiver<Event>, Subscription) {
    let (tell, told) = channel();
    (told, breaker.observe(move |event| drop(tell.send(event.clone()))))
}

fn epochs(told: impl IntoIterator<Item = Event>) -> Vec<u64> {
    let epoch = |event| if let Event::Transition(change) = event { Some(change.epoch) } else { None };
    told.into_iter().filter_map(epoch).collect()
}

#[test]
fn a_listener_that_panics_harms_neither_the_caller_nor_the_next_listener() {
    let (breaker, _) = breaker(Config::new().failure_threshold(1));
    breaker.observe(|_| panic!("by the test")).forget();
    let (told, _subscription) = listen(&breaker);
    fail(&breaker);
    breaker.reset();
    let _ = breaker.guard().expect("it is closed");
    assert_eq!(epochs(told.try_iter()), [1, 2]);
    let stats = breaker.stats();
    assert_eq!((stats.listener_panics, stats.events_lost, stats.failures), (2, 0, 1));
    breaker.reset();
    let Ok(Event::Transition(change)) = told.recv() else { panic!("it is reset") };
    assert_eq!(change.before.listener_panics, 2, "also events say how many there were");
}

#[test]
fn a_listener_that_blocks_delays_only_the_caller_who_tells_it() {
    let (breaker, _) = breaker(Config::new().failure_threshold(1));
    let (entered, inside) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let _subscription = breaker.observe({
        let (entered, inside, seen) = (Arc::clone(&entered), Arc::clone(&inside), Arc::clone(&seen));
        move |event| {
            seen.lock().expect("no panic").push(event.clone());
            if seen.lock().expect("no panic").len() == 1 {
                entered.wait();
                inside.wait();
            }
        }
    });
    thread::scope(|scope| {
        let teller = scope.spawn(|| fail(&breaker));
        entered.wait();
        // The first listener stands still; all of this goes on, also what makes events.
        for _ in 0..50 {
            breaker.reset();
            fail(&breaker);
            assert!(breaker.guard().is_err());
            assert_eq!(breaker.stats().state, State::Open);
        }
        assert!(!teller.is_finished());
        inside.wait();
    });
    let seen = seen.lock().expect("no panic");
    assert_eq!(seen.len(), 1 + 50 * 3, "what was queued is told as soon as it can be");
    assert_eq!(epochs(seen.clone()), (1..=101).collect::<Vec<_>>());
}

#[test]
fn events_beyond_the_queue_are_lost_oldest_first_and_counted() {
    let (breaker, _) = breaker(Config::new());
    let gate = Arc::new(Mutex::new(()));
    let told = Arc::new(Mutex::new(Vec::new()));
    let _subscription = breaker.observe({
        let (gate, told) = (Arc::clone(&gate), Arc::clone(&told));
        move |event| {
            told.lock().expect("no panic").push(event.clone());
            drop(gate.lock());
        }
    });
    let closed = gate.lock().expect("no panic");
    thread::scope(|scope| {
        scope.spawn(|| breaker.reset());
        while told.lock().expect("no panic").is_empty() {
            thread::yield_now();
        }
        (0..300).for_each(|_| breaker.reset());
        drop(closed);
    });
    let epochs = epochs(told.lock().expect("no panic").clone());
    assert_eq!(epochs[..2], [1, 46], "the 44 oldest of 300 did not fit into a queue of 256");
    assert_eq!((epochs.len(), epochs.last()), (257, Some(&301)));
    assert_eq!((breaker.stats().events_lost, breaker.stats().transitions), (44, 301));
}

#[test]
fn a_listener_may_call_the_breaker_in_every_way() {
    let (first, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    let breaker = Arc::new(first);
    let (told, _subscription) = listen(&breaker);
    let inner = Arc::downgrade(&breaker);
    breaker
        .observe(move |event| {
            let Some(breaker) = inner.upgrade() else { return };
            if !matches!(event, Event::Transition(change) if change.epoch == 1) {
                return;
            }
            assert_eq!((breaker.state(), breaker.stats().state), (State::Open, State::Open));
            assert!(breaker.guard().is_err() && !breaker.can_proceed());
            breaker.record_failure();
            let saved = breaker.snapshot();
            assert_eq!((breaker.restore(&saved), breaker.reconfigure(breaker.config())), (Ok(()), Ok(())));
            breaker.reset();
            succeed(&breaker);
            fail(&breaker);
            breaker.observe(|_| {}).forget();
            breaker.warm_up();
        })
        .forget();
    fail(&breaker);
    assert_eq!(epochs(told.try_iter()), [1, 2, 3, 4]);
    assert_eq!((breaker.stats().listener_panics, breaker.state()), (0, State::Open));
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!(epochs(told.try_iter()), [5, 6]);
}

#[test]
fn a_listener_may_end_its_own_subscription() {
    let (breaker, _) = breaker(Config::new());
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let heard = Arc::new(Mutex::new(0));
    let subscription = breaker.observe({
        let (own, heard) = (Arc::clone(&own), Arc::clone(&heard));
        move |_| {
            *heard.lock().expect("no panic") += 1;
            drop(own.lock().expect("no panic").take());
        }
    });
    *own.lock().expect("no panic") = Some(subscription);
    (0..3).for_each(|_| breaker.reset());
    assert_eq!(*heard.lock().expect("no panic"), 1);
    assert_eq!(Arc::strong_count(&own), 1, "what the listener held is gone with it");
}

#[test]
fn transitions_are_told_in_order_from_many_threads() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(2).reset_timeout(Duration::from_nanos(1)));
    let (told, _subscription) = listen(&breaker);
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for number in 0..8 {
            let (breaker, clock, start) = (&breaker, &clock, &start);
            scope.spawn(move || {
                start.wait();
                for call in 0..200 {
                    if (call + number) % 16 == 0 {
                        breaker.reset();
                    }
                    let _ = breaker.call(|| if call % 5 == 0 { Ok(()) } else { Err("down") });
                    clock.advance(Duration::from_nanos(1));
                }
            });
        }
    });
    let (stats, epochs) = (breaker.stats(), epochs(told.try_iter()));
    assert!(epochs.is_sorted_by(|a, b| a < b), "each later than the one before");
    assert!(stats.transitions >= 100, "{stats:?}");
    if stats.events_lost == 0 {
        assert_eq!(epochs, (1..=stats.transitions).collect::<Vec<_>>());
    }
}

#[test]
fn nobody_is_told_what_happened_before_or_after_its_subscription() {
    let (breaker, _) = breaker(Config::new());
    breaker.reset();
    let (told, subscription) = listen(&breaker);
    breaker.reset();
    drop(subscription);
    breaker.reset();
    assert_eq!(epochs(told.try_iter()), [2]);
    let (told, subscription) = listen(&breaker);
    subscription.forget();
    breaker.reset();
    assert_eq!(epochs(told.try_iter()), [4]);
}
