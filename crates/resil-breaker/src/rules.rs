use resil_core::{Moment, seeded_bug};

use crate::Config;
use crate::config::RateRule;
use crate::window::{Outcomes, Share};

/// When the circuit trips: the streak of failures and the windows, each with its rule.
#[derive(Debug)]
pub(crate) struct Rules {
    consecutive: Option<u32>,
    /// Failures since the last success.
    streak: u32,
    failures: Option<RateWindow>,
    slow: Option<RateWindow>,
}

#[derive(Debug)]
struct RateWindow {
    rule: RateRule,
    outcomes: Outcomes,
}

/// The rule that tripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    FailureThreshold,
    FailureRate,
    SlowRate,
}

/// Outcomes that were collected without judging each: in total, or one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// `trailing` failures came after the last success, if there was a success.
    Tally { calls: u32, failures: u32, slow: u32, trailing: u32 },
    /// `count` outcomes (at most 32), the oldest in the highest bit.
    Bits { count: u32, failed: u32, slow: u32 },
}

impl Batch {
    pub(crate) const EMPTY: Self = Self::Tally { calls: 0, failures: 0, slow: 0, trailing: 0 };

    pub(crate) const fn calls(self) -> u32 {
        match self {
            Self::Tally { calls, .. } => calls,
            Self::Bits { count, .. } => count,
        }
    }

    pub(crate) const fn failures(self) -> u32 {
        match self {
            Self::Tally { failures, .. } => failures,
            Self::Bits { failed, .. } => failed.count_ones(),
        }
    }

    pub(crate) const fn slow(self) -> u32 {
        match self {
            Self::Tally { slow, .. } => slow,
            Self::Bits { slow, .. } => slow.count_ones(),
        }
    }

    /// The streak of failures after this batch, if it was `before`.
    const fn streak_after(self, before: u32) -> u32 {
        if self.calls() == self.failures() {
            return before.saturating_add(self.failures());
        }
        match self {
            Self::Tally { trailing, .. } => trailing,
            Self::Bits { failed, .. } => failed.trailing_ones(),
        }
    }
}

/// So many further outcomes cannot trip any rule, in whatever order they come, as long as no slice of time ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slack {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
}

impl Slack {
    pub(crate) const UNLIMITED: Self = Self { calls: u64::MAX, failures: u64::MAX, slow: u64::MAX };
}

impl Rules {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            consecutive: config.consecutive(),
            streak: 0,
            failures: config.failure_rate.map(RateWindow::new),
            slow: config.slow_rate.map(|slow| RateWindow::new(slow.rate)),
        }
    }

    /// Goes over to other rules; windows of the same kind keep their outcomes.
    pub(crate) fn reconfigure(&mut self, config: &Config) {
        self.consecutive = config.consecutive();
        self.failures = RateWindow::reconfigured(self.failures.as_ref(), config.failure_rate);
        self.slow = RateWindow::reconfigured(self.slow.as_ref(), config.slow_rate.map(|slow| slow.rate));
    }

    pub(crate) fn clear(&mut self) {
        self.streak = 0;
        self.windows().for_each(|window| window.outcomes.clear());
    }

    pub(crate) fn record(&mut self, failed: bool, slow: bool, now: Moment) {
        self.streak = if failed { self.streak.saturating_add(1) } else { 0 };
        if let Some(window) = &mut self.failures {
            window.outcomes.record(failed, now);
        }
        if let Some(window) = &mut self.slow {
            window.outcomes.record(slow, now);
        }
    }

    /// Records a batch that was collected within the newest slice and within the [`Slack`].
    pub(crate) fn absorb(&mut self, batch: Batch) {
        self.streak = batch.streak_after(self.streak);
        let (calls, failures, slow) = (batch.calls(), batch.failures(), batch.slow());
        let both = [(&mut self.failures, failures, false), (&mut self.slow, slow, true)];
        for (window, bad, by_slowness) in both {
            match (window.as_mut().map(|window| &mut window.outcomes), batch) {
                (None, _) => {}
                (Some(Outcomes::Time(time)), _) => time.add(calls.into(), bad.into()),
                (Some(Outcomes::Calls(ring)), Batch::Bits { count, failed, slow }) => {
                    ring.push(count, if by_slowness { slow } else { failed });
                }
                // The front keeps bits wherever a window of calls exists.
                (Some(Outcomes::Calls(_)), Batch::Tally { .. }) => {
                    debug_assert_eq!(calls, 0, "a ring needs the order");
                }
            }
        }
    }

    /// The first rule that the outcomes so far break.
    pub(crate) fn breach(&self) -> Option<Breach> {
        let broken = |window: &Option<RateWindow>| window.as_ref().is_some_and(RateWindow::is_broken);
        if self.consecutive.is_some_and(|n| self.streak >= n) {
            Some(Breach::FailureThreshold)
        } else if broken(&self.failures) {
            Some(Breach::FailureRate)
        } else if broken(&self.slow) {
            Some(Breach::SlowRate)
        } else {
            None
        }
    }

    pub(crate) fn slack(&self) -> Slack {
        let mut slack = Slack::UNLIMITED;
        if let Some(n) = self.consecutive {
            let further = u32::from(!seeded_bug!("budget_off_by_one"));
            slack.failures = n.saturating_sub(self.streak.saturating_add(further)).into();
        }
        for (window, bad) in [(&self.failures, &mut slack.failures), (&self.slow, &mut slack.slow)] {
            if let Some(window) = window {
                let (calls_left, bad_left) = window.slack();
                slack.calls = slack.calls.min(calls_left);
                *bad = bad_left.min(*bad);
            }
        }
        slack
    }

    /// Until when outcomes belong to the newest slice of every window of time, `None` if there is none.
    pub(crate) fn slice_end(&self) -> Option<Moment> {
        let end =
            |window: &Option<RateWindow>| window.as_ref().and_then(|window| window.outcomes.slice_end());
        match (end(&self.failures), end(&self.slow)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    pub(crate) fn streak(&self) -> u32 {
        self.streak
    }

    /// What the windows of the failure rule and of the slow rule hold at `now`.
    pub(crate) fn shares_at(&self, now: Moment) -> (Share, Share) {
        let share = |window: &Option<RateWindow>| {
            window.as_ref().map_or(Share::default(), |window| window.outcomes.share_at(now))
        };
        (share(&self.failures), share(&self.slow))
    }

    fn windows(&mut self) -> impl Iterator<Item = &mut RateWindow> {
        self.failures.iter_mut().chain(&mut self.slow)
    }
}

impl RateWindow {
    fn new(rule: RateRule) -> Self {
        Self { rule, outcomes: Outcomes::new(rule.frame) }
    }

    fn reconfigured(old: Option<&Self>, rule: Option<RateRule>) -> Option<Self> {
        let rule = rule?;
        Some(match old {
            Some(old) => Self { rule, outcomes: old.outcomes.reframed(rule.frame) },
            None => Self::new(rule),
        })
    }

    /// bad / calls ≥ percent / 100, in integers.
    fn is_broken(&self) -> bool {
        let Share { calls, bad } = self.outcomes.share();
        calls >= self.rule.min_calls.into()
            && u128::from(bad) * 100 >= u128::from(self.rule.percent) * u128::from(calls)
    }

    /// How many calls, and how many bad ones among them, cannot break the rule.
    fn slack(&self) -> (u64, u64) {
        let Share { calls, bad } = self.outcomes.share();
        let min_calls = u64::from(self.rule.min_calls);
        if calls < min_calls {
            // Below the minimum nothing can happen; the call that reaches it is judged.
            return (min_calls - calls - 1, u64::MAX);
        }
        let (percent, calls, bad) = (i128::from(self.rule.percent), i128::from(calls), i128::from(bad));
        // The worst order is bad calls only. They widen the window until it is full, so the rule holds while
        // bad + b < percent/100 · min(calls + b, capacity): while both of these are positive.
        let while_growing = percent * calls - 100 * bad;
        let when_full = percent * i128::from(self.rule.frame.capacity()) - 100 * bad;
        if while_growing <= 0 || when_full <= 0 {
            return (0, 0);
        }
        // The most b for which `room - price·b` is still positive.
        let most = |room: i128, price: i128| if price == 0 { i128::MAX } else { (room - 1) / price };
        let most_bad = most(while_growing, 100 - percent).min(most(when_full, 100));
        (u64::MAX, u64::try_from(most_bad).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
