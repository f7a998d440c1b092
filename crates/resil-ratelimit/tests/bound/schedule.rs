//! Plays a history on a limiter and writes down who was given permits when. It knows nothing of how a limiter decides.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use resil_ratelimit::testing::poll_once;
use resil_ratelimit::{
    Acquire, Clock, Deadline, ManualClock, Moment, Name, Permit, Policy, RateLimiter, Reservation, Verdict,
};

use crate::alarm::Alarm;
use crate::history::{Amount, History, Limit, Op, Pick, Span, Step, Used};
use crate::ledger::Ledger;

type Limiter = RateLimiter<ManualClock>;

/// No history goes on after 9 years: after 18 permits are refused.
const LAST: u64 = 9 * 31_557_600_000_000_000;

/// What was given by the end, without what came back.
pub(crate) fn admitted(history: &History) -> Result<Ledger, String> {
    let clock = ManualClock::new();
    clock.set(Moment::from_nanos(history.start));
    let limiter = Limiter::with_clock(Name::new("bound"), history.quota, clock.clone());
    let mut schedule = Schedule {
        limiter: &limiter,
        clock: &clock,
        ledger: Ledger::default(),
        waits: Vec::new(),
        permits: Vec::new(),
        reservations: Vec::new(),
    };
    for (number, op) in history.ops.iter().enumerate() {
        schedule.step(op)?;
        if number % history.read_every == 0 {
            limiter.peek();
        }
    }
    schedule.end()
}

struct Wait<'a> {
    future: Pin<Box<Acquire<&'a Limiter, ManualClock, Alarm>>>,
    permits: u32,
    at: u64,
    /// Nobody polls it when its instant comes.
    late: bool,
}

struct Schedule<'a> {
    limiter: &'a Limiter,
    clock: &'a ManualClock,
    ledger: Ledger,
    waits: Vec<Wait<'a>>,
    permits: Vec<(Permit, u64)>,
    reservations: Vec<(Reservation<'a, ManualClock>, u64)>,
}

impl<'a> Schedule<'a> {
    fn step(&mut self, op: &Op) -> Result<(), String> {
        let now = self.now();
        match *op {
            Op::Try(amount) => {
                let permits = self.amount(amount);
                if self.limiter.try_acquire_n(permits).is_ok() {
                    self.ledger.enter(now, permits);
                }
            }
            Op::Admit => self.permits.extend(self.limiter.admit().ok().map(|permit| (permit, now))),
            Op::Release(pick) => {
                if let Some((permit, _)) = take(&mut self.permits, pick) {
                    self.limiter.release(permit);
                }
            }
            Op::Settle(pick) => {
                if let Some((permit, at)) = take(&mut self.permits, pick) {
                    self.limiter.settle(permit, Verdict::Cancelled);
                    self.ledger.enter(at, 1);
                }
            }
            Op::Reserve(amount) => {
                let reserved = self.limiter.reserve(self.amount(amount));
                self.reservations.extend(reserved.ok().map(|reservation| (reservation, now)));
            }
            Op::Commit(pick, used) => {
                if let Some((reservation, at)) = take(&mut self.reservations, pick) {
                    let held = reservation.permits();
                    let used = match used {
                        Used::None => 0,
                        Used::Share(share) => part(held, share),
                        // More would be a debt, which the bound is not about.
                        Used::All | Used::More(_) => held,
                    };
                    reservation.commit(used);
                    self.ledger.enter(at, used);
                }
            }
            Op::Cancel(pick) => drop(take(&mut self.reservations, pick)),
            Op::Wait { amount, limit, late } => self.wait(self.amount(amount), limit, late),
            Op::Poll(pick) => {
                if let Some(wait) = take(&mut self.waits, pick) {
                    self.poll(wait)?;
                }
            }
            Op::GiveUp(pick) => drop(take(&mut self.waits, pick)),
            Op::DropUnpolled => drop(self.limiter.acquire_with(self.clock.clone())),
            Op::Advance(step) => self.advance_to(self.after(step))?,
            // The bound is one quota's, and begins anew with a reset.
            Op::Reset | Op::SetQuota(_) | Op::Read => {}
        }
        Ok(())
    }

    fn wait(&mut self, permits: u32, limit: Limit, late: bool) {
        let now = self.now();
        let (alarm, told) = Alarm::on(self.clock);
        let mut future = self.limiter.acquire_with(alarm).permits(permits);
        match limit {
            Limit::None => {}
            Limit::Within(span) => future = future.within(self.span(permits, span)),
            Limit::By(span) | Limit::Current(span) => {
                let deadline = Moment::from_nanos(now).saturating_add(self.span(permits, span));
                future = future.by(Deadline::at(deadline));
            }
        }
        let mut future = Box::pin(future);
        match poll_once(future.as_mut()) {
            Poll::Pending => {
                let at = told.get().expect("it sleeps").as_nanos();
                self.waits.push(Wait { future, permits, at, late });
            }
            Poll::Ready(Ok(())) => self.ledger.enter(now, permits),
            Poll::Ready(Err(_)) => {}
        }
    }

    fn poll(&mut self, mut wait: Wait<'a>) -> Result<(), String> {
        match poll_once(wait.future.as_mut()) {
            Poll::Ready(Ok(())) if wait.at <= self.now() => self.ledger.enter(wait.at, wait.permits),
            Poll::Pending if wait.at > self.now() => self.waits.push(wait),
            other => return Err(format!("a wait until {} ns is {other:?} at {} ns", wait.at, self.now())),
        }
        Ok(())
    }

    /// Moves the clock from one instant of a wait to the next.
    fn advance_to(&mut self, to: u64) -> Result<(), String> {
        loop {
            let due = |(_, wait): &(usize, &Wait<'_>)| !wait.late && wait.at <= to;
            let next = self.waits.iter().enumerate().filter(due).min_by_key(|(_, wait)| wait.at);
            let Some(index) = next.map(|(index, _)| index) else { break };
            let wait = self.waits.remove(index);
            self.clock.set(Moment::from_nanos(wait.at.max(self.now())));
            self.poll(wait)?;
        }
        self.clock.set(Moment::from_nanos(to));
        Ok(())
    }

    /// What is still held was given; what is still waited for will be.
    fn end(mut self) -> Result<Ledger, String> {
        let last = self.waits.iter().map(|wait| wait.at).max();
        self.waits.iter_mut().for_each(|wait| wait.late = false);
        self.advance_to(last.unwrap_or(0).max(self.now()))?;
        for (permit, at) in self.permits {
            self.limiter.settle(permit, Verdict::Success);
            self.ledger.enter(at, 1);
        }
        for (reservation, at) in self.reservations {
            let held = reservation.permits();
            reservation.commit(held);
            self.ledger.enter(at, held);
        }
        Ok(self.ledger)
    }

    // What the operations mean now.

    fn now(&self) -> u64 {
        self.clock.now().as_nanos()
    }

    fn amount(&self, amount: Amount) -> u32 {
        let burst = self.limiter.quota().burst_size();
        match amount {
            Amount::Few(few) => few.into(),
            Amount::BurstLess(less) => burst.saturating_sub(less.into()),
            Amount::Share(share) => part(burst, share),
            Amount::MoreThanTheBurst => burst.saturating_add(1),
        }
    }

    fn span(&self, permits: u32, span: Span) -> Duration {
        let needed = self.limiter.time_until_available_n(permits).unwrap_or_default();
        match span {
            Span::Needed(-1) => needed.saturating_sub(Duration::from_nanos(1)),
            Span::Needed(_) => needed,
            Span::Intervals(intervals) => self.limiter.quota().interval() * intervals.into(),
        }
    }

    /// The instant to which `step` leads, never an earlier one.
    fn after(&self, step: Step) -> u64 {
        let (now, quota, peek) = (self.now(), self.limiter.quota(), self.limiter.peek());
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let near = |span: u64, offset: i8| span.saturating_add_signed(offset.into());
        let span = match step {
            Step::Nanos(nanos) => nanos.into(),
            Step::Tenths(tenths) => nanos(quota.interval() * tenths.into() / 10),
            Step::Refills(parts) => nanos((quota.interval() * quota.burst_size()) / 16 * parts.into()),
            Step::Full(offset) => near(nanos(peek.full_in), offset),
            Step::Edge(pick, offset) => {
                let permits = u32::from(pick).min(quota.burst_size());
                let mut edges: Vec<_> =
                    self.limiter.time_until_available_n(permits).into_iter().map(nanos).collect();
                edges.extend(self.waits.iter().map(|wait| wait.at.saturating_sub(now)));
                near(edges[usize::from(pick) % edges.len()], offset)
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
