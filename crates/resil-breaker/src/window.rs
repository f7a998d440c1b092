use std::time::Duration;

use crate::call_window::CallWindow;
use crate::config_error::{ConfigError, Value, nanos_in_range, range};
use crate::time_window::TimeWindow;
use resil_core::Moment;

/// Over which outcomes a rate is taken: the last so many calls, or those of the last so much time.
///
/// ```
/// use resil_breaker::Window;
/// use std::time::Duration;
///
/// let last_hundred = Window::calls(100);
/// let last_half_minute = Window::time(Duration::from_secs(30)); // in 10 slices of 3 s
/// let finer = Window::slices(Duration::from_secs(30), 60);
/// # let _ = (last_hundred, last_half_minute, finer);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Window {
    /// The last so many calls, 1 to 1,000,000. One bit each.
    Calls(u32),
    /// The calls of the last so much time.
    Time {
        /// How much time, 1 µs to 100 years.
        span: Duration,
        /// In how many steps it slides, 1 to 1,000. 16 bytes each.
        slices: u32,
    },
}

impl Window {
    /// The last `count` calls: 1 to 1,000,000.
    pub const fn calls(count: u32) -> Self {
        Self::Calls(count)
    }

    /// The calls of the last `span`, sliding in ten steps: 1 µs to 100 years.
    pub const fn time(span: Duration) -> Self {
        Self::Time { span, slices: 10 }
    }

    /// The calls of the last `span`, sliding in `slices` steps (1 to 1,000). What does not divide is rounded up by less than a
    /// nanosecond per slice.
    pub const fn slices(span: Duration, slices: u32) -> Self {
        Self::Time { span, slices }
    }

    pub(crate) const fn check(self) -> Result<Frame, ConfigError> {
        match self {
            Self::Calls(count @ 1..=1_000_000) => Ok(Frame::Calls(count)),
            Self::Calls(count) => Err(ConfigError::new(range::WINDOW_CALLS, Value::Count(count as u64))),
            Self::Time { slices, .. } if slices == 0 || slices > 1_000 => {
                Err(ConfigError::new(range::WINDOW_SLICES, Value::Count(slices as u64)))
            }
            Self::Time { span, slices } => match nanos_in_range(range::WINDOW_TIME, span) {
                Ok(span_nanos @ 1_000..) => Ok(Frame::Time { span_nanos, slices }),
                Ok(_) => Err(ConfigError::new(range::WINDOW_TIME, Value::Span(span))),
                Err(error) => Err(error),
            },
        }
    }
}

/// A [`Window`] that has been checked, in the form in which a `Config` holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Calls(u32),
    Time { span_nanos: u64, slices: u32 },
}

impl Frame {
    pub(crate) const fn window(self) -> Window {
        match self {
            Self::Calls(count) => Window::Calls(count),
            Self::Time { span_nanos, slices } => {
                Window::Time { span: Duration::from_nanos(span_nanos), slices }
            }
        }
    }

    /// The most calls that the window can hold.
    pub(crate) const fn capacity(self) -> u64 {
        match self {
            Self::Calls(count) => count as u64,
            Self::Time { .. } => u64::MAX,
        }
    }

    pub(crate) const fn is_time(self) -> bool {
        matches!(self, Self::Time { .. })
    }
}

/// How many calls a window holds, and how many of them were bad: failed or slow, as its rule sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) calls: u64,
    pub(crate) bad: u64,
}

/// The outcomes that a window holds.
#[derive(Debug)]
pub(crate) enum Outcomes {
    Calls(CallWindow),
    Time(TimeWindow),
}

impl Outcomes {
    pub(crate) fn new(frame: Frame) -> Self {
        match frame {
            Frame::Calls(count) => Self::Calls(CallWindow::new(count)),
            Frame::Time { span_nanos, slices } => Self::Time(TimeWindow::new(span_nanos, slices)),
        }
    }

    /// An empty window of another frame, with the outcomes of this one as far as it can hold them.
    pub(crate) fn reframed(&self, frame: Frame) -> Self {
        match (self, frame) {
            (Self::Calls(calls), Frame::Calls(count)) => Self::Calls(calls.resized(count)),
            (Self::Time(time), Frame::Time { span_nanos, slices }) => {
                Self::Time(time.resliced(span_nanos, slices))
            }
            _ => Self::new(frame),
        }
    }

    pub(crate) fn record(&mut self, bad: bool, now: Moment) {
        match self {
            Self::Calls(calls) => calls.push(1, u32::from(bad)),
            Self::Time(time) => {
                time.advance(now);
                time.add(1, u64::from(bad));
            }
        }
    }

    /// What the window holds as of its newest outcome.
    pub(crate) fn share(&self) -> Share {
        match self {
            Self::Calls(calls) => calls.share(),
            Self::Time(time) => time.share(),
        }
    }

    /// What the window holds at `now`.
    pub(crate) fn share_at(&self, now: Moment) -> Share {
        match self {
            Self::Calls(calls) => calls.share(),
            Self::Time(time) => time.share_at(now),
        }
    }

    /// Until when outcomes may be added to the newest slice, `None` if time plays no part.
    pub(crate) fn slice_end(&self) -> Option<Moment> {
        match self {
            Self::Calls(_) => None,
            Self::Time(time) => Some(time.slice_end()),
        }
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Self::Calls(calls) => calls.clear(),
            Self::Time(time) => time.clear(),
        }
    }
}
