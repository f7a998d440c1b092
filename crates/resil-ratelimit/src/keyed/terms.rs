use resil_core::Moment;

use crate::gcra::Gcra;
use crate::{Quota, QuotaError};

/// A quota as a shard keeps it, in 24 bytes: some keys have their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    interval: u64,
    capacity: u64,
    per_nano: u32,
    initial: u32,
}

impl Terms {
    pub(super) fn of(quota: Quota) -> Result<Self, QuotaError> {
        let Gcra { per_nano, interval, capacity } = Gcra::of(quota)?;
        #[expect(clippy::cast_possible_truncation, reason = "at most 32 ticks in a nanosecond")]
        let per_nano = per_nano as u32;
        Ok(Self { interval, capacity, per_nano, initial: quota.initial_permits() })
    }

    #[inline]
    pub(super) fn gcra(self) -> Gcra {
        Gcra { per_nano: self.per_nano.into(), interval: self.interval, capacity: self.capacity }
    }

    /// The TAT of a key that comes for the first time, at `now`.
    pub(super) fn first_tat(self, now: Moment) -> u64 {
        let gcra = self.gcra();
        gcra.tat_with(self.initial, gcra.ticks(now))
    }

    /// The TAT of a key that begins anew, after the instants that were promised to those who wait.
    pub(super) fn tat_after_reset(self, tat: u64, now: Moment) -> u64 {
        let gcra = self.gcra();
        gcra.tat_with(self.initial, gcra.first_free(tat, gcra.ticks(now)))
    }

    /// When an entry becomes idle: as good as none.
    #[inline]
    pub(super) fn idle_at(self, tat: u64) -> Moment {
        self.gcra().moment(tat)
    }
}
