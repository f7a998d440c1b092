//! Listeners: their order, and that they harm neither each other nor the caller who delivers.
#![cfg(not(any(loom, shuttle)))]

mod listening;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use listening::{emit, listen};
use resil_core::{Observers, Subscription};

/// Unwinds without the message that a panic prints.
fn quiet_panic() {
    resume_unwind(Box::new("of the listener"));
}

#[test]
fn every_listener_hears_every_event_in_order() {
    let observers = Observers::default();
    let (one, subscription) = listen(&observers);
    let (two, _two) = listen(&observers);
    (1..=3).for_each(|event| emit(&observers, event));
    (4..=6).for_each(|event| observers.enqueue(event));
    observers.deliver();
    for heard in [one, two] {
        assert_eq!(*heard.lock().unwrap(), [1, 2, 3, 4, 5, 6]);
    }
    assert_eq!((observers.events_lost(), observers.listener_panics()), (0, 0));
    assert_eq!(format!("{observers:?} {subscription:?}"), "Observers { .. } Subscription { .. }");
}

#[test]
fn a_policy_can_see_whether_anybody_listens() {
    let observers = Observers::<u32>::default();
    assert!(!observers.is_observed(), "nobody has ever listened");
    let (_, one) = listen(&observers);
    let (_, two) = listen(&observers);
    assert!(observers.is_observed());
    drop(one);
    assert!(observers.is_observed(), "there is one left");
    drop(two);
    assert!(!observers.is_observed());
}

#[test]
fn who_comes_while_events_wait_hears_the_later_ones_only() {
    let observers = Observers::new();
    let (early, _early) = listen(&observers);
    (1..=2).for_each(|event| observers.enqueue(event));
    let (late, _late) = listen(&observers);
    (3..=4).for_each(|event| observers.enqueue(event));
    let (last, _last) = listen(&observers);
    observers.deliver();
    emit(&observers, 5);
    let heard = [early, late, last].map(|heard| heard.lock().unwrap().clone());
    assert_eq!(heard, [vec![1, 2, 3, 4, 5], vec![3, 4, 5], vec![5]]);
}

#[test]
fn a_subscription_that_is_forgotten_goes_on_for_ever() {
    let observers = Observers::new();
    let (heard, forgotten) = listen(&observers);
    forgotten.forget();
    emit(&observers, 1);
    assert_eq!(*heard.lock().unwrap(), [1]);
}

#[test]
fn a_listener_that_panics_is_counted_and_harms_nobody() {
    let observers = Observers::new();
    let (before, _before) = listen(&observers);
    let _panics = observers.observe(|_: &u32| quiet_panic());
    let (after, _after) = listen(&observers);
    emit(&observers, 1);
    emit(&observers, 2);
    assert_eq!((&*before.lock().unwrap(), &*after.lock().unwrap()), (&vec![1, 2], &vec![1, 2]));
    assert_eq!(observers.listener_panics(), 2);
}

#[test]
fn a_panic_whose_payload_panics_when_it_is_dropped_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }
    let observers = Observers::new();
    let _panics = observers.observe(|_: &u32| panic_any(Bomb));
    let (heard, _heard) = listen(&observers);
    emit(&observers, 1);
    emit(&observers, 2);
    assert_eq!(*heard.lock().unwrap(), [1, 2]);
    assert_eq!(observers.listener_panics(), 2);
}

#[test]
fn a_listener_that_panics_while_the_caller_unwinds_harms_nobody() {
    struct Emitting<'a>(&'a Observers<u32>);
    impl Drop for Emitting<'_> {
        fn drop(&mut self) {
            emit(self.0, 1);
        }
    }
    let observers = Observers::new();
    let _panics = observers.observe(|_: &u32| quiet_panic());
    let (heard, _heard) = listen(&observers);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _emitting = Emitting(&observers);
        resume_unwind(Box::new("of the caller"));
    }));
    assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"of the caller"));
    assert_eq!((heard.lock().unwrap().as_slice(), observers.listener_panics()), (&[1][..], 1));
}

/// Panics when it is dropped as the last of its kind.
#[derive(Clone)]
struct Fragile(#[expect(dead_code, reason = "owned for its drop")] Arc<Shard>);

struct Shard;

impl Drop for Shard {
    fn drop(&mut self) {
        quiet_panic();
    }
}

#[test]
fn an_event_that_panics_when_it_is_dropped_harms_nobody() {
    let observers = Observers::new();
    let heard = Arc::new(Mutex::new(0));
    let count = Arc::clone(&heard);
    let _counts = observers.observe(move |_: &Fragile| *count.lock().unwrap() += 1);
    emit(&observers, Fragile(Arc::new(Shard)));
    emit(&observers, Fragile(Arc::new(Shard)));
    assert_eq!((*heard.lock().unwrap(), observers.listener_panics()), (2, 2));
}

#[test]
fn a_listener_that_is_dropped_in_mid_delivery_and_panics_harms_nobody() {
    let observers = Observers::new();
    let doomed: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let _remover = observers.observe({
        let doomed = Arc::clone(&doomed);
        move |_: &u32| drop(doomed.lock().unwrap().take())
    });
    let fragile = Fragile(Arc::new(Shard));
    *doomed.lock().unwrap() = Some(observers.observe(move |_| drop(fragile.clone())));
    let (heard, _heard) = listen(&observers);
    emit(&observers, 1);
    emit(&observers, 2);
    assert_eq!((heard.lock().unwrap().as_slice(), observers.listener_panics()), (&[1, 2][..], 1));
}

#[test]
fn a_listener_that_blocks_delays_only_who_delivers() {
    let observers = Observers::new();
    let (to_test, entered) = sync_channel(0);
    let (to_listener, let_go) = sync_channel(0);
    let let_go = Mutex::new(let_go);
    let _blocks = observers.observe(move |event: &u32| {
        if *event == 1 {
            to_test.send(()).unwrap();
            let_go.lock().unwrap().recv().unwrap();
        }
    });
    let heard = Arc::new(Mutex::new(Vec::new()));
    let _heard = observers.observe({
        let heard = Arc::clone(&heard);
        move |event: &u32| heard.lock().unwrap().push((*event, thread::current().id()))
    });
    thread::scope(|scope| {
        let deliverer = scope.spawn(|| {
            emit(&observers, 1);
            thread::current().id()
        });
        entered.recv().unwrap();
        (2..=4).for_each(|event| emit(&observers, event));
        assert_eq!(*heard.lock().unwrap(), []);
        to_listener.send(()).unwrap();
        let deliverer = deliverer.join().unwrap();
        assert_eq!(*heard.lock().unwrap(), [1, 2, 3, 4].map(|event| (event, deliverer)));
    });
}

#[test]
fn a_listener_that_makes_events_itself_hears_them_later_and_in_order() {
    let observers: Arc<Observers<u32>> = Arc::default();
    let (heard, _heard) = listen(&observers);
    let weak = Arc::downgrade(&observers);
    let _echo = observers.observe(move |event| {
        if *event < 10 {
            let observers = weak.upgrade().unwrap();
            emit(&observers, event * 10);
            emit(&observers, event * 10 + 1);
        }
    });
    let (last, _last) = listen(&observers);
    emit(&observers, 1);
    emit(&observers, 2);
    for heard in [heard, last] {
        assert_eq!(*heard.lock().unwrap(), [1, 10, 11, 2, 20, 21]);
    }
}

#[test]
fn a_listener_that_answers_every_event_with_another_keeps_no_caller_for_ever() {
    let observers: Arc<Observers<u32>> = Arc::default();
    let weak = Arc::downgrade(&observers);
    let _echo = observers.observe(move |event| emit(&weak.upgrade().unwrap(), event + 1));
    let (heard, _heard) = listen(&observers);
    emit(&observers, 1);
    assert_eq!(heard.lock().unwrap().len(), 1_024);
    observers.deliver();
    assert!(heard.lock().unwrap().iter().copied().eq(1..=2_048), "what was left goes out first");
}

#[test]
fn when_too_many_events_wait_the_oldest_are_lost_and_counted() {
    let observers = Observers::new();
    let (heard, _heard) = listen(&observers);
    (0..300).for_each(|event| observers.enqueue(event));
    assert_eq!(observers.events_lost(), 44);
    observers.deliver();
    assert!(heard.lock().unwrap().iter().copied().eq(44..300));
    emit(&observers, 300);
    assert_eq!(observers.events_lost(), 44);
}

#[test]
fn what_many_threads_enqueue_under_a_lock_is_heard_in_that_order_or_counted_as_lost() {
    const THREADS: u64 = 4;
    const EACH: u64 = 2_000;
    let observers = Observers::new();
    let (heard, _heard) = listen(&observers);
    let (policy, together) = (Mutex::new(0), Barrier::new(4));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                together.wait();
                for _ in 0..EACH {
                    let mut last = policy.lock().unwrap();
                    *last += 1;
                    observers.enqueue(*last);
                    drop(last);
                    observers.deliver();
                }
            });
        }
    });
    observers.deliver();
    let heard = heard.lock().unwrap();
    assert!(heard.is_sorted_by(|a, b| a < b));
    assert_eq!(heard.len() as u64 + observers.events_lost(), THREADS * EACH);
}
