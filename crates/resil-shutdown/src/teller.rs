//! The thread on which listeners hear of events, lines go to stderr and systemd is told: all of these may block.

use std::io::Write;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use resil_core::background::{self, Parker};
use resil_core::{Clock, Moment};

use crate::shared::Shared;
use crate::{Event, Token, systemd};

/// What waits for the teller.
pub(crate) struct Desk {
    lines: Vec<Line>,
    /// Wakes it, once it has come.
    waker: Option<Waker>,
    /// Nothing comes after what is here.
    is_last: bool,
    /// Triggered when it has told all.
    told: Token,
}

/// A line for somebody outside of the process.
enum Line {
    /// For stderr.
    Progress(String),
    /// For systemd: what is going on.
    Status(String),
    /// For systemd: the end has begun, and may take so long.
    Stopping(Duration),
}

/// Sees to it that a teller comes and looks, if anybody listens.
pub(crate) fn call<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    if shared.observers.is_observed() {
        leave_note(shared, None);
    }
}

/// Tells the service manager that the end has begun, and then listeners, who may hang.
pub(crate) fn announce<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    if systemd::listens() {
        leave_note(shared, Some(Line::Stopping(shared.config.timeout)));
    }
    call(shared);
}

/// Tells who is still running: listeners, or stderr where there are none.
pub(crate) fn progress<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    let event = {
        let state = shared.state();
        let now = shared.clock.now();
        Event::StillRunning {
            name: shared.name,
            phase: state.plan.phase(),
            callbacks: state.plan.running().cloned().collect(),
            in_flight: shared.flight.count(),
            left: state.plan.deadline().map(|at| at.saturating_duration_since(now)).unwrap_or_default(),
        }
    };
    if systemd::listens() {
        leave_note(shared, Some(Line::Status(event.to_string())));
    }
    if shared.observers.is_observed() {
        shared.observers.enqueue(event);
        call(shared);
    } else {
        leave_note(shared, Some(Line::Progress(event.to_string())));
    }
}

fn leave_note<C: Clock + 'static>(shared: &Arc<Shared<C>>, line: Option<Line>) {
    let mut state = shared.state();
    let is_new = state.teller.is_none();
    let desk = state.teller.get_or_insert_with(|| Desk {
        lines: Vec::new(),
        waker: None,
        is_last: false,
        told: Token::new(),
    });
    desk.lines.extend(line);
    let waker = desk.waker.clone();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
    if is_new {
        let copy = Arc::clone(shared);
        // Without a thread nothing is told: better than to let a listener stop the end.
        if background::spawn("resil-shutdown tell", move || work(&copy)).is_err()
            && let Some(desk) = &mut shared.state().teller
        {
            desk.told.trigger();
        }
    }
}

fn work<C: Clock + 'static>(shared: &Arc<Shared<C>>) {
    let parker = Parker::new();
    loop {
        let (lines, last) = {
            let mut state = shared.state();
            let Some(desk) = &mut state.teller else { return };
            desk.waker = Some(parker.waker());
            (std::mem::take(&mut desk.lines), desk.is_last.then(|| desk.told.clone()))
        };
        let has_lines = !lines.is_empty();
        for line in lines {
            match line {
                // Nobody may be there to read it.
                Line::Progress(text) => _ = writeln!(std::io::stderr(), "{text}"),
                Line::Status(text) => systemd::status(&text),
                Line::Stopping(budget) => systemd::stopping(budget),
            }
        }
        shared.observers.deliver();
        match last {
            Some(told) => return told.trigger(),
            None if has_lines => {}
            None => parker.wait(&shared.clock, None),
        }
    }
}

/// Lets the teller go when it has told all, and waits for that until about `patience`.
pub(crate) fn dismiss<C: Clock + 'static>(shared: &Arc<Shared<C>>, parker: &Parker, patience: Moment) {
    let mut state = shared.state();
    let Some(desk) = &mut state.teller else { return };
    desk.is_last = true;
    let (told, waker) = (desk.told.clone(), desk.waker.clone());
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
    let _ = parker.run(told.triggered(), &shared.clock, Some(patience), || false);
}
