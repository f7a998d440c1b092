use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use resil_core::{Moment, Name};

/// A silence that has lasted too long: whose, since when, and why it was told. What `on_timeout` is called with.
///
/// ```
/// use resil_watchdog::{ManualClock, Watchdog};
/// use std::{sync::mpsc, time::Duration};
///
/// let (tell, told) = mpsc::channel();
/// let clock = ManualClock::new();
/// let dog = Watchdog::new(Duration::from_secs(4))
///     .named("jobs")
///     .on_timeout(move |silence| tell.send(silence.to_string()).unwrap())
///     .clock(clock.clone())
///     .start()?;
/// let worker = dog.pinger("worker-3");
/// worker.ping_with("row 7");
/// dog.look(); // as the monitor does, each second
/// for _ in 0..4 {
///     clock.advance(Duration::from_secs(1));
///     dog.look();
/// }
/// assert_eq!(told.recv().unwrap(), "jobs: worker-3: silent for 4.0s, last note: row 7");
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Silence {
    /// The watchdog's name.
    pub watchdog: Name,
    /// Who is silent; `None` is whoever pings the watchdog itself, or the state file.
    pub who: Option<Cow<'static, str>>,
    /// Since when, on the watchdog's clock: when the last sign of life was seen, or the watch began. Time that the whole process was
    /// asleep is left out, so this moves on meanwhile.
    pub since: Moment,
    /// How long it has lasted.
    pub lasted: Duration,
    /// Why it was told.
    pub cause: Cause,
    /// What came with the last [`ping_with`](crate::Pinger::ping_with).
    pub note: Option<Cow<'static, str>>,
    /// How often it has been told, this time included.
    pub times: u32,
}

/// Why a [`Silence`] was told: the verdict.
///
/// ```
/// use resil_watchdog::{Cause, Silence};
///
/// fn is_worth_a_call(silence: &Silence) -> bool {
///     matches!(&silence.cause, Cause::Worker { .. }) || silence.times > 3
/// }
/// # let _ = is_worth_a_call;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cause {
    /// No ping came.
    NoPing,
    /// A worker of a tokio runtime has not come back from what it does.
    #[non_exhaustive]
    Worker {
        /// Its index.
        index: usize,
        /// How many workers the runtime has.
        of: usize,
    },
    /// A state file is neither fresh nor says that its writer has stopped.
    #[non_exhaustive]
    File {
        /// Where it is.
        path: PathBuf,
        /// What its reader says of it.
        verdict: Cow<'static, str>,
    },
}

impl Silence {
    /// What is told, as pairs of a name and a value.
    pub(crate) fn context(&self) -> Vec<(&'static str, String)> {
        let mut context = vec![
            ("watchdog", self.watchdog.to_string()),
            ("who", self.who.clone().unwrap_or_default().into_owned()),
            ("seconds", format!("{:.3}", self.lasted.as_secs_f64())),
            ("times", self.times.to_string()),
        ];
        if let Some(note) = &self.note {
            context.push(("note", note.to_string()));
        }
        match &self.cause {
            Cause::NoPing => {}
            Cause::Worker { index, .. } => context.push(("worker", index.to_string())),
            Cause::File { path, verdict } => {
                context.push(("path", path.display().to_string()));
                context.push(("verdict", verdict.to_string()));
            }
        }
        context
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.watchdog)?;
        if let Some(who) = &self.who {
            write!(f, "{who}: ")?;
        }
        match &self.cause {
            Cause::NoPing => write!(f, "silent for {:.1?}", self.lasted)?,
            Cause::Worker { .. } => write!(f, "blocked for {:.1?}", self.lasted)?,
            Cause::File { path, verdict } => {
                write!(f, "{}: {verdict}, not seen alive for {:.1?}", path.display(), self.lasted)?;
            }
        }
        if let Some(note) = &self.note {
            write!(f, ", last note: {note}")?;
        }
        if self.times > 1 {
            write!(f, ", told {} times", self.times)?;
        }
        Ok(())
    }
}
