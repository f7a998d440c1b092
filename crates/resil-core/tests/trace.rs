//! The listener that writes events to `tracing`.
#![cfg(not(any(loom, shuttle)))]

use std::fmt::{self, Debug, Write};
use std::sync::{Arc, Mutex};

use resil_core::{Name, Notice, Observers, Severity};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A change of the weather.
struct Weather(Severity);

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it rains")
    }
}

impl Notice for Weather {
    fn name(&self) -> Name {
        Name::new("sky")
    }
    fn kind(&self) -> &'static str {
        "rain"
    }
    fn severity(&self) -> Severity {
        self.0
    }
}

/// Keeps each event as one line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut line);
        self.0.lock().expect("nobody panics with the lock").push(line.0);
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        unreachable!("events open no spans")
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a string takes everything");
    }
}

#[test]
fn an_event_is_logged_at_its_severity_with_its_policy_and_its_kind() {
    let lines = Lines::default();
    let observers = Observers::new();
    let _logs = observers.observe(resil_core::log());
    tracing::subscriber::with_default(lines.clone(), || {
        for severity in [Severity::Debug, Severity::Info, Severity::Warn] {
            observers.enqueue(Weather(severity));
        }
        observers.deliver();
    });
    let lines = lines.0.lock().unwrap();
    assert_eq!(
        *lines,
        ["DEBUG", "INFO", "WARN"]
            .map(|level| format!("{level} resil message=it rains policy=\"sky\" kind=\"rain\""))
    );
}
