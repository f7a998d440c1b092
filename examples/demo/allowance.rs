//! How many retries the guarded side allows itself: the budget that it has in common for all its calls.

use std::fmt;
use std::time::Duration;

/// A share of the calls, so many per second beside that, and so many that are banked while all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) share_percent: u8,
    pub(crate) floor: u32,
    pub(crate) banked: u32,
}

impl Allowance {
    /// A fifth of the calls; beside that, of the ordinary load, a twentieth, and a tenth of a second's in the bank.
    pub(crate) fn for_load(rate: u32) -> Self {
        Self { share_percent: 20, floor: rate.div_ceil(20), banked: rate.div_ceil(10) }
    }

    /// How many retries there may be of `calls` from the beginning of the run to `end`: not one more.
    pub(crate) fn until(self, end: Duration, calls: u32) -> u32 {
        let seconds = end.as_nanos().div_ceil(1_000_000_000);
        let floor = u64::from(self.floor) * (1 + u64::try_from(seconds).unwrap_or(u64::MAX));
        let share = u64::from(calls) * u64::from(self.share_percent) / 100;
        u32::try_from(share + floor).unwrap_or(u32::MAX)
    }

    /// How many there may be of `calls` that begin in a part of the run which lasts so long.
    pub(crate) fn within(self, length: Duration, calls: u32) -> u32 {
        // What was left of a token may be filled up.
        self.banked + 1 + self.until(length, calls)
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { share_percent, floor, banked } = self;
        write!(f, "{share_percent} for 100 calls, {floor} per second beside that, {banked} banked at most")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resil::Moment;
    use resil::pipeline::RetryBudget;
    use resil::pipeline::retry::{BudgetConfig, Token};

    #[test]
    fn the_budget_gives_what_is_allowed_and_not_one_more() -> Result<(), resil::OutOfRange> {
        for rate in [20, 33, 200, 1000] {
            let allowance = Allowance::for_load(rate);
            let Allowance { share_percent, floor, banked } = allowance;
            let config = BudgetConfig::new(share_percent).floor(floor).cap(banked);
            let budget = RetryBudget::try_new(config)?;
            // Each call asks for more than it could get.
            let calls = rate * 3;
            let mut given = 0;
            for call in 0..calls {
                let now = Duration::from_secs(call.into()) / rate;
                budget.deposit();
                let now = Moment::from_nanos(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
                given += u32::from(budget.withdraw(now).map(Token::spend).is_some());
                given += u32::from(budget.withdraw(now).map(Token::spend).is_some());
            }
            let allowed = allowance.until(Duration::from_secs(3), calls);
            assert!(
                given <= allowed && given + 2 * allowance.floor >= allowed,
                "{rate}: {given} of {allowed}"
            );
        }
        Ok(())
    }

    #[test]
    fn an_allowance_reads_as_a_sentence() {
        let text = Allowance::for_load(200).to_string();
        assert_eq!(text, "20 for 100 calls, 10 per second beside that, 20 banked at most");
    }
}
