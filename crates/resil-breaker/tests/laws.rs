//! The laws that every policy must keep, on a breaker in each of its states.
#![cfg(not(any(loom, shuttle)))]

mod calls;

use std::sync::Arc;
use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::testing::{check_admitting, check_refusing};
use resil_breaker::{BoxPolicy, CircuitBreaker, CircuitBreakers, Config, ManualClock, Name, Policy, Window};

const SECOND: Duration = Duration::from_secs(1);

/// A breaker that opens at the first failure, for a second.
fn fragile(config: Config) -> (Breaker, ManualClock) {
    breaker(config.failure_threshold(1).reset_timeout(SECOND))
}

fn half_open(config: Config) -> (Breaker, ManualClock) {
    let (breaker, clock) = fragile(config);
    fail(&breaker);
    clock.advance(SECOND);
    (breaker, clock)
}

#[test]
fn a_closed_breaker_keeps_the_laws_of_admission() {
    check_admitting(|| CircuitBreaker::new("payments", Config::new()));
    check_admitting(|| Arc::new(CircuitBreaker::new("payments", Config::production())));
    check_admitting(|| BoxPolicy::new(CircuitBreaker::new("payments", Config::new())));
    check_admitting(|| fragile(Config::new()).0);
    check_admitting(|| fragile(Config::new().failure_rate(50, 1, Window::calls(10))).0);
    check_admitting(|| fragile(Config::new().failure_rate(50, 1, Window::time(SECOND))).0);
    check_admitting(|| fragile(Config::new().slow_rate(SECOND, 50, 1, Window::calls(10))).0);
}

#[test]
fn a_half_open_breaker_keeps_the_laws_of_admission() {
    for probes in [1, 2, 7, 100] {
        check_admitting(|| half_open(Config::new().half_open_max_calls(probes)).0);
    }
}

#[test]
fn a_breaker_set_by_hand_keeps_the_laws_of_admission() {
    let set = |set: fn(&Breaker)| {
        move || {
            let (breaker, _) = fragile(Config::new());
            set(&breaker);
            breaker
        }
    };
    check_admitting(set(|breaker| breaker.disable("no need")));
    check_admitting(set(|breaker| breaker.disable_for("no need", SECOND)));
    check_admitting(set(|breaker| breaker.metrics_only("trying it out")));
    check_admitting(set(|breaker| breaker.force_close("calm")));
    check_admitting(set(|breaker| breaker.force_open_for("over at once", Duration::ZERO)));
}

#[test]
fn a_breaker_of_a_registry_keeps_the_laws_of_admission() {
    check_admitting(|| CircuitBreakers::<u8>::new("tenants", Config::new()).get(&7));
}

#[test]
fn an_open_breaker_keeps_the_laws_of_refusal() {
    check_refusing(|| {
        let (breaker, _) = fragile(Config::new());
        fail(&breaker);
        breaker
    });
    check_refusing(|| {
        let (breaker, _) = fragile(Config::new());
        breaker.force_open("maintenance");
        breaker
    });
    check_refusing(|| {
        let (breaker, _) = fragile(Config::new());
        breaker.force_open_for("maintenance", SECOND);
        breaker
    });
}

#[test]
fn a_half_open_breaker_without_a_slot_keeps_the_laws_of_refusal() {
    check_refusing(|| {
        let (breaker, _) = half_open(Config::new());
        let _lost = breaker.admit().expect("it may probe");
        breaker
    });
}

#[test]
fn a_breaker_at_the_foot_of_its_ramp_keeps_the_laws_of_refusal() {
    check_refusing(|| {
        let (breaker, _) = half_open(Config::new().ramp_up(SECOND));
        succeed(&breaker);
        succeed(&breaker); // the first call after closing passes
        breaker
    });
}

#[test]
fn a_registry_without_room_keeps_the_laws_of_refusal() {
    check_refusing(|| {
        let tenants =
            CircuitBreakers::<u8, _>::try_with_clock(Name::new("tenants"), Config::new(), ManualClock::new());
        let tenants = tenants.and_then(|tenants| tenants.with_capacity(1)).expect("in range");
        tenants.get(&1).expect("room").force_open("busy");
        tenants.get(&2)
    });
}
