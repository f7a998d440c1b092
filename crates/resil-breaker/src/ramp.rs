use std::time::Duration;

use resil_core::Moment;

/// The time after closing in which the admitted share of the calls rises from none to all.
#[derive(Debug)]
pub(crate) struct Ramp {
    since: Moment,
    /// What has been saved up for the next admission, in parts of [`WHOLE`].
    credit: u64,
}

/// One admission.
const WHOLE: u64 = 1 << 32;

impl Ramp {
    /// The first call is admitted.
    pub(crate) fn start(now: Moment) -> Self {
        Self { since: now, credit: WHOLE }
    }

    /// What is left of the ramp, `None` when it is over.
    pub(crate) fn left(&self, length: Duration, now: Moment) -> Option<Duration> {
        length.checked_sub(now.saturating_duration_since(self.since)).filter(|left| !left.is_zero())
    }

    /// Every call saves up the share that is admitted at its time, and pays a whole to be admitted: evenly spread, and without dice.
    fn credit_at(&self, length: Duration, now: Moment) -> u64 {
        let elapsed = now.saturating_duration_since(self.since).as_nanos();
        let share = elapsed * u128::from(WHOLE) / length.as_nanos().max(1);
        self.credit + u64::try_from(share).unwrap_or(WHOLE).min(WHOLE)
    }

    pub(crate) fn would_admit(&self, length: Duration, now: Moment) -> bool {
        self.credit_at(length, now) >= WHOLE
    }

    pub(crate) fn admit(&mut self, length: Duration, now: Moment) -> bool {
        let credit = self.credit_at(length, now);
        let admitted = credit >= WHOLE;
        self.credit = if admitted { credit - WHOLE } else { credit };
        admitted
    }
}
