use std::time::Duration;

use resil_core::{OutOfRange, Setting, Value, setting};

const INTERVAL: &Setting = &setting!("interval", "1ms to 100 years");
const TARGET_REPEAT: &Setting = &setting!("target_repeat", "1ms to the longest pause");
const LONGEST_REPEAT: &Setting = &setting!("target_repeat_longest", "1ms to 100 years");
const PROGRESS_LIMIT: &Setting = &setting!("progress_limit", "1ms to 100 years");

const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The settings of a [`Heartbeat`](crate::Heartbeat) that are plain values: `Copy`, and made by `const` methods.
///
/// ```
/// use resil_heartbeat::{Config, Heartbeat};
/// use std::time::Duration;
///
/// const CONFIG: Config = Config::new().interval(Duration::from_secs(5));
/// let heartbeat = Heartbeat::builder().config(CONFIG).start()?;
/// assert_eq!(heartbeat.config().interval, Duration::from_secs(5));
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a configuration does nothing by itself"]
pub struct Config {
    /// The time between two beats.
    pub interval: Duration,
    /// Whether each beat is on the disk before it counts as written.
    pub fsync: bool,
    /// Whether beats say `starting` until the program says that it is ready.
    pub ready_later: bool,
    /// How long a worker may stand still, unless its ticket says so; `None` is three intervals.
    pub progress_limit: Option<Duration>,
    /// The first pause before the death of the target is told again, and the longest; `None` is never.
    pub target_repeat: Option<(Duration, Duration)>,
}

impl Config {
    /// The time between two beats unless configured otherwise: 10 s.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

    /// The defaults.
    pub const fn new() -> Self {
        let interval = Self::DEFAULT_INTERVAL;
        Self { interval, fsync: false, ready_later: false, progress_limit: None, target_repeat: None }
    }

    /// The time between two beats: 1 ms to 100 years, 10 s unless set.
    pub const fn interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Whether each beat is on the disk before it counts as written; off unless set.
    ///
    /// It costs several milliseconds, and readers do not need it: they see each beat whole either way. Without it, the last beats before
    /// a loss of power may be missing after it.
    pub const fn fsync(self, on: bool) -> Self {
        Self { fsync: on, ..self }
    }

    /// Whether beats say `starting` until [`ready`](crate::Heartbeat::ready) is called; off unless set, and then only the first does.
    pub const fn ready_later(self, on: bool) -> Self {
        Self { ready_later: on, ..self }
    }

    /// How long a worker may stand still, unless its ticket says so: 1 ms to 100 years, three intervals unless set.
    pub const fn progress_limit(self, limit: Duration) -> Self {
        Self { progress_limit: Some(limit), ..self }
    }

    /// Tells the death of the target again while it lasts: after the pause `first`, and then in pauses that double up to `longest`, each
    /// at the first beat after it. Both 1 ms to 100 years. Unless set, it is told once.
    pub const fn target_repeat(self, first: Duration, longest: Duration) -> Self {
        Self { target_repeat: Some((first, longest)), ..self }
    }

    /// Whether every setting is in its range.
    pub const fn check(&self) -> Result<(), OutOfRange> {
        if !is_span(self.interval) {
            return Err(OutOfRange::new(INTERVAL, Value::Span(self.interval)));
        }
        if let Some(limit) = self.progress_limit
            && let Err(error) = check_limit(limit)
        {
            return Err(error);
        }
        match self.target_repeat {
            Some((_, longest)) if !is_span(longest) => {
                Err(OutOfRange::new(LONGEST_REPEAT, Value::Span(longest)))
            }
            Some((first, longest)) if !is_span(first) || first.as_nanos() > longest.as_nanos() => {
                Err(OutOfRange::new(TARGET_REPEAT, Value::Span(first)))
            }
            _ => Ok(()),
        }
    }

    /// How long a worker may stand still whose ticket does not say so.
    pub(crate) fn limit(&self) -> Duration {
        self.progress_limit.unwrap_or_else(|| self.interval.saturating_mul(3).min(MAX_SPAN))
    }
}

/// Whether a worker may be allowed to stand still for so long.
pub(crate) const fn check_limit(limit: Duration) -> Result<(), OutOfRange> {
    if is_span(limit) { Ok(()) } else { Err(OutOfRange::new(PROGRESS_LIMIT, Value::Span(limit))) }
}

/// Whether `span` is one that a setting may have.
const fn is_span(span: Duration) -> bool {
    span.as_millis() > 0 && span.as_nanos() <= MAX_SPAN.as_nanos()
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
