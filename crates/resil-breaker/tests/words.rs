//! What leaves the process: events and statistics as JSON, and events in `tracing`.
#![cfg(all(feature = "serde", feature = "tracing", not(any(loom, shuttle))))]

mod calls;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use calls::{Breaker, breaker, fail, succeed};
use resil_breaker::{CircuitBreakers, Config, ManualClock, PolicyExt, Window};
use serde_json::{Value, json, to_value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

const SECOND: Duration = Duration::from_secs(1);

fn told(breaker: &Breaker, act: impl FnOnce()) -> Vec<Value> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let subscription = breaker.observe({
        let told = Arc::clone(&told);
        move |event| told.lock().expect("no panic").push(to_value(event).expect("it can be written"))
    });
    act();
    drop(subscription);
    Arc::into_inner(told).expect("the listener is gone").into_inner().expect("no panic")
}

/// A call that succeeds after `span`.
fn take(breaker: &Breaker, clock: &ManualClock, span: Duration) {
    let call = breaker.guard().expect("it is admitted");
    clock.advance(span);
    call.success();
}

#[test]
fn statistics_are_written_with_every_field() {
    let (breaker, _) = breaker(Config::new().failure_rate(50, 4, Window::calls(10)).reset_timeout(SECOND));
    succeed(&breaker);
    (0..3).for_each(|_| fail(&breaker));
    let written = to_value(breaker.stats()).expect("it can be written");
    assert_eq!(
        written,
        json!({
            "name": "payments", "state": "open", "reason": null, "total": 4, "successes": 1, "failures": 3,
            "rejected": 0, "ignored": 0, "cancelled": 0, "slow": 0, "stale_results": 0, "transitions": 1,
            "in_flight": 0, "consecutive_failures": 0, "window_calls": 0, "window_failures": 0,
            "window_slow": 0, "counters": true, "time_in_state": { "secs": 0, "nanos": 0 },
            "open_remaining": { "secs": 1, "nanos": 0 }, "events_lost": 0, "listener_panics": 0,
        })
    );
}

#[test]
fn events_are_written_with_their_kind() {
    let (breaker, clock) = breaker(Config::new().slow_rate(SECOND, 100, 1, Window::calls(1)));
    let events = told(&breaker, || {
        take(&breaker, &clock, SECOND * 2);
        let _ = breaker.guard();
        breaker.metrics_only("trying it out");
        take(&breaker, &clock, SECOND * 2);
    });
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().expect("a kind")).collect();
    assert_eq!(
        kinds,
        ["transition", "slow_call", "rejected", "transition", "threshold_exceeded", "slow_call"]
    );
    let [opened, slow, refused, watching, exceeded, _] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (&opened["from"], &opened["to"], &opened["cause"]),
        (&json!("closed"), &json!("open"), &json!("slow_rate"))
    );
    assert_eq!((&opened["at"], &opened["epoch"]), (&json!(2_000_000_000_u64), &json!(1)));
    assert_eq!((&opened["before"]["slow"], &opened["reason"]), (&json!(1), &Value::Null));
    assert_eq!(slow["took"], json!({ "secs": 2, "nanos": 0 }));
    assert_eq!((&refused["state"], &refused["refusal"]["reason"]), (&json!("open"), &json!("circuit_open")));
    assert_eq!((&watching["reason"], &watching["cause"]), (&json!("trying it out"), &json!("forced")));
    assert_eq!(exceeded["stats"]["window_slow"], json!(1));
}

#[test]
fn settings_and_a_registrys_report_can_be_written() {
    let settings =
        to_value(Config::new().failure_rate(50, 10, Window::time(SECOND)).settings()).expect("written");
    assert_eq!(settings["failure_rate"]["percent"], json!(50));
    assert_eq!(settings["failure_rate"]["window"]["time"]["slices"], json!(10));
    assert_eq!((&settings["on_cancel"], &settings["failure_threshold"]), (&json!("ignore"), &Value::Null));

    let providers = CircuitBreakers::<String>::new("providers", Config::new())
        .with_labels(|key| vec![("vendor", key.to_uppercase()), ("region", "eu".to_owned())]);
    providers.get("anthropic").expect("room").record_failure();
    let report = to_value(providers.report()).expect("it can be written");
    assert_eq!(report[0]["key"], json!("anthropic"));
    assert_eq!(report[0]["labels"], json!({ "vendor": "ANTHROPIC", "region": "eu" }));
    assert_eq!(
        (&report[0]["stats"]["failures"], &report[0]["stats"]["name"]),
        (&json!(1), &json!("providers"))
    );
    assert_eq!(
        to_value(providers.stats()).expect("it can be written")["capacity"],
        json!(CircuitBreakers::<String>::DEFAULT_CAPACITY)
    );
}

/// Writes down what `tracing` is told.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).expect("a text takes all");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "resil"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().expect("no panic").push((*event.metadata().level(), line.0.trim_end().to_owned()));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn the_ready_listener_writes_events_to_tracing() {
    let (breaker, clock) = breaker(Config::new().failure_threshold(1).reset_timeout(SECOND));
    let lines = Lines::default();
    breaker.observe(resil_breaker::log()).forget();
    tracing::subscriber::with_default(lines.clone(), || {
        fail(&breaker);
        let _ = breaker.guard();
        clock.advance(SECOND);
        succeed(&breaker);
    });
    let lines = lines.0.lock().expect("no panic");
    let expected = [
        (Level::WARN, "payments: closed -> open, failure threshold reached", "transition"),
        (Level::DEBUG, "payments: circuit open, retry after 1s", "rejected"),
        (Level::INFO, "payments: open -> half_open, reset timeout over", "transition"),
        (Level::INFO, "payments: half_open -> closed, probes succeeded", "transition"),
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for ((level, line), (expected_level, message, kind)) in lines.iter().zip(expected) {
        assert_eq!(*level, expected_level, "{line}");
        for part in [&format!("message={message}")[..], &format!("kind=\"{kind}\""), "policy=\"payments\""] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }
}
