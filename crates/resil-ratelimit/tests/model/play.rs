//! Plays a history on the real limiter and on the model, and compares all that can be seen of them.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{
    Acquire, Deadline, ManualClock, Moment, Name, Permit, Policy, Quota, RateLimiter, Reservation,
};

use crate::alarm::Alarm;
use crate::compare::{Ear, Heard};
use crate::fraction::{Rules, nanosecond, parts};
use crate::history::{Amount, History, Limit, Op, Pick, Span, Step, Used};
use crate::naive::{Charge, Naive};

pub(crate) type Limiter = RateLimiter<ManualClock>;

const YEAR: u64 = 31_557_600_000_000_000;
/// No clock goes on after 8 years, and nobody books for after 17: after 18 permits are refused.
const LAST: u64 = 8 * YEAR;
const END: u64 = 17 * YEAR;

/// Plays `history` to its end and compares at each step; `Err` says where the two differ. Gives back what the model went through.
pub(crate) fn play(history: &History) -> Result<Vec<&'static str>, String> {
    let clock = ManualClock::new();
    clock.set(Moment::from_nanos(history.start));
    let limiter = RateLimiter::try_with_clock(Name::new("model"), history.quota, clock.clone())
        .map_err(|error| error.to_string())?;
    let mut player = Player {
        limiter: &limiter,
        clock: &clock,
        ear: Ear::at(&limiter),
        model: Naive::new(history.quota, history.start),
        expected: Vec::new(),
        waits: Vec::new(),
        permits: Vec::new(),
        reservations: Vec::new(),
    };
    for (number, op) in history.ops.iter().enumerate() {
        let read = number % history.read_every == 0 || matches!(op, Op::Read);
        player
            .step(op, read)
            .map_err(|how| format!("operation {number}, {op:?}, at {} ns: {how}", player.model.now))?;
    }
    player.waits.clear();
    Ok(std::mem::take(&mut player.model.sights))
}

struct Wait<'a> {
    future: Pin<Box<Acquire<&'a Limiter, ManualClock, Alarm>>>,
    charge: Charge,
    since: u64,
    /// Nobody polls it when its instant comes.
    late: bool,
}

pub(crate) struct Player<'a> {
    pub(crate) limiter: &'a Limiter,
    clock: &'a ManualClock,
    pub(crate) ear: Ear,
    pub(crate) model: Naive,
    pub(crate) expected: Vec<Heard>,
    waits: Vec<Wait<'a>>,
    permits: Vec<(Permit, Charge)>,
    reservations: Vec<(Reservation<'a, ManualClock>, Option<Charge>)>,
}

impl Player<'_> {
    fn step(&mut self, op: &Op, compares: bool) -> Result<(), String> {
        match *op {
            Op::Try(amount) => {
                let permits = self.amount(amount);
                let real = if permits == 1 {
                    self.limiter.try_acquire()
                } else {
                    self.limiter.try_acquire_n(permits)
                };
                let modelled = self.model.take(permits);
                self.compare_answers(real.err(), modelled.err())?;
            }
            Op::Admit => match (self.limiter.admit(), self.model.take(1)) {
                (Ok(permit), Ok(Some(charge))) => self.permits.push((permit, charge)),
                (real, modelled) => self.compare_answers(real.err(), modelled.err())?,
            },
            Op::Release(pick) => {
                if let Some((permit, charge)) = take(&mut self.permits, pick) {
                    self.limiter.release(permit);
                    self.model.refund(charge);
                }
            }
            Op::Settle(pick) => {
                if let Some((permit, _)) = take(&mut self.permits, pick) {
                    self.limiter.settle(permit, resil_ratelimit::Verdict::Cancelled);
                }
            }
            Op::Reserve(amount) => {
                let permits = self.amount(amount);
                match (self.limiter.reserve(permits), self.model.take(permits)) {
                    (Ok(reservation), Ok(charge)) => self.reservations.push((reservation, charge)),
                    (real, modelled) => self.compare_answers(real.err(), modelled.err())?,
                }
            }
            Op::Commit(pick, used) => {
                if let Some((reservation, charge)) = take(&mut self.reservations, pick) {
                    let used = self.used(reservation.permits(), used);
                    reservation.commit(used);
                    self.model.commit(charge, used);
                }
            }
            Op::Cancel(pick) => {
                if let Some((reservation, charge)) = take(&mut self.reservations, pick) {
                    reservation.cancel();
                    if let Some(charge) = charge {
                        self.model.refund(charge);
                    }
                }
            }
            Op::Wait { amount, limit, late } => self.wait(self.amount(amount), limit, late)?,
            Op::Poll(pick) => self.poll(pick)?,
            Op::GiveUp(pick) => {
                if let Some(wait) = take(&mut self.waits, pick) {
                    drop(wait.future);
                    self.model.give_up(wait.charge);
                }
            }
            Op::DropUnpolled => drop(self.limiter.acquire_with(self.clock.clone())),
            Op::Advance(step) => self.advance_to(self.after(step))?,
            Op::Reset => {
                self.limiter.reset();
                self.model.reset();
                self.expected.push(Heard::Reset);
            }
            Op::SetQuota(quota) => self.set_quota(quota)?,
            Op::Read => {}
        }
        self.compare_events()?;
        if compares { self.compare_readings() } else { Ok(()) }
    }

    fn wait(&mut self, permits: u32, limit: Limit, late: bool) -> Result<(), String> {
        let (alarm, told) = Alarm::on(self.clock);
        let mut future = self.limiter.acquire_with(alarm).permits(permits);
        let (now, mut latest, mut current) = (self.model.now, u64::MAX, None);
        if let Limit::Within(span) | Limit::By(span) | Limit::Current(span) = limit {
            latest = self.latest(permits, span);
        }
        match limit {
            Limit::None => {}
            Limit::Within(_) => future = future.within(Duration::from_nanos(latest.saturating_sub(now))),
            Limit::By(_) => future = future.by(Deadline::at(Moment::from_nanos(latest))),
            Limit::Current(_) => current = Some(Deadline::at(Moment::from_nanos(latest))),
        }
        let mut future = Box::pin(future);
        let real = match current {
            Some(deadline) => deadline.scope_blocking(|| poll_once(future.as_mut())),
            None => poll_once(future.as_mut()),
        };
        let at = told.get().map(Moment::as_nanos);
        match (real, self.model.book(permits, latest.max(now))) {
            (Poll::Pending, Ok(Some(charge))) if charge.at > now => {
                if at != Some(charge.at) {
                    return Err(format!("the limiter waits until {at:?}, the model until {}", charge.at));
                }
                self.waits.push(Wait { future, charge, since: now, late });
                Ok(())
            }
            (Poll::Ready(Ok(())), Ok(Some(charge))) if charge.at == now => Ok(()),
            (Poll::Ready(Ok(())), Ok(None)) => Ok(()),
            (Poll::Ready(Err(real)), Err(modelled)) => self.compare_answers(Some(real), Some(modelled)),
            (real, modelled) => Err(format!("the wait is {real:?} until {at:?}, the model's {modelled:?}")),
        }
    }

    fn poll(&mut self, pick: Pick) -> Result<(), String> {
        if let Some(mut wait) = take(&mut self.waits, pick) {
            match poll_once(wait.future.as_mut()) {
                Poll::Pending if wait.charge.at > self.model.now => self.waits.push(wait),
                Poll::Ready(Ok(())) if wait.charge.at <= self.model.now => self.arrive(&wait),
                real => {
                    return Err(format!("it is {real:?}, in the model its instant is {}", wait.charge.at));
                }
            }
        }
        Ok(())
    }

    fn arrive(&mut self, wait: &Wait<'_>) {
        self.model.arrive(wait.charge);
        self.expected
            .push(Heard::Waited { permits: wait.charge.permits, nanos: self.model.now - wait.since });
    }

    /// Moves the clock from one instant of a wait to the next, and sees each of them end there and not before.
    fn advance_to(&mut self, to: u64) -> Result<(), String> {
        loop {
            let due = |(_, wait): &(usize, &Wait<'_>)| !wait.late && wait.charge.at <= to;
            let next = self.waits.iter().enumerate().filter(due).min_by_key(|(_, wait)| wait.charge.at);
            let Some((index, at)) = next.map(|(index, wait)| (index, wait.charge.at)) else {
                self.move_to(to);
                return Ok(());
            };
            let mut wait = self.waits.remove(index);
            if at > self.model.now {
                self.move_to(at - 1);
                let before = poll_once(wait.future.as_mut());
                if before.is_ready() {
                    return Err(format!("a wait until {at} was {before:?} a nanosecond early"));
                }
            }
            self.move_to(at);
            match poll_once(wait.future.as_mut()) {
                Poll::Ready(Ok(())) => self.arrive(&wait),
                other => return Err(format!("a wait until {at} was {other:?} then")),
            }
        }
    }

    fn move_to(&mut self, now: u64) {
        self.model.now = now;
        self.clock.set(Moment::from_nanos(now));
    }

    fn set_quota(&mut self, quota: Quota) -> Result<(), String> {
        let from = self.model.quota;
        if self.model.horizon(quota) > parts(END) {
            return Ok(());
        }
        self.limiter.set_quota(quota).map_err(|error| error.to_string())?;
        self.model.set_quota(quota);
        if from != quota {
            self.expected.push(Heard::QuotaChanged { from, to: quota });
        }
        Ok(())
    }

    // What the operations mean now.

    fn amount(&self, amount: Amount) -> u32 {
        let burst = self.model.quota.burst_size();
        let wished = match amount {
            Amount::Few(few) => few.into(),
            Amount::BurstLess(less) => burst.saturating_sub(less.into()),
            Amount::Share(share) => part(burst, share),
            Amount::MoreThanTheBurst => burst.saturating_add(1),
        };
        let is_far = self.model.horizon(self.model.quota) > parts(END);
        if is_far { 0 } else { wished }
    }

    fn used(&self, held: u32, used: Used) -> u32 {
        let burst = self.model.quota.burst_size();
        match used {
            Used::None => 0,
            Used::Share(share) => part(held, share),
            Used::More(share) if self.amount(Amount::Few(1)) > 0 => held.saturating_add(part(burst, share)),
            Used::All | Used::More(_) => held,
        }
    }

    /// The last instant of a wait, perhaps in the past.
    fn latest(&self, permits: u32, span: Span) -> u64 {
        let now = self.model.now;
        match span {
            Span::Needed(offset) => now
                .saturating_add(self.model.wait_for(permits).unwrap_or(0))
                .saturating_add_signed(offset.into()),
            Span::Intervals(intervals) => {
                now + nanosecond(Rules::of(self.model.quota).cost(intervals.into()))
            }
        }
    }

    /// The instant to which `step` leads, never an earlier one.
    fn after(&self, step: Step) -> u64 {
        let (now, rules) = (self.model.now, Rules::of(self.model.quota));
        let offset = |span: u64, offset: i8| span.saturating_add_signed(offset.into());
        let span = match step {
            Step::Nanos(nanos) => nanos.into(),
            Step::Tenths(tenths) => nanosecond(rules.interval * i128::from(tenths) / 10),
            Step::Refills(parts) => nanosecond(rules.capacity() * i128::from(parts) / 16),
            Step::Full(by) => offset(self.model.full_in(), by),
            Step::Edge(pick, by) => {
                let permits = u32::from(pick).min(self.model.quota.burst_size());
                let mut edges: Vec<_> = self.model.wait_for(permits).into_iter().collect();
                edges.extend(self.waits.iter().map(|wait| wait.charge.at.saturating_sub(now)));
                offset(edges[usize::from(pick) % edges.len()], by)
            }
        };
        now.saturating_add(span).min(LAST).max(now)
    }
}

fn take<T>(from: &mut Vec<T>, pick: Pick) -> Option<T> {
    (!from.is_empty()).then(|| from.remove(usize::from(pick) % from.len()))
}

/// So many 1/255 of a number.
fn part(of: u32, share: u8) -> u32 {
    u32::try_from(u64::from(of) * u64::from(share) / 255).expect("no more than the whole")
}
