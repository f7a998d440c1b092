use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::time::Duration;

use resil_core::Name;

use crate::last_resort::Armed;
use crate::{Outcome, Signal};

/// What became of the end of a process: why it began, what every callback did, and how long it took.
///
/// The one that `run` and `run_blocking` give ends the process when the budget is used up, as long as it is alive:
/// [`disarm`](Report::disarm) or drop it to live on. Copies do not.
///
/// Everybody who waits for the end gets the same one. `main` can return it: it is an exit code, and writes itself to stderr unless all
/// went well.
///
/// ```
/// use resil_shutdown::{GracefulShutdown, Outcome};
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush orders").run(|| Err::<(), _>("disk full"))?;
/// let report = shutdown.trigger_blocking();
/// assert_eq!(report.callbacks()[0].outcome, Outcome::Failed("disk full".to_owned()));
/// assert_eq!(report.exit_code(), 1);
/// println!("{report}");
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
#[must_use = "it says whether all went well, and has the exit code"]
pub struct Report {
    facts: Arc<Facts>,
    /// Ends the process in the end, if it cannot end by itself.
    resort: Option<Armed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub(crate) struct Facts {
    pub(crate) name: Name,
    pub(crate) cause: Cause,
    pub(crate) main: Option<Outcome>,
    pub(crate) drain: Drain,
    pub(crate) callbacks: Vec<CallbackReport>,
    pub(crate) took: Duration,
    pub(crate) budget: Duration,
    pub(crate) is_exceeded: bool,
    pub(crate) force_exit_code: u8,
}

/// Why the end began.
///
/// ```
/// use resil_shutdown::{Cause, GracefulShutdown, Signal};
///
/// assert_eq!(GracefulShutdown::new().trigger_blocking().cause(), Cause::Triggered);
/// assert_eq!(Cause::Signal(Signal::Terminate).to_string(), "SIGTERM");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cause {
    /// A signal came.
    Signal(Signal),
    /// The program asked for it.
    Triggered,
    /// What `run`, `run_blocking` or `scope` ran has ended.
    MainEnded,
}

/// What became of what was in flight.
///
/// ```
/// use resil_shutdown::GracefulShutdown;
///
/// let report = GracefulShutdown::new().trigger_blocking();
/// assert_eq!(report.drain().left, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Drain {
    /// How much was in flight when the intake ended.
    pub in_flight: usize,
    /// How much of it, and of what had come on top, was left when the callbacks began.
    pub left: usize,
    /// How long that took.
    pub took: Duration,
}

/// What became of one callback.
///
/// ```
/// use resil_shutdown::{GracefulShutdown, Outcome};
///
/// let shutdown = GracefulShutdown::new();
/// shutdown.register("flush").priority(10).run(|| ())?;
/// let report = shutdown.trigger_blocking();
/// let flush = &report.callbacks()[0];
/// assert_eq!((&*flush.name, flush.priority, &flush.outcome), ("flush", 10, &Outcome::Ok));
/// println!("{:?}", flush.took);
/// # Ok::<_, resil_shutdown::ShutdownError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CallbackReport {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its priority: lower ones ran first.
    pub priority: i32,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it ran, until it ended or was given up; zero if it was skipped.
    pub took: Duration,
}

impl Report {
    pub(crate) fn new(facts: Facts) -> Self {
        Self { facts: Arc::new(facts), resort: None }
    }

    /// The same report, which ends the process if it is still there when the budget is used up.
    pub(crate) fn armed(mut self, resort: Armed) -> Self {
        self.resort = Some(resort);
        self
    }

    /// The same report, without what ends the process with the budget: for a program that lives on.
    #[must_use = "the report is taken and returned"]
    pub fn disarm(mut self) -> Self {
        self.resort = None;
        self
    }

    /// The name of the [`GracefulShutdown`](crate::GracefulShutdown).
    pub fn name(&self) -> Name {
        self.facts.name
    }

    /// Why the end began.
    pub fn cause(&self) -> Cause {
        self.facts.cause
    }

    /// How the program itself ended: what was given to `run` or `run_blocking`; `None` where none was.
    pub fn main(&self) -> Option<&Outcome> {
        self.facts.main.as_ref()
    }

    /// What became of what was in flight.
    pub fn drain(&self) -> Drain {
        self.facts.drain
    }

    /// What became of each callback, in the order in which they were to run.
    pub fn callbacks(&self) -> &[CallbackReport] {
        &self.facts.callbacks
    }

    /// How long it took, from the request until all was done or the budget was used up.
    pub fn took(&self) -> Duration {
        self.facts.took
    }

    /// Whether the budget was used up before all was done.
    pub fn is_exceeded(&self) -> bool {
        self.facts.is_exceeded
    }

    /// Whether all went well: nothing was left in flight, every callback ended and none failed, and neither did the program.
    pub fn is_clean(&self) -> bool {
        let main_is_ok = self.facts.main.as_ref().is_none_or(Outcome::is_ok);
        let all_are_ok = self.facts.callbacks.iter().all(|callback| callback.outcome.is_ok());
        main_is_ok && all_are_ok && self.facts.drain.left == 0 && !self.facts.is_exceeded
    }

    /// The callback that took longest.
    pub fn slowest(&self) -> Option<&CallbackReport> {
        self.facts.callbacks.iter().max_by_key(|callback| callback.took)
    }

    /// 0 if all went well, the configured `force_exit_code` if the budget was exceeded, else 1.
    pub fn exit_code(&self) -> u8 {
        match (self.facts.is_exceeded, self.is_clean()) {
            (true, _) => self.facts.force_exit_code,
            (false, clean) => u8::from(!clean),
        }
    }
}

/// A copy of what is reported. It does not end the process.
impl Clone for Report {
    fn clone(&self) -> Self {
        Self { facts: Arc::clone(&self.facts), resort: None }
    }
}

impl PartialEq for Report {
    fn eq(&self, other: &Self) -> bool {
        self.facts == other.facts
    }
}

impl Eq for Report {}

impl Termination for Report {
    fn report(self) -> ExitCode {
        if !self.is_clean() {
            // Nobody may be there to read it.
            let _ = writeln!(std::io::stderr(), "{self}");
        }
        ExitCode::from(self.exit_code())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.fmt(f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.facts.serialize(serializer)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => signal.fmt(f),
            Self::Triggered => f.write_str("triggered"),
            Self::MainEnded => f.write_str("main ended"),
        }
    }
}

impl fmt::Display for CallbackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}  {}: {}", self.priority, self.name, self.outcome)?;
        if self.outcome == Outcome::Skipped { Ok(()) } else { write!(f, ", {:.1?}", self.took) }
    }
}

/// A line on the whole, then one for each callback.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Facts { name, cause, drain, took, budget, .. } = &*self.facts;
        write!(f, "{name}: {cause}, ended in {took:.1?} of {budget:?}")?;
        if self.is_exceeded() {
            f.write_str(", which was too little")?;
        }
        if let Some(main) = self.main() {
            write!(f, "\n       main: {main}")?;
        }
        if drain.in_flight > 0 || drain.left > 0 {
            write!(
                f,
                "\n       in flight: {}, left after {:.1?}: {}",
                drain.in_flight, drain.took, drain.left
            )?;
        }
        self.callbacks().iter().try_for_each(|callback| write!(f, "\n{callback}"))?;
        match self.slowest().filter(|slowest| !self.is_clean() && !slowest.took.is_zero()) {
            Some(slowest) => write!(f, "\n       slowest: {}", slowest.name),
            None => Ok(()),
        }
    }
}
