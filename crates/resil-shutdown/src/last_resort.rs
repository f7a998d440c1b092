use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::Waker;
use std::time::Duration;

use resil_core::Clock;
use resil_core::background::{self, Parker};
use resil_core::sync::atomic::{AtomicBool, Ordering};
use resil_core::sync::{Mutex, lock};

use crate::shared::Shared;
use crate::{Outcome, Report, hooks};

/// How long after the end of the budget `main` may take to return.
const GRACE: Duration = Duration::from_millis(60);

/// How long it has at least, where the end took longer than it should.
const LEAST_GRACE: Duration = Duration::from_millis(20);

/// How long stderr may take for the report, where the budget has no time left.
const WRITING: Duration = Duration::from_millis(25);

/// How long what runs at the exit of a process may take.
const EXITING: Duration = Duration::from_secs(1);

/// What happens when all is done.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// Whoever waits gets the report.
    Report,
    /// The process ends.
    #[cfg_attr(not(feature = "signal"), expect(dead_code, reason = "only where signals are hooked"))]
    Exit,
    /// The process ends with the budget, unless it ends by itself or this is disarmed.
    ExitUnlessDisarmed(Arc<Resort>),
    /// The process ends, if the function that blocks its main thread has not returned.
    ExitIfBlocked(Arc<Resort>),
}

/// Ends the process while it is armed.
#[derive(Debug)]
pub(crate) struct Resort {
    is_armed: AtomicBool,
    supervisor: Mutex<Option<Waker>>,
}

/// Keeps the last resort armed until it is dropped.
#[derive(Debug)]
pub(crate) struct Armed(pub(crate) Arc<Resort>);

impl Armed {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Resort { is_armed: AtomicBool::new(true), supervisor: Mutex::new(None) }))
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.0.is_armed.store(false, Ordering::Release);
        let supervisor = lock(&self.0.supervisor).take();
        if let Some(supervisor) = supervisor {
            supervisor.wake();
        }
    }
}

/// Ends the process where that was wanted, or where it cannot end by itself.
pub(crate) fn end<C: Clock + 'static>(shared: &Shared<C>, parker: &Parker) {
    let (ending, report, deadline) = {
        let state = shared.state();
        (state.ending.clone(), state.report.clone(), state.plan.deadline())
    };
    let (Some(report), Some(deadline)) = (report, deadline) else { return };
    let main_hangs = report.main() == Some(&Outcome::TimedOut);
    let trap = match ending {
        Ending::Report => return,
        Ending::Exit => return exit(shared, &report),
        Ending::ExitIfBlocked(_) if main_hangs => return exit(shared, &report),
        Ending::ExitIfBlocked(trap) | Ending::ExitUnlessDisarmed(trap) => trap,
    };
    *lock(&trap.supervisor) = Some(parker.waker());
    let until = deadline.saturating_add(GRACE).max(shared.clock.now().saturating_add(LEAST_GRACE));
    while trap.is_armed.load(Ordering::Acquire) {
        if shared.clock.now() >= until {
            return exit(shared, &report);
        }
        parker.wait(&shared.clock, Some(until));
    }
}

/// Ends the process with the report's code. The report goes to stderr first unless all went well, if that does not block.
pub(crate) fn exit<C: Clock + 'static>(shared: &Shared<C>, report: &Report) {
    let code = i32::from(report.exit_code());
    if !report.is_clean() {
        let left = shared.state().plan.deadline().map(|at| at.saturating_duration_since(shared.clock.now()));
        let (done, written) = mpsc::channel();
        // In one piece: stderr has no buffer of its own.
        let text = format!("{report}\n");
        let write = move || {
            let _ = std::io::stderr().write_all(text.as_bytes());
            let _ = done.send(());
        };
        if background::spawn("resil-shutdown write", write).is_ok() {
            let _ = written.recv_timeout(left.unwrap_or_default().max(WRITING));
        }
    }
    // What other libraries have registered for the exit is foreign code, too.
    let (held, never) = mpsc::channel::<()>();
    let leave = move || {
        let _held = held;
        std::process::exit(code)
    };
    if background::spawn("resil-shutdown exit", leave).is_ok() {
        let _ = never.recv_timeout(EXITING);
    }
    hooks::exit_at_once(code);
}
