//! What a worker owes to whoever supervises it: its place, its beats, and an end in order.

use std::convert::Infallible;
use std::fmt::Display;
use std::io;
use std::process::{ExitCode, Termination};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use resil::GracefulShutdown;
use resil::breaker::Event;
use resil::heartbeat::Heartbeat;
use resil::shutdown::{Config, Report};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::faults::Faults;
use crate::journal::{Journal, JournalError};
use crate::line::say;
use crate::service::Service;
use crate::terms::Terms;
use crate::work::{self, API, lock};

/// The exit code where another process holds the journal: what `sysexits.h` calls EX_CANTCREAT.
const HELD: u8 = 73;

type Error = Box<dyn std::error::Error>;

/// Writes a line that says whose it is.
pub(crate) fn tell(line: impl Display) {
    say(format_args!("worker {}: {line}", std::process::id()));
}

/// Works until it is to end, and ends in order.
pub(crate) fn run(terms: &Terms) -> ExitCode {
    if let Some(code) = terms.crash {
        return ExitCode::from(code);
    }
    match start(terms) {
        Ok(report) => report.report(),
        Err(error) => {
            tell(format_args!("not started: {error}"));
            let is_held = matches!(error.downcast_ref(), Some(JournalError::Held));
            ExitCode::from(if is_held { HELD } else { 1 })
        }
    }
}

fn start(terms: &Terms) -> Result<Report, Error> {
    std::fs::create_dir_all(&terms.dir)?;
    // Before the first beat: without it this is not the worker, whatever it believes.
    let (journal, found) = Journal::open(&terms.dir.join("worker.journal"))?;
    tell(format_args!("journal: goes on after {}, {} torn bytes cut", found.last, found.cut));
    let journal = Arc::new(Mutex::new(journal));

    let (address, service) = if let Some(address) = terms.service {
        (address, None)
    } else {
        let own = Service::start()?;
        (own.address(), Some(own))
    };
    let heartbeat = (!terms.is_mute).then(|| beat(terms)).transpose()?.map(Arc::new);
    let shutdown = Arc::new(end_in_order(terms, &journal, heartbeat.as_ref())?);
    tell_of_the_breaker();
    reset_the_breaker_on_hangup()?;

    let (leave, left) = channel::<Infallible>();
    Faults { journal: Arc::clone(&journal), service, work: Some(left), shutdown: Arc::clone(&shutdown) }
        .obey();

    let stop = shutdown.token();
    let ticket = heartbeat.as_ref().map(|heartbeat| heartbeat.progress("orders"));
    Ok(shutdown.run_blocking(|| {
        let _leaves = leave;
        work::run(&stop, ticket, &journal, address)
    }))
}

fn beat(terms: &Terms) -> Result<Heartbeat, Error> {
    let builder = Heartbeat::to_file(terms.dir.join("worker.heartbeat"))
        .interval(terms.interval)
        .progress_limit(terms.progress_limit)
        .on_missed_beat(|error| tell(format_args!("heartbeat: {error}")));
    Ok(builder.start()?)
}

/// What is done at the end, when the work has stopped, and in which order.
fn end_in_order(
    terms: &Terms,
    journal: &Arc<Mutex<Journal>>,
    heartbeat: Option<&Arc<Heartbeat>>,
) -> Result<GracefulShutdown, Error> {
    let mut config = Config::new().timeout(terms.end_within);
    if terms.is_deaf {
        config = config.signals(&[]);
        for signal in [SIGTERM, SIGINT] {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
        }
    }
    let shutdown = GracefulShutdown::try_with_config(config)?.named("worker");
    let journal = Arc::clone(journal);
    shutdown.register("journal").priority(10).run(move || {
        let last = lock(&journal).flush()?;
        tell(format_args!("journal: ends after {last}"));
        Ok::<_, io::Error>(())
    })?;
    if let Some(heartbeat) = heartbeat.map(Arc::clone) {
        shutdown.register("heartbeat").priority(20).run(move || {
            heartbeat.stop()?;
            tell("heartbeat: stopped");
            Ok::<_, resil::heartbeat::HeartbeatError>(())
        })?;
    }
    Ok(shutdown)
}

fn tell_of_the_breaker() {
    let listener = |event: &Event| {
        if let Event::Transition(_) = event {
            tell(event);
        }
    };
    API.observe(listener).forget();
}

/// Whoever sends it knows that the service is well again.
fn reset_the_breaker_on_hangup() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            API.reset();
            tell("hangup: the breaker is reset");
        }
    });
    Ok(())
}
