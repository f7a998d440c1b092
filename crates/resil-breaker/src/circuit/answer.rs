use std::borrow::Cow;
use std::time::Duration;

use resil_core::{Moment, Reason};

use crate::stats::Facts;
use crate::{Cause, State};

/// Something that listeners want to hear of.
#[derive(Debug)]
pub(crate) enum News {
    Changed {
        from: State,
        to: State,
        cause: Cause,
        reason: Option<Cow<'static, str>>,
        epoch: u64,
        at: Moment,
        open_for: Option<Duration>,
        before: Facts,
    },
    Exceeded {
        state: State,
        cause: Cause,
        facts: Facts,
    },
}

/// Why a call was not admitted, and when it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// `u64::MAX`: nobody knows.
    pub(crate) retry_after_nanos: u64,
}

impl Refusal {
    /// The refusal of a circuit that stays in `state` until `until`, [`Moment::MAX`] if that has no end.
    #[inline]
    pub(crate) const fn until(state: State, until: Moment, now: Moment) -> Self {
        let reason = match state {
            State::HalfOpen => Reason::CircuitHalfOpen,
            State::ForcedOpen => Reason::CircuitForcedOpen,
            _ => Reason::CircuitOpen,
        };
        let retry_after_nanos = match until {
            Moment::MAX => u64::MAX,
            until => until.as_nanos().saturating_sub(now.as_nanos()),
        };
        Self { reason, retry_after_nanos }
    }

    pub(super) fn for_span(reason: Reason, span: Duration) -> Self {
        Self { reason, retry_after_nanos: u64::try_from(span.as_nanos()).unwrap_or(u64::MAX) }
    }
}

/// What an admitted call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    /// Neither: ignored, cancelled, or never started.
    Neutral,
}

/// Where a result went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It was recorded, or was neutral and freed its slot.
    InTime,
    /// It came too late to count.
    Stale,
    /// Nothing is recorded in this state.
    Unrecorded,
}
