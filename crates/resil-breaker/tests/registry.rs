//! A breaker for each key: who gets which one, with which configuration, and what becomes of a key when there is no room.
#![cfg(not(any(loom, shuttle)))]

use std::borrow::Borrow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, LazyLock};
use std::thread;
use std::time::Duration;

use resil_breaker::{
    CircuitBreaker, CircuitBreakers, Config, Error, InsertError, Lookup, ManualClock, Name, Overflow, Policy,
    PolicyExt, Reason, State, Verdict, Window,
};

type Registry<K> = CircuitBreakers<K, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);
const ONE: Config = Config::new().failure_threshold(1).reset_timeout(SECOND);

fn registry<K: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(
    config: Config,
) -> (Registry<K>, ManualClock) {
    let clock = ManualClock::new();
    let registry = Registry::try_with_clock(Name::new("providers"), config, clock.clone());
    (registry.expect("in range"), clock)
}

/// A registry with room for `capacity` tenants.
fn tenants(capacity: usize) -> Registry<u64> {
    registry(ONE).0.with_capacity(capacity).expect("in range")
}

/// Opens the circuit of `key`, and leaves nobody who holds it.
fn open(registry: &Registry<u64>, key: u64) {
    let _ = registry.get(&key).call(|| Err::<(), _>("down"));
}

fn reason_of_refusal(registry: &Registry<u64>, key: u64) -> Option<Reason> {
    registry.get(&key).err().map(|refusal| refusal.reason())
}

#[test]
fn each_key_has_a_breaker_of_its_own_and_always_the_same() {
    let (providers, clock) = registry::<String>(ONE);
    let first = providers.get("anthropic").expect("room");
    assert!(Arc::ptr_eq(&first, &providers.get("anthropic").expect("room")));
    let _ = first.call(|| Err::<(), _>("overloaded"));
    assert_eq!(providers.get("anthropic").expect("room").state(), State::Open);
    assert_eq!(providers.get("openai").expect("room").state(), State::Closed);
    clock.advance(SECOND);
    assert_eq!(first.state(), State::HalfOpen, "all of them read the registry's clock");
    assert_eq!((first.name(), providers.name()), (Name::new("providers"), Name::new("providers")));
    let mut keys = providers.keys();
    keys.sort();
    assert_eq!(
        (keys, providers.len(), providers.is_empty()),
        (vec!["anthropic".to_owned(), "openai".to_owned()], 2, false)
    );
}

#[test]
fn to_find_makes_no_breaker() {
    let (providers, _) = registry::<String>(ONE);
    assert!(providers.find("anthropic").is_none() && providers.is_empty());
    let made = providers.get("anthropic").expect("room");
    assert!(Arc::ptr_eq(&made, &providers.find("anthropic").expect("it was made")));
}

/// A key that tells how often it was made.
#[derive(PartialEq, Eq, Hash)]
struct Counted(String);

static CLONES: AtomicUsize = AtomicUsize::new(0);

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONES.fetch_add(1, Relaxed);
        Self(self.0.clone())
    }
}

impl Borrow<str> for Counted {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[test]
fn a_lookup_of_an_existing_key_copies_no_key() {
    let (providers, _) = registry::<Counted>(ONE);
    let key = Counted("anthropic".to_owned());
    providers.get(&key).expect("room");
    let clones = CLONES.load(Relaxed);
    for _ in 0..10 {
        assert!(providers.get(&key).is_ok());
        assert!(providers.find("anthropic").is_some(), "also by what it borrows as");
    }
    assert_eq!(CLONES.load(Relaxed), clones);
}

#[test]
fn a_thousand_threads_that_ask_for_one_new_key_get_one_breaker() {
    let (tenants, _) = registry::<u64>(ONE);
    let made = Arc::new(AtomicUsize::new(0));
    let tenants = tenants.with_labels({
        let made = Arc::clone(&made);
        move |_| {
            made.fetch_add(1, Relaxed);
            Vec::new()
        }
    });
    let start = Barrier::new(1_000);
    let breakers: Vec<_> = thread::scope(|scope| {
        let ask = || {
            start.wait();
            tenants.get(&7).expect("room")
        };
        let threads: Vec<_> = (0..1_000).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(breakers.iter().all(|breaker| Arc::ptr_eq(breaker, &breakers[0])));
    assert_eq!((tenants.len(), breakers.len()), (1, 1_000));
    assert!(made.load(Relaxed) >= 1);
}

#[test]
fn an_existing_breaker_wins_over_another_configuration_and_says_so() {
    let (providers, _) = registry::<String>(ONE);
    let own = Config::new().failure_threshold(3);
    let Ok(Lookup::New(first)) = providers.get_or_insert_with("anthropic", own) else { panic!("it is new") };
    let Ok(Lookup::Existing(second)) = providers.get_or_insert_with("anthropic", ONE) else {
        panic!("it was there")
    };
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(second.config(), own);
    let found = providers.get_or_insert_with("anthropic", own).expect("room").into_breaker();
    assert!(Arc::ptr_eq(&first, &found));
    assert!(Arc::ptr_eq(&first, &providers.get("anthropic").expect("room")));
}

#[test]
fn a_wrong_configuration_makes_no_breaker() {
    let (providers, _) = registry::<String>(ONE);
    let wrong = Config::new().failure_threshold(0);
    let error = providers.get_or_insert_with("anthropic", wrong).unwrap_err();
    assert!(matches!(error, InsertError::Config(error) if error.field() == "failure_threshold"));
    assert_eq!(error.to_string(), "failure_threshold: 0 is out of range, allowed is 1 or more");
    assert!(providers.is_empty());

    let providers = providers.with_config(move |key| if key == "wrong" { wrong } else { ONE });
    let refusal = providers.get("wrong").unwrap_err();
    let expected = "providers: failure_threshold is out of range, allowed is 1 or more";
    assert_eq!((refusal.to_string().as_str(), refusal.retry_after()), (expected, None));
    assert!(providers.is_empty() && providers.get("right").is_ok());
}

#[test]
fn each_key_may_have_a_configuration_of_its_own() {
    let (tenants, _) = registry::<u32>(ONE);
    let tenants = tenants.with_config(|tenant| Config::new().failure_threshold(*tenant));
    for tenant in 1..5 {
        let breaker = tenants.get(&tenant).expect("room");
        assert_eq!(breaker.config().settings().failure_threshold, Some(tenant));
    }
}

#[test]
fn another_configuration_reaches_those_that_have_none_of_their_own() {
    let (tenants, _) = registry::<u64>(ONE);
    let before = tenants.get(&1).expect("room");
    let own =
        tenants.get_or_insert_with(&2, Config::new().failure_threshold(9)).expect("room").into_breaker();
    let _ = before.call(|| Err::<(), _>("down"));
    let later = Config::new().failure_threshold(4).reset_timeout(SECOND * 9);
    assert_eq!(tenants.reconfigure(later), Ok(()));
    assert_eq!((tenants.config(), before.config()), (later, later));
    assert_eq!(own.config(), Config::new().failure_threshold(9));
    assert_eq!(tenants.get(&3).expect("room").config(), later);
    assert_eq!(before.state(), State::Open, "its state stays");

    let refused = tenants.reconfigure(Config::new().failure_threshold(0)).unwrap_err();
    assert_eq!((refused.field(), tenants.config()), ("failure_threshold", later));
}

#[test]
fn a_removed_breaker_works_on_for_those_who_hold_it() {
    let (tenants, _) = registry::<u64>(ONE);
    let held = tenants.get(&1).expect("room");
    let removed = tenants.remove(&1).expect("it was there");
    assert!(Arc::ptr_eq(&held, &removed));
    assert!(tenants.remove(&1).is_none() && tenants.is_empty());
    let _ = held.call(|| Err::<(), _>("down"));
    assert_eq!(removed.state(), State::Open);
    assert_eq!(tenants.get(&1).expect("room").state(), State::Closed, "whoever asks anew gets a new one");
}

/// Takes key 0 out of the state in which it is as good as new.
type MakeBusy = fn(&Registry<u64>);

#[test]
fn only_breakers_as_good_as_new_are_pushed_out() {
    let busy: [(&str, MakeBusy); 8] = [
        ("open", |tenants| open(tenants, 0)),
        ("failures held", |tenants| {
            let own = Config::new().failure_threshold(2);
            let lookup = tenants.get_or_insert_with(&0, own).expect("room");
            let _ = lookup.into_breaker().call(|| Err::<(), _>("down"));
        }),
        ("failures in a window", |tenants| {
            let own = Config::new().failure_rate(100, 9, Window::calls(9));
            let breaker = tenants.get_or_insert_with(&0, own).expect("room").into_breaker();
            let _ = breaker.call(|| Err::<(), _>("down"));
            let _ = breaker.call(|| Ok::<_, ()>(()));
        }),
        ("forced open", |tenants| tenants.get(&0).expect("room").force_open("maintenance")),
        ("disabled", |tenants| tenants.get(&0).expect("room").disable("maintenance")),
        ("only watching", |tenants| tenants.get(&0).expect("room").metrics_only("maintenance")),
        ("by hand for a time", |tenants| tenants.get(&0).expect("room").disable_for("maintenance", SECOND)),
        ("closed by hand, then failed", |tenants| {
            tenants.get(&0).expect("room").force_close("calm");
            open(tenants, 0);
        }),
    ];
    for (what, make_busy) in busy {
        let tenants = tenants(4);
        make_busy(&tenants);
        let marked = Arc::downgrade(&tenants.find(&0).expect("it is there"));
        (1..100).for_each(|key| assert!(tenants.get(&key).is_ok(), "{what}: idle ones make room"));
        assert!(tenants.find(&0).is_some_and(|breaker| Arc::as_ptr(&breaker) == marked.as_ptr()), "{what}");
        assert_eq!((tenants.len(), tenants.stats().evicted), (4, 96), "{what}");
    }
}

#[test]
fn a_half_open_breaker_and_one_on_its_ramp_are_busy() {
    let (tenants, clock) = registry::<u64>(ONE.ramp_up(SECOND));
    let tenants = tenants.with_capacity(2).expect("in range");
    open(&tenants, 0);
    clock.advance(SECOND);
    let probe = tenants.get(&0).expect("room").admit().expect("it may probe");
    (1..10).for_each(|key| drop(tenants.get(&key)));
    assert_eq!(tenants.find(&0).map(|breaker| breaker.state()), Some(State::HalfOpen));
    tenants.find(&0).expect("it is there").settle(probe, Verdict::Success);
    (1..10).for_each(|key| drop(tenants.get(&key)));
    assert_eq!(tenants.find(&0).map(|breaker| breaker.stats().transitions), Some(3), "on its ramp");
}

#[test]
fn a_breaker_that_somebody_holds_is_never_pushed_out() {
    let tenants = tenants(4);
    let held = tenants.get(&0).expect("room");
    (1..100).for_each(|key| drop(tenants.get(&key).expect("idle ones make room")));
    assert!(Arc::ptr_eq(&held, &tenants.find(&0).expect("it is there")));
    let all: Vec<_> = tenants.keys().iter().map(|key| tenants.get(key).expect("it is there")).collect();
    assert_eq!(all.len(), 4);
    assert_eq!(reason_of_refusal(&tenants, 1_000), Some(Reason::CapacityExhausted));
    assert!(all.iter().all(|breaker| breaker.guard().is_ok()), "those that are there never notice");
}

#[test]
fn a_flood_of_new_keys_neither_grows_nor_frees_a_busy_key() {
    let tenants = tenants(64);
    (0..64).for_each(|key| open(&tenants, key));
    for key in 64..10_064 {
        assert_eq!(reason_of_refusal(&tenants, key), Some(Reason::CapacityExhausted));
        assert_eq!(tenants.len(), 64);
    }
    assert!((0..64).all(|key| tenants.find(&key).is_some_and(|breaker| breaker.state() == State::Open)));
    let stats = tenants.stats();
    assert_eq!(
        (stats.keys, stats.capacity, stats.evicted, stats.refused, stats.shared),
        (64, 64, 0, 10_000, 0)
    );
}

#[test]
fn a_key_that_has_become_idle_makes_room_in_the_end() {
    let tenants = tenants(16);
    (0..16).for_each(|key| open(&tenants, key));
    assert!(tenants.get(&100).is_err());
    tenants.find(&3).expect("it is there").reset();
    let refused = (0..16).take_while(|_| tenants.get(&100).is_err()).count();
    assert_eq!(refused, 2, "looked for again after an eighth of the capacity");
    assert!(tenants.find(&3).is_none());
}

#[test]
fn a_removed_key_makes_room_at_once() {
    let tenants = tenants(16);
    (0..16).for_each(|key| open(&tenants, key));
    assert!(tenants.get(&100).is_err());
    tenants.remove(&5);
    assert!(tenants.get(&100).is_ok());
}

#[test]
fn a_full_registry_refuses_as_a_policy_refuses() {
    let tenants = tenants(1);
    open(&tenants, 0);
    let refused = tenants.get(&1).call(|| Ok::<_, String>(())).unwrap_err();
    assert_eq!(refused.to_string(), "providers: capacity exhausted");
    assert!(matches!(refused, Error::Rejected(refusal) if refusal.retry_after().is_none()));
    let error = tenants.get_or_insert_with(&1, ONE).unwrap_err();
    assert!(matches!(error, InsertError::Full(refusal) if refusal.reason() == Reason::CapacityExhausted));
    assert_eq!(error.to_string(), "providers: capacity exhausted");
}

#[test]
fn keys_without_room_may_share_one_breaker() {
    let tenants = tenants(1).overflow(Overflow::Shared);
    open(&tenants, 0);
    let shared = tenants.get(&1).expect("the shared one");
    assert!(Arc::ptr_eq(&shared, &tenants.get(&2).expect("the shared one")));
    assert!(!Arc::ptr_eq(&shared, &tenants.get(&0).expect("its own")));
    assert_eq!((tenants.len(), tenants.stats().shared, tenants.stats().refused), (1, 2, 2));
    assert!(tenants.find(&1).is_none(), "it has none of its own");
    assert!(tenants.get_or_insert_with(&3, ONE).is_err(), "a configuration of its own cannot be shared");
    assert_eq!(tenants.reconfigure(Config::new().failure_threshold(7)), Ok(()));
    assert_eq!(shared.config().settings().failure_threshold, Some(7));
}

#[test]
fn to_bound_the_keys_loses_none() {
    let (tenants, _) = registry::<u64>(ONE);
    let held = tenants.get(&1).expect("room");
    let tenants = tenants.with_capacity(10).expect("in range");
    assert!(Arc::ptr_eq(&held, &tenants.get(&1).expect("it is there")));
    assert_eq!((tenants.len(), tenants.capacity()), (1, 10));
}

#[test]
fn printing_shows_name_settings_and_numbers() {
    let tenants = tenants(7);
    let _ = tenants.get(&1);
    let text = format!("{tenants:?}");
    for part in ["\"providers\"", "failure_threshold: Some(1)", "keys: 1", "capacity: 7"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_registry_is_shared_among_threads() {
    static ONCE: LazyLock<CircuitBreakers<String>> =
        LazyLock::new(|| CircuitBreakers::new("static", Config::new()));
    let breaker: Arc<CircuitBreaker> = ONCE.get("anthropic").expect("room");
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)), Ok(7));
}
