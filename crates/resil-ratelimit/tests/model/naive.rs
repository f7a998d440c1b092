//! A limiter as the rules tell it, as plain as can be: no atomics, no words, exact fractions. It was written from the rules alone and
//! shares no code with the real one.
//!
//! Each permit that is given fills a stretch of a line of time; the line's end is the instant from which on the limiter is full again.

use resil_ratelimit::Quota;

use crate::fraction::{Rules, nanosecond, parts, rounded_up};

/// At most so many gaps are kept for others.
const GAPS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// Come again after so many nanoseconds.
    Limited { retry_after: u64 },
    /// More permits than the burst.
    Never,
}

/// What somebody holds, or waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Charge {
    pub(crate) permits: u32,
    /// When it may be used, in nanoseconds.
    pub(crate) at: u64,
    begin: i128,
    end: i128,
    /// When it was asked for.
    since: i128,
    /// How far refunds had pulled the line back by then.
    pulled: i128,
    epoch: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) acquired: u64,
    pub(crate) refunded: u64,
    pub(crate) rejected: u64,
    pub(crate) waited: u64,
    pub(crate) waited_nanos: u64,
    pub(crate) cancelled: u64,
    pub(crate) expired: u64,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    begin: i128,
    end: i128,
}

#[derive(Clone, Debug)]
pub(crate) struct Naive {
    pub(crate) now: u64,
    pub(crate) quota: Quota,
    pub(crate) counts: Counts,
    rules: Rules,
    /// Where the line ends; `None` before the first use of a limiter that does not start full.
    full_at: Option<i128>,
    gaps: Vec<Gap>,
    pulled: i128,
    epoch: u64,
    /// Turns of the rules that happened, for a test of how far the histories reach.
    pub(crate) sights: Vec<&'static str>,
}

impl Naive {
    pub(crate) fn new(quota: Quota, now: u64) -> Self {
        let rules = Rules::of(quota);
        Self {
            now,
            quota,
            counts: Counts::default(),
            rules,
            full_at: (rules.initial == rules.burst).then_some(0),
            gaps: Vec::new(),
            pulled: 0,
            epoch: 0,
            sights: Vec::new(),
        }
    }

    // What callers do.

    /// `permits` at once, or when to come again.
    pub(crate) fn take(&mut self, permits: u32) -> Result<Option<Charge>, Refusal> {
        let answer = self.ask(permits, self.now, false);
        match answer {
            Ok(_) => self.counts.acquired += u64::from(permits),
            Err(_) => self.counts.rejected += 1,
        }
        answer
    }

    /// `permits` at once or later, no later than `latest`.
    pub(crate) fn book(&mut self, permits: u32, latest: u64) -> Result<Option<Charge>, Refusal> {
        let answer = self.ask(permits, latest, true);
        match answer {
            Ok(Some(charge)) if charge.at > self.now => {}
            Ok(_) => self.counts.acquired += u64::from(permits),
            Err(_) => self.counts.rejected += 1,
        }
        answer
    }

    /// A wait comes to its end.
    pub(crate) fn arrive(&mut self, charge: Charge) {
        self.counts.acquired += u64::from(charge.permits);
        self.counts.waited += 1;
        self.counts.waited_nanos += self.now - nanosecond(charge.since);
    }

    /// A wait is given up.
    pub(crate) fn give_up(&mut self, charge: Charge) {
        self.counts.cancelled += 1;
        self.give_back(charge);
    }

    /// Permits come back.
    pub(crate) fn refund(&mut self, charge: Charge) {
        self.counts.refunded += u64::from(charge.permits);
        self.give_back(charge);
    }

    /// A reservation ends, with so many permits used.
    pub(crate) fn commit(&mut self, charge: Option<Charge>, used: u32) {
        let held = charge.map_or(0, |charge| charge.permits);
        if used > held {
            self.counts.acquired += u64::from(used - held);
            let base = self.line().max(parts(self.now));
            self.full_at = Some(base + self.rules.cost(used - held));
        }
        if let Some(charge) = charge.filter(|_| used < held) {
            // The rest begins when the permits that were used end.
            let spent = (charge.end - charge.begin) / i128::from(held) * i128::from(used);
            let (begin, since) = (charge.begin + spent, charge.since + spent);
            self.refund(Charge { permits: held - used, begin, since, ..charge });
        }
    }

    pub(crate) fn reset(&mut self) {
        if self.full_at.is_some() {
            let missing = self.rules.cost(self.rules.burst - self.rules.initial);
            let rules = self.rules;
            self.begin_anew(rules, self.last_booking() + missing);
        }
    }

    pub(crate) fn set_quota(&mut self, quota: Quota) {
        if quota == self.quota {
            return;
        }
        let (from, to) = (self.rules, Rules::of(quota));
        if let Some(full_at) = self.full_at {
            let start = self.last_booking();
            let consumed = (full_at - start).max(0) / from.tick;
            let of = from.capacity() / from.tick;
            let share = rounded_up(consumed * (to.capacity() / to.tick), of) / of;
            self.begin_anew(to, rounded_up(start, to.tick) + share * to.tick);
        }
        (self.quota, self.rules) = (quota, to);
    }

    // What readers see.

    pub(crate) fn available(&self) -> u32 {
        let free = self.rules.capacity() - (self.line() - parts(self.now)).max(0);
        u32::try_from(free.max(0) / self.rules.interval).expect("no more than the burst")
    }

    /// The nanoseconds until so many are free at once, not in a gap.
    pub(crate) fn wait_for(&self, permits: u32) -> Option<u64> {
        (permits <= self.rules.burst).then(|| nanosecond(self.start_of(permits) - parts(self.now)))
    }

    pub(crate) fn full_in(&self) -> u64 {
        nanosecond(self.line() - parts(self.now))
    }

    pub(crate) fn counts(&mut self) -> Counts {
        self.lose_gaps();
        self.counts
    }

    /// An instant that the line does not reach when somebody takes or asks for the burst of `quota`.
    pub(crate) fn horizon(&self, quota: Quota) -> i128 {
        self.line().max(parts(self.now)) + 2 * Rules::of(quota).capacity()
    }

    // The rules.

    fn ask(&mut self, permits: u32, latest: u64, waits: bool) -> Result<Option<Charge>, Refusal> {
        if permits == 0 {
            return Ok(None);
        }
        let impossible = permits > self.rules.burst;
        if !(impossible && waits) {
            self.full_at = Some(self.line());
        }
        if impossible {
            return Err(Refusal::Never);
        }
        let start = self.start_of(permits);
        let gap = if waits && start > parts(self.now) { self.gap_for(permits, latest) } else { None };
        let begin = gap.map_or(self.line().max(parts(self.now)), |index| self.gaps[index].begin);
        let at = nanosecond(begin + self.rules.cost(permits) - self.rules.capacity()).max(self.now);
        if at > latest {
            return Err(Refusal::Limited { retry_after: at - self.now });
        }
        // It fills the line from its instant on, and not from before.
        let begin = begin.max(parts(at));
        let end = begin + self.rules.cost(permits);
        match gap {
            Some(index) => {
                self.gaps[index].begin = end;
                self.gaps.retain(|gap| gap.begin < gap.end);
            }
            None => self.full_at = Some(end),
        }
        let (since, pulled, epoch) = (parts(self.now), self.pulled, self.epoch);
        Ok(Some(Charge { permits, at, begin, end, since, pulled, epoch }))
    }

    /// The first gap that is large enough, if it is in time.
    fn gap_for(&mut self, permits: u32, latest: u64) -> Option<usize> {
        self.lose_gaps();
        let cost = self.rules.cost(permits);
        let index = self.gaps.iter().position(|gap| gap.end - gap.begin >= cost)?;
        let begin = self.gaps[index].begin;
        let at = nanosecond(begin + cost - self.rules.capacity());
        // Nothing is given after its place has begun.
        (at <= latest && parts(at) <= begin).then_some(index)
    }

    /// Of the gaps, the permits that have begun are lost.
    fn lose_gaps(&mut self) {
        self.lose_gaps_before(parts(self.now));
    }

    fn lose_gaps_before(&mut self, instant: i128) {
        for gap in &mut self.gaps {
            while gap.begin < gap.end && gap.begin < instant {
                let permits = if instant > gap.end {
                    (gap.end - gap.begin) / self.rules.interval
                } else {
                    rounded_up(instant - gap.begin, self.rules.interval) / self.rules.interval
                };
                gap.begin += permits * self.rules.interval;
                self.counts.expired += u64::try_from(permits).expect("few");
            }
        }
        self.gaps.retain(|gap| gap.begin < gap.end);
    }

    /// Keeps a gap for others, as one with its neighbours, of at most `u32::MAX` permits.
    fn keep_gap(&mut self, charge: Charge) {
        let mut others = std::mem::take(&mut self.gaps);
        self.gaps.push(Gap { begin: charge.begin, end: charge.end });
        self.lose_gaps();
        if let Some(mut kept) = self.gaps.pop() {
            let interval = self.rules.interval;
            let fits = |begin, end| (end - begin) / interval <= i128::from(u32::MAX);
            let behind = |gap: &Gap| gap.begin == kept.end && fits(kept.begin, gap.end);
            if let Some(index) = others.iter().position(behind) {
                kept.end = others.remove(index).end;
            }
            let before = |gap: &Gap| gap.end == kept.begin && fits(gap.begin, kept.end);
            if let Some(index) = others.iter().position(before) {
                kept.begin = others.remove(index).begin;
            }
            if others.len() < GAPS {
                others.push(kept);
            } else {
                let permits = (kept.end - kept.begin) / self.rules.interval;
                self.counts.expired += u64::try_from(permits).expect("few");
            }
        }
        others.sort_by_key(|gap| gap.begin);
        self.gaps = others;
    }

    /// What of a charge is over is lost; the rest is free again, or a gap for others to fill.
    fn give_back(&mut self, charge: Charge) {
        self.lose_gaps();
        let (now, line) = (parts(self.now), self.line());
        let (cost, end) = (charge.end - charge.begin, charge.end - (self.pulled - charge.pulled));
        let ahead = (end - now).max(cost - (now - charge.since)).clamp(0, cost);
        if charge.epoch != self.epoch || ahead == 0 {
            self.counts.expired += u64::from(charge.permits);
        } else if end == line {
            // It was the last one. What was given up before it is no gap any more.
            self.full_at = Some(line - ahead);
            while let Some(last) = self.gaps.pop_if(|gap| Some(gap.end) == self.full_at) {
                self.full_at = Some(last.begin);
            }
        } else if line <= now + self.rules.capacity() && self.gaps.is_empty() {
            // Nobody waits: all that came later moves ahead.
            self.full_at = Some(line - ahead);
            self.pulled += ahead;
        } else if charge.pulled == self.pulled {
            self.keep_gap(charge);
        } else {
            self.counts.expired += u64::from(charge.permits);
        }
    }

    fn begin_anew(&mut self, rules: Rules, full_at: i128) {
        self.epoch += 1;
        self.lose_gaps_before(i128::MAX);
        // The number of ticks always changes, so that nobody takes the new line for the old one: it ends one tick earlier, and begins
        // with the first use if there was no time for one.
        let same = self.full_at.is_some_and(|old| old / self.rules.tick == full_at / rules.tick);
        self.full_at = match full_at {
            0 if same => None,
            _ if same => Some(full_at - rules.tick),
            _ => Some(full_at),
        };
    }

    /// Where the line ends; as if the first use were now, if there was none.
    fn line(&self) -> i128 {
        let missing = self.rules.cost(self.rules.burst - self.rules.initial);
        self.full_at.unwrap_or(parts(self.now) + missing)
    }

    /// The instant at which so many permits conform.
    fn start_of(&self, permits: u32) -> i128 {
        self.line().max(parts(self.now)) + self.rules.cost(permits) - self.rules.capacity()
    }

    /// Now, or the instant of the last booking if that is still to come.
    fn last_booking(&self) -> i128 {
        (self.line() - self.rules.capacity()).max(parts(self.now))
    }
}
