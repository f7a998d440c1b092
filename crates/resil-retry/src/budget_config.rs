use resil_core::{OutOfRange, Setting, Value, setting};

const SHARE: &Setting = &setting!("budget.share", "0% to 100%");
const FLOOR: &Setting = &setting!("budget.floor", "0 to 1,000,000 per second");
const CAP: &Setting = &setting!("budget.cap", "1 to 1,000,000 tokens");

const MOST: u32 = 1_000_000;

/// The settings of a [`RetryBudget`](crate::RetryBudget).
///
/// ```
/// use resil_retry::{BudgetConfig, RetryBudget};
///
/// let error = RetryBudget::try_new(BudgetConfig::new(101)).unwrap_err();
/// assert_eq!(error.to_string(), "budget.share: 101% is out of range, allowed is 0% to 100%");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a configuration does nothing by itself"]
pub struct BudgetConfig {
    /// How many retries there may be for a hundred calls: 0 to 100.
    pub share_percent: u8,
    /// How many there may be beside that, at once and then each second: 0 to 1,000,000, by default 10.
    pub floor_per_second: u32,
    /// How many tokens are banked at most while calls succeed: 1 to 1,000,000, by default 100.
    pub cap: u32,
}

impl BudgetConfig {
    /// So many retries for a hundred calls, and the defaults: 10 per second beside that, 100 tokens banked at most.
    pub const fn new(share_percent: u8) -> Self {
        Self { share_percent, floor_per_second: 10, cap: 100 }
    }

    /// How many retries there may be beside the share, at once and then each second: 0 to 1,000,000.
    pub const fn floor(mut self, per_second: u32) -> Self {
        self.floor_per_second = per_second;
        self
    }

    /// How many tokens are banked at most while calls succeed: 1 to 1,000,000.
    pub const fn cap(mut self, tokens: u32) -> Self {
        self.cap = tokens;
        self
    }

    /// The first setting that is out of its range, if there is one.
    ///
    /// # Errors
    /// It says which setting, its value and the range.
    pub const fn check(&self) -> Result<(), OutOfRange> {
        if self.share_percent > 100 {
            return Err(OutOfRange::new(SHARE, Value::Percent(self.share_percent)));
        }
        if self.floor_per_second > MOST {
            return Err(OutOfRange::new(FLOOR, Value::Count(self.floor_per_second as u64)));
        }
        if self.cap == 0 || self.cap > MOST {
            return Err(OutOfRange::new(CAP, Value::Count(self.cap as u64)));
        }
        Ok(())
    }
}
