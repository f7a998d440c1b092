//! Who was given permits when, and whether those are too many in any span of time.

use resil_ratelimit::Quota;

/// What was given, without what came back.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Vec<(u64, u32)>);

impl Ledger {
    pub(crate) fn enter(&mut self, at: u64, permits: u32) {
        self.0.push((at, permits));
    }

    /// Looks at every span that begins and ends with an admission, with the nominal rate, in whole numbers.
    pub(crate) fn check(&self, quota: Quota) -> Result<(), String> {
        let mut given = self.0.clone();
        given.sort_unstable();
        for first in 0..given.len() {
            let (from, mut sum) = (given[first].0, 0_u128);
            for &(to, permits) in &given[first..] {
                sum += u128::from(permits);
                let by_rate = u128::from(to - from) * u128::from(quota.permits()) / quota.period().as_nanos();
                let allowed = u128::from(quota.burst_size()) + by_rate;
                if sum > allowed {
                    return Err(format!(
                        "{sum} permits of {allowed} from {from} to {to} ns: {given:?}, {quota:?}"
                    ));
                }
            }
        }
        Ok(())
    }
}
