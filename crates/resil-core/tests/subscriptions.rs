//! Subscriptions: who hears what from when to when, and what is kept in memory for it.
#![cfg(not(any(loom, shuttle)))]

mod listening;

use std::sync::{Arc, Mutex};

use listening::{emit, listen};
use resil_core::{Observers, Subscription};

#[test]
fn a_subscription_may_be_dropped_inside_its_own_listener() {
    let observers = Observers::new();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let calls = Arc::new(Mutex::new(0));
    let subscription = observers.observe({
        let (own, calls) = (Arc::clone(&own), Arc::clone(&calls));
        move |_: &u32| {
            *calls.lock().unwrap() += 1;
            drop(own.lock().unwrap().take());
        }
    });
    *own.lock().unwrap() = Some(subscription);
    let (heard, _heard) = listen(&observers);
    emit(&observers, 1);
    emit(&observers, 2);
    assert_eq!(*calls.lock().unwrap(), 1);
    assert_eq!(*heard.lock().unwrap(), [1, 2]);
}

#[test]
fn a_listener_that_goes_hears_nothing_more_not_even_what_is_queued() {
    let observers = Observers::new();
    let (stays, _stays) = listen(&observers);
    let (goes, subscription) = listen(&observers);
    emit(&observers, 1);
    observers.enqueue(2);
    drop(subscription);
    emit(&observers, 3);
    assert_eq!((&*goes.lock().unwrap(), &*stays.lock().unwrap()), (&vec![1], &vec![1, 2, 3]));
}

#[test]
fn a_listener_hears_only_what_is_enqueued_after_it_came() {
    let observers = Observers::new();
    let (first, _first) = listen(&observers);
    observers.enqueue(1);
    let (second, _second) = listen(&observers);
    observers.enqueue(2);
    observers.deliver();
    assert_eq!((&*first.lock().unwrap(), &*second.lock().unwrap()), (&vec![1, 2], &vec![2]));

    (0..300).for_each(|event| observers.enqueue(event));
    let (third, _third) = listen(&observers);
    observers.enqueue(300);
    observers.deliver();
    assert_eq!(*third.lock().unwrap(), [300]);
}

#[test]
fn a_listener_may_bring_another() {
    let observers: Arc<Observers<u32>> = Arc::default();
    let brought = Arc::new(Mutex::new(Vec::new()));
    let weak = Arc::downgrade(&observers);
    let _brings = observers.observe({
        let brought = Arc::clone(&brought);
        move |_| brought.lock().unwrap().push(listen(&weak.upgrade().unwrap()))
    });
    emit(&observers, 1);
    emit(&observers, 2);
    let brought = std::mem::take(&mut *brought.lock().unwrap());
    let heard: Vec<_> = brought.iter().map(|(heard, _)| heard.lock().unwrap().clone()).collect();
    assert_eq!(heard, [vec![2], vec![]]);
}

#[test]
fn nothing_is_queued_while_nobody_listens() {
    let observers = Observers::new();
    let event = Arc::new(());
    assert!(!observers.is_observed());
    observers.enqueue(Arc::clone(&event));
    assert_eq!(Arc::strong_count(&event), 1, "nobody ever listened");

    let subscription = observers.observe(|_| {});
    assert!(observers.is_observed());
    observers.enqueue(Arc::clone(&event));
    assert_eq!(Arc::strong_count(&event), 2);
    drop(subscription);
    assert!(!observers.is_observed());
    assert_eq!(Arc::strong_count(&event), 1, "the last listener has left");
    observers.enqueue(Arc::clone(&event));
    assert_eq!(Arc::strong_count(&event), 1);
    observers.deliver();
    assert_eq!((observers.events_lost(), observers.listener_panics()), (0, 0));
}

#[test]
fn a_subscription_may_outlive_its_handle() {
    let observers = Observers::new();
    let (heard, subscription) = listen(&observers);
    emit(&observers, 1);
    drop(observers);
    assert_eq!(Arc::strong_count(&heard), 1, "the listener is gone");
    drop(subscription);
}

#[test]
fn a_listener_that_owns_its_subscription_is_freed_with_the_handle() {
    let observers = Observers::<u32>::new();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let subscription = observers.observe({
        let own = Arc::clone(&own);
        move |_| drop(own.lock().unwrap().take())
    });
    *own.lock().unwrap() = Some(subscription);
    drop(observers);
    assert_eq!(Arc::strong_count(&own), 1);
}

#[test]
fn a_forgotten_subscription_keeps_its_listener_as_long_as_the_handle() {
    let observers = Observers::new();
    let (heard, subscription) = listen(&observers);
    subscription.forget();
    emit(&observers, 1);
    assert_eq!(*heard.lock().unwrap(), [1]);
    drop(observers);
    assert_eq!(Arc::strong_count(&heard), 1);
}

#[test]
fn a_subscription_can_stand_for_several() {
    let (one, two) = (Observers::<u32>::new(), Observers::<u32>::new());
    let both = || {
        let subscriptions = [one.observe(|_| {}), two.observe(|_| {})];
        Subscription::new(move || drop(subscriptions))
    };
    let all = both();
    assert!(one.is_observed() && two.is_observed());
    drop(all);
    assert!(!one.is_observed() && !two.is_observed());
}
