//! What a registry tells of its keys: events, reports and snapshots of all of them.
#![cfg(not(any(loom, shuttle)))]

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use resil_breaker::{
    CircuitBreakers, Clock, Config, KeyedNews, ManualClock, Name, Overflow, PolicyExt, Reason, RestoreError,
    Snapshot, State, Subscription,
};

type Registry = CircuitBreakers<String, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);
const ONE: Config = Config::new().failure_threshold(1).reset_timeout(Duration::from_secs(60));

fn registry() -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let registry = Registry::try_with_clock(Name::new("providers"), ONE, clock.clone()).expect("in range");
    (registry.with_labels(|key| vec![("vendor", key.to_uppercase())]), clock)
}

fn open(registry: &Registry, key: &str) {
    let _ = registry.get(key).call(|| Err::<(), _>("down"));
}

/// Everything that the registry tells from now on, a line each.
fn listen(registry: &Registry) -> (Receiver<String>, Subscription) {
    let (tell, told) = channel();
    let subscription = registry.observe(move |event| {
        let labels: Vec<_> = event.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let news = match event.news {
            KeyedNews::Present(state) => format!("is {state}"),
            KeyedNews::Event(event) => event.to_string(),
            _ => "something else".to_owned(),
        };
        drop(tell.send(format!("{} [{}] {news}", event.key, labels.join(" "))));
    });
    (told, subscription)
}

fn lines(told: &Receiver<String>) -> Vec<String> {
    let mut lines: Vec<_> = told.try_iter().collect();
    lines.sort();
    lines
}

#[test]
fn a_listener_hears_the_present_states_and_then_of_present_and_future_keys() {
    let (providers, _) = registry();
    open(&providers, "a");
    let _ = providers.get("b");
    let (told, _subscription) = listen(&providers);
    assert_eq!(lines(&told), ["a [vendor=A] is open", "b [vendor=B] is closed"]);
    open(&providers, "b");
    providers.get("a").expect("it is there").reset();
    open(&providers, "c");
    assert_eq!(
        lines(&told),
        [
            "a [vendor=A] providers: open -> closed, reset by hand",
            "b [vendor=B] providers: closed -> open, failure threshold reached",
            "c [vendor=C] is closed",
            "c [vendor=C] providers: closed -> open, failure threshold reached",
        ]
    );
}

#[test]
fn a_subscription_ends_for_present_and_future_keys() {
    let (providers, _) = registry();
    let _ = providers.get("a");
    let ((first, ends), (second, _stays)) = (listen(&providers), listen(&providers));
    assert_eq!((lines(&first).len(), lines(&second).len()), (1, 1));
    drop(ends);
    open(&providers, "a");
    open(&providers, "b");
    assert_eq!((lines(&first).len(), lines(&second).len()), (0, 3));
}

#[test]
fn a_forgotten_subscription_lasts_as_long_as_the_registry() {
    let (providers, _) = registry();
    let (told, subscription) = listen(&providers);
    subscription.forget();
    open(&providers, "a");
    assert_eq!(lines(&told).len(), 2);
    drop(providers);
    assert!(told.recv().is_err(), "the listener went with it");
}

#[test]
fn a_subscription_may_outlive_its_registry() {
    let (providers, _) = registry();
    let (told, subscription) = listen(&providers);
    let held = providers.get("a").expect("room");
    drop(providers);
    let _ = held.call(|| Err::<(), _>("down"));
    drop(subscription);
    held.reset();
    assert!(told.try_iter().count() <= 2);
}

#[test]
fn a_listener_that_is_bounded_later_ends_as_well() {
    let (providers, _) = registry();
    let (told, subscription) = listen(&providers);
    let providers = providers.with_capacity(10).expect("in range");
    open(&providers, "a");
    assert_eq!(lines(&told).len(), 2);
    drop(subscription);
    open(&providers, "b");
    providers.get("a").expect("it is there").reset();
    assert_eq!(lines(&told), [""; 0]);
}

#[test]
fn keys_that_are_pushed_out_or_removed_leave_nothing_behind() {
    let (providers, _) = registry();
    let providers = providers.with_capacity(8).expect("in range");
    let witness = Arc::new(());
    let held = Arc::clone(&witness);
    let subscription = providers.observe(move |_| drop(Arc::clone(&held)));
    let breakers: Vec<_> = (0..1_000)
        .map(|key| Arc::downgrade(&providers.get(&format!("key {key}")).expect("idle ones make room")))
        .collect();
    let kept = breakers.iter().filter(|breaker| breaker.strong_count() > 0).count();
    assert_eq!(kept, 8, "the breakers of keys that were pushed out are gone");
    open(&providers, "busy");
    let busy = Arc::downgrade(&providers.remove("busy").expect("it is there"));
    assert_eq!(busy.strong_count(), 0, "and that of a removed key");
    drop(subscription);
    assert_eq!(Arc::strong_count(&witness), 1, "no key keeps a listener that has gone");
}

#[test]
fn a_listener_that_panics_harms_neither_the_caller_nor_the_next_listener() {
    let (providers, _) = registry();
    let _ = providers.get("a");
    let fragile = providers.observe(|_| panic!("by the test"));
    let (told, _subscription) = listen(&providers);
    open(&providers, "a");
    open(&providers, "b");
    drop(fragile);
    open(&providers, "c");
    assert_eq!(lines(&told).len(), 1 + 1 + 2 + 2);
    let panics: u64 = providers.report().iter().map(|report| report.stats.listener_panics).sum();
    assert_eq!(panics, 2, "of the two transitions");
    assert_eq!(providers.stats().listener_panics, 2, "of the two present states");
}

#[test]
fn a_listener_may_call_the_registry_in_every_way() {
    let (providers, _) = registry();
    let providers = Arc::new(providers);
    let _ = providers.get("a");
    let inner = Arc::downgrade(&providers);
    let (told, _subscription) = listen(&providers);
    let _caller = providers.observe(move |event| {
        let Some(registry) = inner.upgrade() else { return };
        if matches!(event.news, KeyedNews::Event(_)) && event.key == "a" {
            open(&registry, "made by a listener");
            assert_eq!(registry.reconfigure(registry.config()), Ok(()));
            assert!(!registry.report().is_empty() && !registry.snapshot_all().is_empty());
            drop(registry.observe(|_| {}));
            registry.remove("made by a listener");
        }
    });
    open(&providers, "a");
    assert_eq!(lines(&told).len(), 1 + 1 + 2);
    assert!(providers.report().iter().all(|report| report.stats.listener_panics == 0));
}

#[test]
fn a_listener_may_own_other_subscriptions_of_the_registry() {
    let (providers, _) = registry();
    let inner = providers.observe(|_| {});
    let outer = providers.observe(move |_| {
        let _kept = &inner;
    });
    drop(outer);
    let _ = providers.get("a");
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let subscription = providers.observe({
        let own = Arc::clone(&own);
        move |_| drop(own.lock().expect("no panic").take())
    });
    *own.lock().expect("no panic") = Some(subscription);
    let _ = providers.get("b");
    assert_eq!(Arc::strong_count(&own), 1, "it ended itself, and what it held is gone");
}

#[test]
fn events_of_each_key_come_in_order_from_many_threads() {
    let (providers, _) = registry();
    let seen: Arc<Mutex<Vec<(String, u64)>>> = Arc::default();
    let _subscription = providers.observe({
        let seen = Arc::clone(&seen);
        move |event| {
            if let KeyedNews::Event(resil_breaker::Event::Transition(change)) = event.news {
                seen.lock().expect("no panic").push((event.key.clone(), change.epoch));
            }
        }
    });
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for number in 0..8 {
            let (providers, start) = (&providers, &start);
            scope.spawn(move || {
                start.wait();
                (0..50).for_each(|round| {
                    let breaker =
                        providers.get(if (number + round) % 2 == 0 { "a" } else { "b" }).expect("room");
                    let _ = breaker.call(|| Err::<(), _>("down"));
                    breaker.reset();
                });
            });
        }
    });
    let seen = seen.lock().expect("no panic");
    let (mut transitions, mut lost) = (0, 0);
    for key in ["a", "b"] {
        let epochs: Vec<_> = seen.iter().filter(|(of, _)| of == key).map(|(_, epoch)| *epoch).collect();
        let stats = providers.get(key).expect("it is there").stats();
        assert!(epochs.is_sorted_by(|a, b| a < b), "{key}: {epochs:?}");
        assert!(epochs.len() as u64 <= stats.transitions, "{key}: {epochs:?}");
        transitions += stats.transitions;
        // Of the one queue that the events of all keys go through.
        lost = stats.events_lost;
    }
    assert_eq!(seen.len() as u64 + lost, transitions);
}

#[test]
fn a_report_has_every_key_with_its_labels_and_statistics() {
    let (providers, _) = registry();
    open(&providers, "a");
    let _ = providers.get("b");
    let mut report = providers.report();
    report.sort_by(|left, right| left.key.cmp(&right.key));
    let rows: Vec<_> = report
        .iter()
        .map(|row| (row.key.as_str(), row.labels[0].1.as_str(), row.stats.state, row.stats.failures))
        .collect();
    assert_eq!(rows, [("a", "A", State::Open, 1), ("b", "B", State::Closed, 0)]);
    assert_eq!(providers.stats().name, Name::new("providers"));
}

#[test]
fn all_breakers_come_back_from_their_snapshots() {
    let (before, clock) = registry();
    open(&before, "a");
    before.get("b").expect("room").disable("maintenance");
    let _ = before.get("c");
    let saved = before.snapshot_all();
    assert_eq!(saved.len(), 3);
    clock.advance(SECOND * 10);
    let (after, after_clock) = registry();
    after_clock.set_unix_time(clock.unix_time());
    assert_eq!(after.restore_all(saved), []);
    assert_eq!(after.get("a").expect("room").stats().open_remaining, Some(SECOND * 50));
    assert_eq!(after.get("b").expect("room").state(), State::Disabled);
    assert!(after.find("c").is_none(), "a closed one is as good as new");
}

#[test]
fn one_refused_snapshot_refuses_only_itself() {
    let (before, clock) = registry();
    open(&before, "old");
    let old = before.get("old").expect("it is there").snapshot();
    clock.advance(Snapshot::MAX_AGE + SECOND);
    let old_and_closed = registry().0.get("x").expect("room").snapshot();
    open(&before, "a");
    open(&before, "b");
    let saved = |key: &str| before.get(key).expect("it is there").snapshot();
    let all = [("a", saved("a")), ("old", old), ("closed", old_and_closed), ("b", saved("b"))];
    let (after, after_clock) = registry();
    after_clock.set_unix_time(clock.unix_time());
    let mut refused = after.restore_all(all.map(|(key, snapshot)| (key.to_owned(), snapshot)));
    refused.sort_by(|left, right| left.0.cmp(&right.0));
    let age = Snapshot::MAX_AGE + SECOND;
    let too_old = RestoreError::TooOld { age };
    assert_eq!(refused, [("closed".to_owned(), too_old), ("old".to_owned(), too_old)]);
    assert!(["a", "b"].iter().all(|key| after.get(*key).expect("room").state() == State::Open));
}

#[test]
fn a_snapshot_without_room_for_its_key_changes_no_other_breaker() {
    for overflow in [Overflow::Refuse, Overflow::Shared] {
        let (before, _) = registry();
        open(&before, "a");
        let saved = before.get("a").expect("it is there").snapshot();
        let (after, _) = registry();
        let after = after.with_capacity(1).expect("in range").overflow(overflow);
        let busy = after.get("busy").expect("room");
        let refused = after.restore_all([("a".to_owned(), saved)]);
        let texts: Vec<_> = refused.iter().map(|(key, error)| format!("{key}: {error}")).collect();
        assert_eq!(texts, ["a: no breaker for the snapshot, providers: capacity exhausted"]);
        assert_eq!((after.len(), busy.state()), (1, State::Closed));
        if overflow == Overflow::Shared {
            let shared = after.get("a").expect("the shared one");
            assert_eq!(shared.state(), State::Closed, "all keys without room share it");
        }
    }
}

#[test]
fn a_snapshot_for_a_key_with_a_wrong_configuration_is_refused_for_that() {
    let (before, _) = registry();
    open(&before, "a");
    let saved = before.snapshot_all();
    let (after, _) = registry();
    let after = after.with_config(|_| Config::new().failure_threshold(0));
    let refused = after.restore_all(saved);
    let [(_, RestoreError::NoBreaker { refusal })] = refused[..] else { panic!("{refused:?}") };
    assert!(matches!(refusal.reason(), Reason::Other(reason) if reason.starts_with("failure_threshold")));
}
