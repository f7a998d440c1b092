use std::fmt;

use resil_core::{Name, Notice, Severity, TimedOut};

/// What a [`Timeout`](crate::Timeout) tells its listeners.
///
/// ```
/// use resil_timeout::{Deadline, Event, Moment, Timeout};
/// use std::time::Duration;
///
/// let timeout = Timeout::new(Duration::from_secs(2)).named("payments");
/// timeout.observe(|event| {
///     if let Event::Expired(cutoff) = event {
///         println!("{} was not called: {}", cutoff.name, cutoff.limit);
///     }
/// }).forget();
/// let over = Deadline::at(Moment::ZERO).named("checkout");
/// let _ = over.scope_blocking(|| timeout.call(|| Ok::<_, ()>(42)));
/// # assert_eq!((timeout.stats().expired, timeout.stats().listener_panics), (1, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// A call was cut off.
    TimedOut(Cutoff),
    /// A call was not started, because there was no time left.
    Expired(Cutoff),
}

/// Which timeout cut a call off, and which limit was over: its own, or that of a deadline around it.
///
/// ```
/// use resil_timeout::{Config, Event, ManualClock, Timeout};
/// use std::time::Duration;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let clock = ManualClock::new();
/// let timeout = Timeout::with_clock("payments".into(), Config::new(Duration::from_secs(2)), clock.clone());
/// timeout.observe(|event| {
///     if let Event::TimedOut(cutoff) = event {
///         assert_eq!(cutoff.limit.to_string(), "payments: timed out after 2s");
///     }
/// }).forget();
/// let call = timeout.run_with(clock.clone(), std::future::pending::<()>());
/// let (cut, ()) = tokio::join!(call, async { clock.advance(Duration::from_secs(2)) });
/// assert!(cut.is_err());
/// # assert_eq!((timeout.stats().timed_out, timeout.stats().listener_panics), (1, 0));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Cutoff {
    /// The timeout's name.
    pub name: Name,
    /// The limit that was over, with its own name.
    pub limit: TimedOut,
}

impl Event {
    const fn cutoff(&self) -> Cutoff {
        match *self {
            Self::TimedOut(cutoff) | Self::Expired(cutoff) => cutoff,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cutoff { name, limit } = self.cutoff();
        if limit.name() != name {
            write!(f, "{name}: ")?;
        }
        limit.fmt(f)?;
        match self {
            Self::TimedOut(_) => Ok(()),
            Self::Expired(_) => f.write_str(", not started"),
        }
    }
}

impl Notice for Event {
    fn name(&self) -> Name {
        self.cutoff().name
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::TimedOut(_) => "timed_out",
            Self::Expired(_) => "expired",
        }
    }

    fn severity(&self) -> Severity {
        Severity::Debug
    }
}
