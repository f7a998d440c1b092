use std::fmt;

use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::{Moment, OutOfRange, const_fn, seeded_bug};

use crate::allowance::{TOKEN, banked, from_floor, withdrawn};
use crate::{BudgetConfig, BudgetStats};

/// A budget of retries that many calls share, so that they do not pile up when what they call is down.
///
/// Each call deposits a share of a token, and each retry withdraws a whole one before its wait. So while everything fails, the attempts
/// are at most `(1 + share) · calls + floor`, and one `floor` more for each second; for calls that have succeeded before that, up to `cap`
/// tokens are banked. Whoever gets no token gets its last error at once.
///
/// A deposit is one atomic addition; no lock is ever taken. Handles that share a budget have to be on the same clock.
///
/// ```
/// use resil_retry::{Config, Retry, RetryBudget};
///
/// static BUDGET: RetryBudget = RetryBudget::new(20).floor(5); // 20 retries for 100 calls, and 5 per second
/// static PAYMENTS: Retry = Retry::new("payments", Config::new()).budget(&BUDGET);
/// static REFUNDS: Retry = Retry::new("refunds", Config::new()).budget(&BUDGET);
/// assert_eq!(BUDGET.stats().balance, 0);
/// # let _ = (&PAYMENTS, &REFUNDS);
/// ```
pub struct RetryBudget {
    config: BudgetConfig,
    /// How many calls have deposited.
    deposits: AtomicU64,
    /// What was taken of the deposits, in parts of a token.
    taken: AtomicU64,
    /// The nanosecond at which the floor is full again.
    floor_full_at: AtomicU64,
    withdrawn: AtomicU64,
    returned: AtomicU64,
    refused: AtomicU64,
}

impl RetryBudget {
    const_fn! {
        /// A budget of `share_percent` (0 to 100) retries for a hundred calls. Beside that, there are 10 at once and 10 per second unless
        /// [`floor`](Self::floor) says otherwise.
        ///
        /// ```compile_fail,E0080
        /// use resil_retry::RetryBudget;
        /// // "budget.share is out of range, allowed is 0% to 100%"
        /// static BUDGET: RetryBudget = RetryBudget::new(101);
        /// ```
        ///
        /// # Panics
        /// If the share is out of its range, in const evaluation as an error of compilation. Use [`try_new`](Self::try_new) for settings
        /// that come from outside.
        pub const fn new(share_percent: u8) -> Self {
            Self::with_config(BudgetConfig::new(share_percent))
        }

        /// A budget with all its settings.
        ///
        /// # Panics
        /// As [`new`](Self::new).
        pub const fn with_config(config: BudgetConfig) -> Self {
            match config.check() {
                Ok(()) => Self {
                    config,
                    deposits: AtomicU64::new(0),
                    taken: AtomicU64::new(0),
                    floor_full_at: AtomicU64::new(0),
                    withdrawn: AtomicU64::new(0),
                    returned: AtomicU64::new(0),
                    refused: AtomicU64::new(0),
                },
                Err(error) => panic!("{}", error.complaint()),
            }
        }

        /// A budget, or what of its settings is out of its range.
        pub const fn try_new(config: BudgetConfig) -> Result<Self, OutOfRange> {
            match config.check() {
                Ok(()) => Ok(Self::with_config(config)),
                Err(error) => Err(error),
            }
        }

        /// How many retries there may be beside the share, at once and then each second: 0 to 1,000,000.
        ///
        /// # Panics
        /// As [`new`](Self::new).
        #[must_use = "the budget is taken and returned"]
        pub const fn floor(self, per_second: u32) -> Self {
            Self::with_config(self.config.floor(per_second))
        }

        /// How many tokens are banked at most while calls succeed: 1 to 1,000,000, by default 100.
        ///
        /// # Panics
        /// As [`new`](Self::new).
        #[must_use = "the budget is taken and returned"]
        pub const fn cap(self, tokens: u32) -> Self {
            Self::with_config(self.config.cap(tokens))
        }
    }

    /// Takes note of a call that begins: one atomic addition.
    #[inline]
    pub fn deposit(&self) {
        seeded_bug!("deposit_in_two_steps" => {
            return self.deposits.store(self.deposits.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        });
        self.deposits.fetch_add(1, Ordering::Relaxed);
    }

    /// Withdraws a token for another attempt, from the deposits or else from the floor; `None` if there is none.
    pub fn withdraw(&self, now: Moment) -> Option<Token<'_>> {
        let is_granted = self.withdraw_banked() || self.withdraw_from_floor(now);
        let counter = if is_granted { &self.withdrawn } else { &self.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        // Not made for nobody: dropped, it would go back.
        is_granted.then(|| Token { budget: self })
    }

    fn withdraw_banked(&self) -> bool {
        let BudgetConfig { share_percent, cap, .. } = self.config;
        // Deposits only grow, so what is banked by a count that is old is banked by the newest one, too.
        let take = |taken| withdrawn(share_percent, cap, self.deposits.load(Ordering::Relaxed), taken);
        seeded_bug!("token_taken_in_two_steps" => {
            let taken = take(self.taken.load(Ordering::Relaxed));
            return taken.inspect(|taken| self.taken.store(*taken, Ordering::Relaxed)).is_some();
        });
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn withdraw_from_floor(&self, now: Moment) -> bool {
        let per_second = self.config.floor_per_second;
        let take = |at| from_floor(per_second, Moment::from_nanos(at), now).map(Moment::as_nanos);
        seeded_bug!("floor_taken_in_two_steps" => {
            let at = take(self.floor_full_at.load(Ordering::Relaxed));
            return at.map(|at| self.floor_full_at.swap(at, Ordering::Relaxed)).is_some();
        });
        self.floor_full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// A token that is not used is banked, wherever it came from.
    fn give_back(&self) {
        self.returned.fetch_add(1, Ordering::Relaxed);
        seeded_bug!("token_given_back_in_two_steps" => {
            return self.taken.store(self.taken.load(Ordering::Relaxed).wrapping_sub(TOKEN), Ordering::Relaxed);
        });
        self.taken.fetch_sub(TOKEN, Ordering::Relaxed);
    }

    /// The settings.
    pub const fn config(&self) -> BudgetConfig {
        self.config
    }

    /// The statistics: a copy.
    pub fn stats(&self) -> BudgetStats {
        let BudgetConfig { share_percent, cap, .. } = self.config;
        let taken = self.taken.load(Ordering::Relaxed);
        let deposits = self.deposits.load(Ordering::Relaxed);
        BudgetStats {
            deposits,
            withdrawn: self.withdrawn.load(Ordering::Relaxed),
            returned: self.returned.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            balance: banked(share_percent, cap, deposits, taken) / TOKEN,
        }
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("config", &self.config)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// A token of a [`RetryBudget`]: dropped unspent, it goes back.
///
/// ```
/// use resil_retry::{Moment, RetryBudget};
///
/// let budget = RetryBudget::new(0).floor(1);
/// let token = budget.withdraw(Moment::ZERO).unwrap();
/// assert!(budget.withdraw(Moment::ZERO).is_none());
/// drop(token); // nobody tried again
/// budget.withdraw(Moment::ZERO).unwrap().spend();
/// assert_eq!((budget.stats().withdrawn, budget.stats().returned), (2, 1));
/// ```
#[derive(Debug)]
#[must_use = "dropped, the token goes back"]
pub struct Token<'a> {
    budget: &'a RetryBudget,
}

impl Token<'_> {
    /// The attempt that it was for is made.
    pub fn spend(self) {
        std::mem::forget(self);
    }
}

impl Drop for Token<'_> {
    fn drop(&mut self) {
        self.budget.give_back();
    }
}
