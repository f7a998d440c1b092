//! The supervisor's loop: starts a worker, watches it, ends it, starts the next.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus, Termination};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use std::{error, fmt};

use resil::heartbeat::{Liveness, Reader};
use resil::shutdown::Config;
use resil::{Clock, GracefulShutdown, Moment, MonotonicClock};
use rustix::process::Signal;

use crate::child::{Child, Wire};
use crate::line::say;
use crate::news::{News, listen};
use crate::restarts::{Answer, Restarts};
use crate::settings::Settings;
use crate::watch::{Sight, Watch};

/// The exit code of a supervisor that has given up.
const GAVE_UP: u8 = 75;

/// Time enough for the system to end a process that was killed.
const MARGIN: Duration = Duration::from_secs(5);

/// Why a supervisor ends before it is asked to, or not as it should.
#[derive(Debug)]
enum Trouble {
    /// The worker needed too many restarts.
    GaveUp,
    /// The worker was to end in order, and did not.
    Disorder(String),
    Io(io::Error),
}

/// How it goes on after a worker.
enum Next {
    Restart,
    /// The worker has ended as it was meant to.
    Done,
}

/// Supervises until the worker has ended for good.
pub(crate) fn run(settings: &Settings) -> ExitCode {
    let budget = settings.end_within.max(settings.grace).saturating_add(MARGIN);
    // All of it is for the worker.
    let config = Config::new().timeout(budget).drain_timeout(budget);
    let shutdown = match GracefulShutdown::try_with_config(config) {
        Ok(shutdown) => shutdown.named("supervisor"),
        Err(error) => {
            eprintln!("--end-within: {error}");
            return ExitCode::from(2);
        }
    };
    let (tell, news) = channel();
    // Before signals are caught: one that nobody heard of would be lost.
    if let Err(error) = listen(&shutdown, &tell) {
        eprintln!("signals: {error}");
        return ExitCode::FAILURE;
    }
    let mut has_given_up = false;
    let report = shutdown.run_blocking(|| {
        let result = Supervision::new(settings, tell, news).run();
        has_given_up = matches!(result, Err(Trouble::GaveUp));
        result
    });
    let code = report.report();
    if has_given_up { ExitCode::from(GAVE_UP) } else { code }
}

struct Supervision<'a> {
    settings: &'a Settings,
    clock: MonotonicClock,
    tell: Sender<News>,
    news: Receiver<News>,
    wire: Wire,
    reader: Reader,
    restarts: Restarts,
    /// By which signal the supervisor is asked to end.
    asked: Option<Signal>,
}

impl<'a> Supervision<'a> {
    fn new(settings: &'a Settings, tell: Sender<News>, news: Receiver<News>) -> Self {
        let wire = Wire::default();
        wire.pass_on();
        let reader = Reader::new(settings.dir.join("worker.heartbeat")).max_age(settings.max_age);
        let restarts = Restarts::new(settings.patience);
        Self { settings, clock: MonotonicClock, tell, news, wire, reader, restarts, asked: None }
    }

    fn run(mut self) -> Result<(), Trouble> {
        loop {
            let (child, watch) = self.start()?;
            match self.watch(child, watch)? {
                Next::Done => break,
                Next::Restart if self.asked.is_some() => break,
                Next::Restart => {}
            }
            let Answer::After { pause, number } = self.restarts.failed(self.clock.now()) else {
                say(format_args!("gave up: {}", Trouble::GaveUp));
                return Err(Trouble::GaveUp);
            };
            say(format_args!("restart: {number} in {pause:?}"));
            if self.rest(pause) {
                break;
            }
        }
        say("stopped");
        Ok(())
    }

    fn start(&mut self) -> Result<(Child, Watch), Trouble> {
        // Whatever beat lies there is not that of the worker which comes.
        self.reader.check();
        let former = self.reader.last().and_then(|state| state.instance);
        let mut child = Child::start(self.settings, &self.wire, &self.tell)?;
        if !self.settings.ignores_exit {
            child.await_end();
        }
        say(format_args!("started: pid {}", child.id()));
        let Settings { startup, max_age, .. } = *self.settings;
        let watch = Watch::new(child.id(), former, startup, max_age, self.clock.now());
        Ok((child, watch))
    }

    /// Watches a worker until it is gone, in whatever way.
    fn watch(&mut self, child: Child, mut watch: Watch) -> Result<Next, Trouble> {
        let mut look_at = self.clock.now();
        loop {
            match self.hear(look_at) {
                Some(News::Ended) => return exited(child),
                Some(News::Asked(signal)) => return self.end(child, signal),
                Some(News::Hangup) => {
                    say(format_args!("hangup: pid {}", child.id()));
                    child.signal(Signal::HUP)?;
                }
                None => {
                    look_at = self.clock.now().saturating_add(self.settings.check);
                    match self.look(&mut watch) {
                        Sight::Nothing | Sight::Well => {}
                        Sight::First(instance) => {
                            say(format_args!("beating: pid {}, instance {instance}", child.id()));
                        }
                        Sight::Stopped => return self.await_exit(child),
                        Sight::Missed(why) => {
                            say(format_args!("missed: pid {}, {why}", child.id()));
                            return self.replace(child);
                        }
                    }
                }
            }
        }
    }

    fn look(&mut self, watch: &mut Watch) -> Sight {
        let mut found = self.reader.check();
        if let Liveness::Dead { age, .. } = found
            && self.settings.ignores_exit
        {
            // Its age alone is to say it.
            let max_age = self.settings.max_age;
            found = if age > max_age { Liveness::Stale { age, max_age } } else { Liveness::Alive { age } };
        }
        let now = self.clock.now();
        let sight = watch.look(now, &found, self.reader.last().as_ref());
        if let Sight::First(_) | Sight::Well = sight {
            self.restarts.was_well(now);
        }
        sight
    }

    /// The worker has said that it ends.
    fn await_exit(&mut self, mut child: Child) -> Result<Next, Trouble> {
        child.await_end();
        if self.has_ended_within(self.settings.grace) {
            return exited(child);
        }
        say(format_args!("missed: pid {}, it has said that it would end", child.id()));
        self.replace(child)
    }

    /// Ends a worker that does not do its work.
    fn replace(&mut self, mut child: Child) -> Result<Next, Trouble> {
        child.await_end();
        say(format_args!("term: pid {}", child.id()));
        child.signal(Signal::TERM)?;
        let has_ended = self.has_ended_within(self.settings.grace);
        if !has_ended {
            self.kill(&child)?;
        }
        if self.asked.is_some() {
            return ended_for_good(child, has_ended, Signal::TERM);
        }
        ended(child)?;
        Ok(Next::Restart)
    }

    /// Ends the worker because the supervisor is to end.
    fn end(&mut self, mut child: Child, signal: Signal) -> Result<Next, Trouble> {
        child.await_end();
        child.signal(signal)?;
        let has_ended = self.has_ended_within(self.settings.end_within);
        if !has_ended {
            self.kill(&child)?;
        }
        ended_for_good(child, has_ended, signal)
    }

    /// After this it ends, unless the system itself is stuck; then the supervisor waits.
    fn kill(&mut self, child: &Child) -> io::Result<()> {
        say(format_args!("kill: pid {}", child.id()));
        child.signal(Signal::KILL)?;
        self.has_ended_within(Duration::MAX);
        Ok(())
    }

    /// Whether the worker ends before the time is over.
    fn has_ended_within(&mut self, span: Duration) -> bool {
        let until = self.clock.now().saturating_add(span);
        loop {
            match self.hear(until) {
                Some(News::Ended) => return true,
                Some(News::Asked(_) | News::Hangup) => {}
                None => return false,
            }
        }
    }

    /// Waits before a restart; whether it is asked to end.
    fn rest(&mut self, pause: Duration) -> bool {
        let until = self.clock.now().saturating_add(pause);
        while self.asked.is_none() && self.hear(until).is_some() {}
        self.asked.is_some()
    }

    /// What comes next, unless nothing comes before `until`.
    fn hear(&mut self, until: Moment) -> Option<News> {
        let news = self.news.recv_timeout(until.saturating_duration_since(self.clock.now())).ok();
        if let Some(News::Asked(signal)) = news {
            say(format_args!("stopping: {}", name(signal.as_raw())));
            self.asked = Some(signal);
        }
        news
    }
}

/// The worker has ended by itself.
fn exited(child: Child) -> Result<Next, Trouble> {
    let pid = child.id();
    let status = child.reap()?;
    say(format_args!("exited: pid {pid}, {}", text(status)));
    Ok(if status.success() { Next::Done } else { Next::Restart })
}

/// The worker has ended because it had to.
fn ended(child: Child) -> io::Result<ExitStatus> {
    let pid = child.id();
    let status = child.reap()?;
    say(format_args!("ended: pid {pid}, {}", text(status)));
    Ok(status)
}

/// The worker has ended, by itself or not, after it was asked to by that signal; nobody comes after it.
fn ended_for_good(child: Child, by_itself: bool, signal: Signal) -> Result<Next, Trouble> {
    let status = ended(child)?;
    // One that has not begun to listen yet is ended by the signal itself.
    if by_itself && (status.success() || status.signal() == Some(signal.as_raw())) {
        Ok(Next::Done)
    } else {
        Err(Trouble::Disorder(text(status)))
    }
}

fn text(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("code {code}"),
        (None, Some(signal)) => name(signal),
        (None, None) => status.to_string(),
    }
}

fn name(signal: i32) -> String {
    match Signal::from_named_raw(signal) {
        Some(Signal::TERM) => "SIGTERM".to_owned(),
        Some(Signal::INT) => "SIGINT".to_owned(),
        Some(Signal::KILL) => "SIGKILL".to_owned(),
        _ => format!("signal {signal}"),
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GaveUp => f.write_str("the worker needed too many restarts"),
            Self::Disorder(how) => write!(f, "the worker did not end in order: {how}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl error::Error for Trouble {}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
