//! Settings of a breaker as plain numbers: the generator makes them, the naive model reads them, and the driver turns them
//! into the real `Config`. All spans are nanoseconds.

use std::fmt;

const SECOND: u64 = 1_000_000_000;

/// What was set; `None` and the values of [`Settings::DEFAULT`] stand for what was left alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) failure_threshold: Option<u32>,
    pub(crate) failure_rate: Option<RateRule>,
    pub(crate) slow_rate: Option<SlowRule>,
    pub(crate) reopen: Reopening,
    pub(crate) half_open_max_calls: u32,
    pub(crate) success_threshold: Option<u32>,
    pub(crate) half_open_failure_rate: Option<u8>,
    pub(crate) probe_timeout: Option<u64>,
    pub(crate) max_half_open: Option<u64>,
    pub(crate) ramp_up: Option<u64>,
    pub(crate) cancel_is_failure: bool,
    pub(crate) counters: bool,
    pub(crate) striped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateRule {
    pub(crate) percent: u8,
    pub(crate) min_calls: u32,
    pub(crate) window: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlowRule {
    pub(crate) slower_than: u64,
    pub(crate) rate: RateRule,
}

/// How far back a window reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Calls(u32),
    Time(u64),
    Slices(u64, u32),
}

/// How long the circuit stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reopening {
    Fixed(u64),
    Exponential { base: u64, tenths: u32, max: u64 },
    ByFunction(Function),
}

/// The functions that are tried as reopening policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// 20 ns for each attempt.
    Rising,
    /// 7 s, then 1 s.
    Falling,
}

impl Function {
    pub(crate) fn delay(self, attempt: u32) -> u64 {
        match self {
            Self::Rising => 20 * u64::from(attempt),
            Self::Falling if attempt == 1 => 7 * SECOND,
            Self::Falling => SECOND,
        }
    }
}

impl Reopening {
    /// The time that the circuit stays open the `attempt`th time in a row.
    pub(crate) fn delay(self, attempt: u32) -> u64 {
        match self {
            Self::Fixed(reset_timeout) => reset_timeout,
            Self::ByFunction(function) => function.delay(attempt),
            Self::Exponential { base, tenths, max } => {
                let mut delay = base;
                for _ in 1..attempt {
                    // The generator chooses numbers for which this leaves no remainder below `max`.
                    delay = (delay * u64::from(tenths) / 10).min(max);
                }
                delay.min(max)
            }
        }
    }

    /// What the other half-open spans default to.
    fn plain(self) -> u64 {
        match self {
            Self::Fixed(reset_timeout) => reset_timeout,
            Self::Exponential { base, .. } => base,
            Self::ByFunction(_) => 60 * SECOND,
        }
    }
}

impl Settings {
    pub(crate) const DEFAULT: Self = Self {
        failure_threshold: None,
        failure_rate: None,
        slow_rate: None,
        reopen: Reopening::Fixed(60 * SECOND),
        half_open_max_calls: 1,
        success_threshold: None,
        half_open_failure_rate: None,
        probe_timeout: None,
        max_half_open: None,
        ramp_up: None,
        cancel_is_failure: false,
        counters: true,
        striped: true,
    };

    /// The failures in a row that trip: five, if no rule of any kind was set.
    pub(crate) fn consecutive(&self) -> Option<u32> {
        let nothing_set =
            self.failure_threshold.is_none() && self.failure_rate.is_none() && self.slow_rate.is_none();
        if nothing_set { Some(5) } else { self.failure_threshold }
    }

    pub(crate) fn successes_that_close(&self) -> u32 {
        self.success_threshold.unwrap_or(self.half_open_max_calls)
    }

    pub(crate) fn lease(&self) -> u64 {
        self.probe_timeout.unwrap_or(self.reopen.plain())
    }

    pub(crate) fn longest_half_open(&self) -> u64 {
        self.max_half_open.unwrap_or(self.reopen.plain())
    }

    /// The same settings with every window `calls` long if it counts calls, else `slices` times `width`.
    pub(crate) fn resized(mut self, calls: u32, slices: u32, width: u64) -> Self {
        let resized = |rule: RateRule| match rule.window {
            Span::Calls(_) => {
                RateRule { window: Span::Calls(calls), min_calls: rule.min_calls.min(calls), ..rule }
            }
            _ => RateRule { window: Span::Slices(u64::from(slices) * width, slices), ..rule },
        };
        self.failure_rate = self.failure_rate.map(resized);
        self.slow_rate = self.slow_rate.map(|rule| SlowRule { rate: resized(rule.rate), ..rule });
        self
    }

    /// The same settings with every span `unit` times as long, except those that a function gives.
    pub(crate) fn in_units_of(mut self, unit: u64) -> Self {
        let rate = |rule: RateRule| RateRule { window: rule.window.in_units_of(unit), ..rule };
        self.failure_rate = self.failure_rate.map(rate);
        self.slow_rate = self
            .slow_rate
            .map(|rule| SlowRule { slower_than: rule.slower_than * unit, rate: rate(rule.rate) });
        self.reopen = match self.reopen {
            Reopening::Fixed(reset_timeout) => Reopening::Fixed(reset_timeout * unit),
            Reopening::Exponential { base, tenths, max } => {
                Reopening::Exponential { base: base * unit, tenths, max: max * unit }
            }
            Reopening::ByFunction(function) => Reopening::ByFunction(function),
        };
        for span in [&mut self.probe_timeout, &mut self.max_half_open, &mut self.ramp_up] {
            *span = span.map(|span| span * unit);
        }
        self
    }
}

impl Span {
    fn in_units_of(self, unit: u64) -> Self {
        // No window may be shorter than a microsecond.
        let unit = unit.max(1_000);
        match self {
            Self::Calls(calls) => Self::Calls(calls),
            Self::Time(span) => Self::Time(span * unit),
            Self::Slices(span, slices) => Self::Slices(span * unit, slices),
        }
    }
}

/// What was set, in the words of the real builder.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config")?;
        if let Some(failures) = self.failure_threshold {
            write!(f, ".failure_threshold({failures})")?;
        }
        if let Some(RateRule { percent, min_calls, window }) = self.failure_rate {
            write!(f, ".failure_rate({percent}, {min_calls}, {window:?})")?;
        }
        if let Some(SlowRule { slower_than, rate: RateRule { percent, min_calls, window } }) = self.slow_rate
        {
            write!(f, ".slow_rate({slower_than}ns, {percent}, {min_calls}, {window:?})")?;
        }
        match self.reopen {
            Reopening::Fixed(span) => write!(f, ".reset_timeout({span}ns)")?,
            Reopening::Exponential { base, tenths, max } => {
                write!(
                    f,
                    ".reopen(exponential {base}ns, factor {}.{}, max {max}ns)",
                    tenths / 10,
                    tenths % 10
                )?;
            }
            Reopening::ByFunction(function) => write!(f, ".reopen(by {function:?})")?,
        }
        if self.half_open_max_calls != 1 {
            write!(f, ".half_open_max_calls({})", self.half_open_max_calls)?;
        }
        if let Some(successes) = self.success_threshold {
            write!(f, ".success_threshold({successes})")?;
        }
        if let Some(percent) = self.half_open_failure_rate {
            write!(f, ".half_open_failure_rate({percent})")?;
        }
        for (name, span) in [
            ("probe_timeout", self.probe_timeout),
            ("max_half_open", self.max_half_open),
            ("ramp_up", self.ramp_up),
        ] {
            if let Some(span) = span {
                write!(f, ".{name}({span}ns)")?;
            }
        }
        if self.cancel_is_failure {
            write!(f, ".on_cancel(Failure)")?;
        }
        if !self.counters {
            write!(f, ".counters(false)")?;
        }
        if !self.striped {
            write!(f, ".striped(false)")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(calls) => write!(f, "calls({calls})"),
            Self::Time(span) => write!(f, "time({span}ns)"),
            Self::Slices(span, slices) => write!(f, "slices({span}ns, {slices})"),
        }
    }
}
