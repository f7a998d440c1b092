use std::fmt;
use std::time::Duration;

use crate::config_error::{ConfigError, Setting, Value, nanos_in_range, range};
use crate::reopen::Delay;
use crate::window::Frame;
use crate::{Reopen, Settings, Window};

/// The settings of a circuit breaker: `Copy`, and made by `const` methods, so that it can stand in a `static`.
///
/// A value that is out of its range is kept as the error that [`check`](Config::check) and the fallible constructors return; the
/// `const` ones refuse to compile with it.
///
/// ```
/// use resil_breaker::{Config, Window};
/// use std::time::Duration;
///
/// const CONFIG: Config = Config::new()
///     .failure_rate(50, 20, Window::time(Duration::from_secs(30))) // half of at least 20 calls
///     .slow_rate(Duration::from_secs(2), 80, 20, Window::time(Duration::from_secs(30)))
///     .reset_timeout(Duration::from_secs(10))
///     .half_open_max_calls(3);
/// assert_eq!(CONFIG.check(), Ok(()));
/// println!("{:#?}", CONFIG.settings());
/// ```
#[derive(Clone, Copy, PartialEq)]
#[must_use = "a configuration does nothing by itself"]
pub struct Config {
    /// 0: not set.
    pub(crate) failure_threshold: u32,
    pub(crate) half_open_max_calls: u32,
    /// 0: as `half_open_max_calls`.
    pub(crate) success_threshold: u32,
    /// 0: the first failure reopens.
    half_open_failure_rate: u8,
    pub(crate) on_cancel: OnCancel,
    pub(crate) counters: bool,
    pub(crate) striped: bool,
    pub(crate) failure_rate: Option<RateRule>,
    pub(crate) slow_rate: Option<SlowRule>,
    pub(crate) reopen: Delay,
    /// Nanoseconds, 0: as the first reset timeout.
    pub(crate) probe_timeout: u64,
    /// Nanoseconds, 0: as the first reset timeout.
    pub(crate) max_half_open: u64,
    /// Nanoseconds, 0: none.
    pub(crate) ramp_up: u64,
    /// The first setting that was out of range.
    fault: Option<ConfigError>,
}

/// When so many percent of the calls in a window are bad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RateRule {
    pub(crate) percent: u8,
    pub(crate) min_calls: u32,
    pub(crate) frame: Frame,
}

/// A [`RateRule`] on calls that took longer than a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SlowRule {
    pub(crate) slower_than: u64,
    pub(crate) rate: RateRule,
}

/// What a call counts as whose caller gave it up.
///
/// ```
/// use resil_breaker::{Config, OnCancel};
/// let config = Config::new().on_cancel(OnCancel::Failure);
/// # assert!(config.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnCancel {
    /// Neither success nor failure: the caller's haste says nothing about the other side.
    #[default]
    Ignore,
    /// A failure: for callers that give up only because the other side is slow.
    Failure,
}

impl Config {
    /// How long the circuit stays open unless configured otherwise: 60 s.
    pub const DEFAULT_RESET_TIMEOUT: Duration = Duration::from_secs(60);

    /// How many failures in a row open the circuit if no rule is set: 5.
    pub const DEFAULT_FAILURE_THRESHOLD: u32 = 5;

    /// The defaults: 5 failures in a row open the circuit for 60 s, then one successful probe closes it.
    pub const fn new() -> Self {
        Self {
            failure_threshold: 0,
            half_open_max_calls: 1,
            success_threshold: 0,
            half_open_failure_rate: 0,
            on_cancel: OnCancel::Ignore,
            counters: true,
            striped: true,
            failure_rate: None,
            slow_rate: None,
            reopen: Delay::Fixed(60_000_000_000),
            probe_timeout: 0,
            max_half_open: 0,
            ramp_up: 0,
            fault: None,
        }
    }

    /// For production: 5 failures in a row open it for 60 s, then 3 successes of up to 5 probes at once close it.
    pub const fn production() -> Self {
        Self::new().failure_threshold(5).half_open_max_calls(5).success_threshold(3)
    }

    /// For development: as [`production`](Config::production), but open for 5 s only and closed by the first success.
    pub const fn development() -> Self {
        Self::new().failure_threshold(5).reset_timeout(Duration::from_secs(5))
    }

    /// Opens after `n` failures in a row, 1 or more. The default of 5 holds only while no rule is set; several rules may be.
    pub const fn failure_threshold(mut self, n: u32) -> Self {
        self.failure_threshold = n;
        self.require(n >= 1, range::FAILURE_THRESHOLD, Value::Count(n as u64))
    }

    /// Opens when at least `percent` (1 to 100) of the calls in `window` failed, once it holds `min_calls` (1 or more).
    pub const fn failure_rate(mut self, percent: u8, min_calls: u32, window: Window) -> Self {
        match RateRule::checked(range::FAILURE_RATE, percent, min_calls, window) {
            Ok(rule) => self.failure_rate = Some(rule),
            Err(error) => return self.faulty(error),
        }
        self
    }

    /// Opens when at least `percent` (1 to 100) of the calls in `window` took longer than `slower_than` (1 ns to 100 years), once it
    /// holds `min_calls` (1 or more). Also failed calls count as slow. Each call reads the clock when it begins and when it ends.
    pub const fn slow_rate(
        mut self,
        slower_than: Duration,
        percent: u8,
        min_calls: u32,
        window: Window,
    ) -> Self {
        match (
            nanos_in_range(range::SLOW_CALL, slower_than),
            RateRule::checked(range::SLOW_CALL_RATE, percent, min_calls, window),
        ) {
            (Ok(slower_than), Ok(rate)) => self.slow_rate = Some(SlowRule { slower_than, rate }),
            (Err(error), _) | (_, Err(error)) => return self.faulty(error),
        }
        self
    }

    /// How long the circuit stays open: 1 ns to 100 years, by default 60 s.
    pub const fn reset_timeout(self, reset_timeout: Duration) -> Self {
        self.reopen(Reopen::fixed(reset_timeout))
    }

    /// How long the circuit stays open, growing from opening to opening.
    pub const fn reopen(mut self, reopen: Reopen) -> Self {
        match reopen.check() {
            Ok(delay) => self.reopen = delay,
            Err(error) => return self.faulty(error),
        }
        self
    }

    /// How many probes may be in flight at once while half-open: 1 to 1,000, by default 1.
    pub const fn half_open_max_calls(mut self, n: u32) -> Self {
        self.half_open_max_calls = n;
        self.require(n >= 1 && n <= 1_000, range::HALF_OPEN_MAX_CALLS, Value::Count(n as u64))
    }

    /// How many successes close the circuit: 1 or more, by default as many as [`half_open_max_calls`](Config::half_open_max_calls).
    pub const fn success_threshold(mut self, n: u32) -> Self {
        self.success_threshold = n;
        self.require(n >= 1, range::SUCCESS_THRESHOLD, Value::Count(n as u64))
    }

    /// Reopens not at the first failed probe, but once failures reach `percent` (1 to 100) of
    /// [`success_threshold`](Config::success_threshold).
    pub const fn half_open_failure_rate(mut self, percent: u8) -> Self {
        self.half_open_failure_rate = percent;
        self.require(is_percent(percent), range::HALF_OPEN_FAILURE_RATE, Value::Percent(percent))
    }

    /// After which time a probe that has not settled gives up its slot: 1 ns to 100 years, by default the first reset timeout.
    pub const fn probe_timeout(mut self, span: Duration) -> Self {
        match nanos_in_range(range::PROBE_TIMEOUT, span) {
            Ok(nanos) => self.probe_timeout = nanos,
            Err(error) => return self.faulty(error),
        }
        self
    }

    /// After which time without a verdict the half-open circuit opens again: 1 ns to 100 years, by default the first reset timeout.
    pub const fn max_half_open(mut self, span: Duration) -> Self {
        match nanos_in_range(range::MAX_HALF_OPEN, span) {
            Ok(nanos) => self.max_half_open = nanos,
            Err(error) => return self.faulty(error),
        }
        self
    }

    /// Over which time the admitted share of the calls rises after probes have closed the circuit: 1 ns to 100 years, by default
    /// all calls are admitted at once.
    pub const fn ramp_up(mut self, span: Duration) -> Self {
        match nanos_in_range(range::RAMP_UP, span) {
            Ok(nanos) => self.ramp_up = nanos,
            Err(error) => return self.faulty(error),
        }
        self
    }

    /// What a call counts as whose caller gave it up; by default neither success nor failure.
    pub const fn on_cancel(mut self, on_cancel: OnCancel) -> Self {
        self.on_cancel = on_cancel;
        self
    }

    /// Whether successes and refusals are counted, by default yes. Without, neither of them writes to memory while nothing changes,
    /// and [`Stats`](crate::Stats) has none of them.
    pub const fn counters(mut self, counted: bool) -> Self {
        self.counters = counted;
        self
    }

    /// Whether counters may spread over cache lines (128 bytes each, one per processor) once several threads are seen; by default yes.
    pub const fn striped(mut self, striped: bool) -> Self {
        self.striped = striped;
        self
    }

    /// The first setting that is out of its range, if there is one.
    pub const fn check(&self) -> Result<(), ConfigError> {
        match self.fault {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// The settings with their names, the defaults filled in.
    pub fn settings(&self) -> Settings {
        Settings::of(self)
    }

    const fn faulty(mut self, error: ConfigError) -> Self {
        if self.fault.is_none() {
            self.fault = Some(error);
        }
        self
    }

    const fn require(self, in_range: bool, setting: &'static Setting, value: Value) -> Self {
        if in_range { self } else { self.faulty(ConfigError::new(setting, value)) }
    }

    /// The consecutive rule that holds, if one does.
    pub(crate) const fn consecutive(&self) -> Option<u32> {
        match self.failure_threshold {
            0 if self.failure_rate.is_none() && self.slow_rate.is_none() => {
                Some(Self::DEFAULT_FAILURE_THRESHOLD)
            }
            0 => None,
            n => Some(n),
        }
    }

    pub(crate) const fn probes_at_once(&self) -> usize {
        self.half_open_max_calls as usize
    }

    pub(crate) const fn successes_to_close(&self) -> u32 {
        if self.success_threshold == 0 { self.half_open_max_calls } else { self.success_threshold }
    }

    pub(crate) const fn half_open_rate(&self) -> Option<u8> {
        if self.half_open_failure_rate == 0 { None } else { Some(self.half_open_failure_rate) }
    }

    pub(crate) const fn probe_lease(&self) -> Duration {
        self.or_first_timeout(self.probe_timeout)
    }

    pub(crate) const fn half_open_limit(&self) -> Duration {
        self.or_first_timeout(self.max_half_open)
    }

    pub(crate) const fn ramp(&self) -> Option<Duration> {
        if self.ramp_up == 0 { None } else { Some(Duration::from_nanos(self.ramp_up)) }
    }

    const fn or_first_timeout(&self, nanos: u64) -> Duration {
        if nanos == 0 { self.reopen.first() } else { Duration::from_nanos(nanos) }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Some(error) => f.debug_tuple("Config").field(&error).finish(),
            None => self.settings().fmt(f),
        }
    }
}

impl RateRule {
    const fn checked(
        setting: &'static Setting,
        percent: u8,
        min_calls: u32,
        window: Window,
    ) -> Result<Self, ConfigError> {
        let frame = match window.check() {
            Ok(frame) => frame,
            Err(error) => return Err(error),
        };
        if !is_percent(percent) {
            return Err(ConfigError::new(setting, Value::Percent(percent)));
        }
        if min_calls == 0 {
            return Err(ConfigError::new(range::MIN_CALLS, Value::Count(0)));
        }
        if min_calls as u64 > frame.capacity() {
            return Err(ConfigError::new(range::MIN_CALLS_OF_WINDOW, Value::Count(min_calls as u64)));
        }
        Ok(Self { percent, min_calls, frame })
    }
}

const fn is_percent(percent: u8) -> bool {
    percent >= 1 && percent <= 100
}
