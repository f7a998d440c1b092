use std::time::Duration;

use resil_core::{OutOfRange, Setting, Value, setting};

use crate::ward::Terms;

const TIMEOUT: &Setting = &setting!("timeout", "4ms to 100 years");
const MAX_AGE: &Setting = &setting!("max_age", "1ms to 100 years");
const LOOK_INTERVAL: &Setting = &setting!("check_interval", "1ms to a quarter of the timeout, at most 1s");
const CHECK_INTERVAL: &Setting = &setting!("check_interval", "1ms to 100 years");
const STARTUP_GRACE: &Setting = &setting!("startup_grace", "0 to 100 years");
const REPEAT: &Setting = &setting!("repeat_every", "1ms to 100 years");

/// No sum of such spans overflows a [`Moment`](crate::Moment).
const MAX_SPAN: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

const MILLISECOND: Duration = Duration::from_millis(1);

/// The longest time between two looks at pings.
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// The settings of a [`Watchdog`](crate::Watchdog).
///
/// ```
/// use resil_watchdog::{Config, Watchdog};
/// use std::time::Duration;
///
/// let mut config = Config::new();
/// config.timeout = Duration::from_secs(10);
/// config.repeat_every = Some(Duration::from_secs(60));
/// let dog = Watchdog::with_config(config).start()?;
/// assert_eq!(dog.config().check_interval, Some(Duration::from_secs(1))); // what was left open is filled in
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a configuration does nothing by itself"]
pub struct Config {
    /// How long a silence may last: 4 ms to 100 years. Of a state file, its greatest age, `max_age`: 1 ms to 100 years.
    pub timeout: Duration,
    /// The time between two looks. At pings: 1 ms to a quarter of the timeout and at most 1 s, which it is unless set. At a state file:
    /// 1 ms to 100 years, half of the greatest age unless set.
    pub check_interval: Option<Duration>,
    /// How long the first sign of life may take: 0 to 100 years, the timeout unless set.
    pub startup_grace: Option<Duration>,
    /// How often to tell of a silence again while it lasts: 1 ms to 100 years; `None` is once.
    pub repeat_every: Option<Duration>,
    /// Whether [`Watchdog::ping`](crate::Watchdog::ping) counts, which costs it an atomic addition.
    pub counted: bool,
}

impl Config {
    /// The timeout unless configured otherwise: 30 s.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

    /// The defaults: 30 s, told once, pings not counted.
    pub const fn new() -> Self {
        Self {
            timeout: Self::DEFAULT_TIMEOUT,
            check_interval: None,
            startup_grace: None,
            repeat_every: None,
            counted: false,
        }
    }

    /// Whether every setting is in its range, for a watchdog of pings.
    pub const fn check(&self) -> Result<(), OutOfRange> {
        if !is_within(self.timeout, Duration::from_millis(4)) {
            return Err(OutOfRange::new(TIMEOUT, Value::Span(self.timeout)));
        }
        if let Some(interval) = self.check_interval
            && !(is_within(interval, MILLISECOND) && interval.as_nanos() <= self.tick().as_nanos())
        {
            return Err(OutOfRange::new(LOOK_INTERVAL, Value::Span(interval)));
        }
        self.check_the_rest()
    }

    /// Whether every setting is in its range, for a watchdog of a state file.
    pub const fn check_for_file(&self) -> Result<(), OutOfRange> {
        if !is_within(self.timeout, MILLISECOND) {
            return Err(OutOfRange::new(MAX_AGE, Value::Span(self.timeout)));
        }
        if let Some(interval) = self.check_interval
            && !is_within(interval, MILLISECOND)
        {
            return Err(OutOfRange::new(CHECK_INTERVAL, Value::Span(interval)));
        }
        self.check_the_rest()
    }

    const fn check_the_rest(&self) -> Result<(), OutOfRange> {
        if let Some(grace) = self.startup_grace
            && !is_within(grace, Duration::ZERO)
        {
            return Err(OutOfRange::new(STARTUP_GRACE, Value::Span(grace)));
        }
        if let Some(period) = self.repeat_every
            && !is_within(period, MILLISECOND)
        {
            return Err(OutOfRange::new(REPEAT, Value::Span(period)));
        }
        Ok(())
    }

    /// The longest time between two looks at pings.
    const fn tick(&self) -> Duration {
        match self.timeout.checked_div(4) {
            Some(quarter) if quarter.as_nanos() < LONGEST_TICK.as_nanos() => quarter,
            _ => LONGEST_TICK,
        }
    }

    /// The same, with what was left open.
    pub(crate) fn filled_in(self, is_for_file: bool) -> Self {
        let interval = if is_for_file { (self.timeout / 2).max(MILLISECOND) } else { self.tick() };
        Self {
            check_interval: Some(self.check_interval.unwrap_or(interval)),
            startup_grace: Some(self.startup_grace.unwrap_or(self.timeout)),
            ..self
        }
    }

    /// What the machine goes by, once all is filled in.
    pub(crate) fn terms(&self, is_for_file: bool) -> Terms {
        Terms {
            timeout: self.timeout,
            grace: self.startup_grace.unwrap_or(self.timeout),
            tick: self.check_interval.unwrap_or(LONGEST_TICK),
            repeat: self.repeat_every,
            judged: is_for_file,
        }
    }
}

/// Whether `span` is at least `least`, and not too long.
const fn is_within(span: Duration, least: Duration) -> bool {
    span.as_nanos() >= least.as_nanos() && span.as_nanos() <= MAX_SPAN.as_nanos()
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
